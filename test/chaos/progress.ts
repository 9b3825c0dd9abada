import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack.js';

const lookEveryMs = 100;

/** The pairs' commits, as they are seen from here. */
export class Progress {
  readonly #stack: Stack;
  readonly #stallMaxMs: number;
  readonly #over = new AbortController();
  readonly #looking: Promise<void>;
  #commits = 0;
  #movedAtMs = Date.now();
  #stalledMs = 0;

  /** @param stallMaxMs the longest that nothing may be committed; then everybody who waits is told so */
  constructor(stack: Stack, stallMaxMs: number) {
    this.#stack = stack;
    this.#stallMaxMs = stallMaxMs;
    this.#looking = this.#look();
  }

  /** The longest time in which no pair committed anything, in ms. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** Resolves when some pair has committed since now. @throws Error when none does for too long */
  async moved(): Promise<void> {
    const before = this.#commits;
    while (this.#commits === before) {
      const waitedMs = Date.now() - this.#movedAtMs;
      if (waitedMs > this.#stallMaxMs)
        throw new Error(`no pair has committed anything for ${Math.round(waitedMs / 1_000)} s`);
      await sleep(lookEveryMs / 2);
    }
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    let before: number | null = null;
    while (!this.#over.signal.aborted) {
      const now = await ticks(this.#stack);
      if (now !== null && before !== null && now > before) {
        this.#commits += 1;
        this.#movedAtMs = Date.now();
      }
      this.#stalledMs = Math.max(this.#stalledMs, Date.now() - this.#movedAtMs);
      before = now ?? before;
      await sleep(lookEveryMs);
    }
  }
}

async function ticks({ inside, pairs }: Stack): Promise<number | null> {
  try {
    const rows = await inside.store.pairs();
    return rows.filter(({ pair }) => pairs.includes(pair)).reduce((sum, { tick }) => sum + tick, 0);
  } catch {
    return null;
  }
}
