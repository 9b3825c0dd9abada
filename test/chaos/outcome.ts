import type { Outcome } from './run.js';

/** The figures of a run that found nothing, with what a test wants otherwise. */
export const outcome = (given: Partial<Outcome>): Outcome => ({
  seed: 1,
  violations: [],
  kills: 10,
  killed: { 'API at random': 10 },
  faults: {},
  requests: {},
  missed: {},
  skipped: [],
  edits: 100,
  created: 10,
  deleted: 10,
  decided: 5,
  asked: 0,
  writes: 240,
  writesPerEdit: 2,
  ledger: 400,
  brakesLifted: 0,
  seconds: { whole: 60, trouble: 20, healing: 10, checking: 2, longestStall: 4 },
  waited: {},
  load: 2,
  folders: [],
  ...given,
});
