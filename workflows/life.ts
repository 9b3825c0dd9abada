import type { NextStep } from '../activities/contract.js';
import type { PairId } from '../src/core/ids.js';
import type { Desk } from './desk.js';
import type { DebugState } from './messages.js';
import type { Problem } from './problem.js';

/** What one run of a pair's workflow remembers: pace and the last problem, never what is to be done. */
export type Life = {
  readonly pair: PairId;
  readonly desk: Desk;
  phase: DebugState['phase'];
  turns: number;
  /** Turns in a row that met a problem. */
  failures: number;
  problem: Problem | null;
  /** When the key listings were last compared. */
  listedAtMs: number;
};

/** How a turn ended. `step` is null when not even Postgres could be asked. */
export type Done = {
  readonly step: NextStep | null;
  readonly problem: Problem | null;
  /** Deliveries that this turn sent. */
  readonly tried: readonly number[];
  /** There is, or may be, more to do at once. */
  readonly again: boolean;
};
