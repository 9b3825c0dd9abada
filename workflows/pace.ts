/** How often and how long: every loop and wait of a pair's workflow has its limit here. Times in milliseconds. */
export const pace = {
  /** One watch costs six events whatever it looks at, so it is long; a poke cuts it short. */
  watchForMs: 60_000,
  /** Pairs that look less often sleep in the workflow instead of holding an activity slot. */
  watchEveryMaxMs: 30_000,
  /** Key listings find deletes that feeds do not tell. */
  listEveryMs: 60_000,
  /** A paused or unapproved pair looks into Postgres this often, in case a poke was lost. */
  lookMs: 300_000,
  /** Read again, deliver again: rounds of one cycle. What is stale after them waits for the next cycle. */
  roundsMax: 3,
  /** Turns of one run before it hands over to a successor, besides the server's own suggestion. */
  turnsMax: 200,
} as const;

const trouble = {
  /** A system that does not answer comes back by itself: soon, then less often. */
  passing: { firstMs: 2_000, maxMs: 60_000 },
  /** Somebody has to do something: looking again is only in case they forgot to poke. */
  lasting: { firstMs: 30_000, maxMs: 300_000 },
} as const;

/** The wait after the n-th failure in a row (from 1): doubling from the first wait up to the longest. */
export function backoffMs(failures: number, kind: keyof typeof trouble): number {
  const { firstMs, maxMs } = trouble[kind];
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 16));
}
