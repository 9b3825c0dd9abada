/**
 * One piece of the engine's work, run by a worker that may be stopped or killed wherever it waits for something outside
 * of itself. A task that is stopped stands at a gate until it is let on; one that is killed never hears again, as a
 * process that died.
 */
export class Task {
  /** Where it stands; for people. */
  label = 'start';
  /** Gates passed, since it began. */
  gates = 0;
  isDead = false;
  isDone = false;
  /** What else happens when the process dies: its connections are closed. */
  onKill: () => void = () => undefined;
  error: unknown = null;
  #open: (() => void) | null = null;
  /** Gates that it may still pass before it stands; infinity: it runs to its end. */
  #allowed = 0;
  #tell: (() => void) | null = null;

  /** What it failed with, for people. */
  get problem(): string {
    const { error } = this;
    return error instanceof Error
      ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ')
      : JSON.stringify(error);
  }

  /** Every call to the outside waits here. */
  async pause(label: string): Promise<void> {
    if (this.isDead) await new Promise<never>(() => undefined);
    this.gates += 1;
    this.label = label;
    if (this.#allowed > 0) {
      this.#allowed -= 1;
      return;
    }
    const opened = new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    this.#tell?.();
    await opened;
  }

  /** Begins the work; returns when it stands at a gate or is over. */
  async begin(run: () => Promise<void>, gates: number): Promise<void> {
    this.#allowed = gates;
    const stopped = this.#nextStop();
    void this.#run(run);
    await stopped;
  }

  /** Lets it pass this gate and `gates` more. */
  async goOn(gates: number): Promise<void> {
    const open = this.#open;
    if (open === null || this.isDead || this.isDone) return;
    this.#open = null;
    this.#allowed = gates;
    const stopped = this.#nextStop();
    open();
    await stopped;
  }

  /** The process dies. */
  kill(): void {
    this.isDead = true;
    this.#open = null;
    this.onKill();
  }

  #nextStop(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = () => {
        this.#tell = null;
        resolve();
      };
    });
  }

  async #run(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.error = error;
    }
    this.isDone = true;
    this.#tell?.();
  }
}
