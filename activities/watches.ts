/**
 * The lookouts that run in this process, at most one a pair. The server tells an activity of its cancellation only when
 * it heartbeats; work that starts in the same process need not wait for that and stops the lookout itself. A lookout in
 * another process may go on for one more look, which is harmless: pages are committed one at a time.
 */
export class Watches {
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<unknown> }>();

  /** Runs a lookout that `stop` can end. It must return soon after its signal is raised. */
  async run<Result>(
    pair: string,
    signals: readonly AbortSignal[],
    look: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const stop = new AbortController();
    const running = look(AbortSignal.any([stop.signal, ...signals]));
    const entry = { stop, ended: running.catch(() => null) };
    this.#running.set(pair, entry);
    try {
      return await running;
    } finally {
      if (this.#running.get(pair) === entry) this.#running.delete(pair);
    }
  }

  /** Ends the pair's lookout and waits until its last look is over. */
  async stop(pair: string): Promise<void> {
    const running = this.#running.get(pair);
    if (running === undefined) return;
    running.stop.abort();
    await running.ended;
  }
}
