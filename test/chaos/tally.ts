import type { Target } from './schedule.js';

/** What was done to a stack; filled while it goes on, so that a run that is ended early tells what was done. */
export type Tally = {
  /** Processes killed, by what was killed and where: `worker at claim.committed`. */
  readonly kills: { [what: string]: number };
  /** What else was done to the stack: cuts, full disks, steps of a clock. */
  readonly faults: { [what: string]: number };
  /** Points at which nobody came by in time. */
  readonly missed: { [point: string]: number };
  /** What those who kill waited for, in ms: a commit of some pair, a server that had its rest, somebody who comes by a point. */
  readonly waitedMs: { [what in Wait]: number };
  /** The longest time in which no pair committed anything, in ms. */
  stalledMs: number;
};

export const waits = ['a commit', 'a rest', 'a point that came', 'a point that did not come'] as const;
export type Wait = (typeof waits)[number];

export const emptyTally = (): Tally => ({
  kills: {},
  faults: {},
  missed: {},
  waitedMs: { 'a commit': 0, 'a rest': 0, 'a point that came': 0, 'a point that did not come': 0 },
  stalledMs: 0,
});

export function count(counts: { [what: string]: number }, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** What people call them. */
export const names: { readonly [target in Target]: string } = {
  worker: 'worker',
  api: 'API',
  temporal: 'Temporal',
  hub: 'Postgres of Parley',
  sideServer: 'Postgres of the sides',
  httpSide: 'HTTP side',
};
