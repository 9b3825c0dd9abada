/** A run was ended by a signal before its verdict. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
  }
}

/**
 * Listens for the signals that end a run until it is over. Those who start us may pass on the same signal several times, and
 * everything has to be taken down in order all the same.
 */
export class Interruption {
  /** Rejects with `Interrupted`. */
  readonly happens: Promise<never>;
  readonly #hear: () => void;

  constructor() {
    let end: (error: Error) => void = () => undefined;
    this.happens = new Promise<never>((_, reject) => {
      end = reject;
    });
    // Nobody waits for it any more when a run has its verdict.
    this.happens.catch(() => undefined);
    this.#hear = () => end(new Interrupted());
    process.on('SIGINT', this.#hear).on('SIGTERM', this.#hear);
  }

  over(): void {
    process.off('SIGINT', this.#hear).off('SIGTERM', this.#hear);
  }
}
