import type { PairId, RecordKey, SideName } from '../src/core/ids.js';
import type { Engine, NextStep } from '../src/engine/engine.js';
import type { ModeChange } from '../src/engine/ports.js';

/** The engine's types that a workflow may name: it imports them from here, as types, and never the engine itself. */
export type { NextStep } from '../src/engine/engine.js';
export type { CycleSummary, ModeChange } from '../src/engine/ports.js';

/** Use cases that are called as they are: each is one short transaction or one page. */
export type DirectVerb =
  | 'nextStep'
  | 'takePage'
  | 'checkBrakes'
  | 'planWaiting'
  | 'endRun'
  | 'decidePlanPage'
  | 'readyPlan'
  | 'failPlan'
  | 'applyPlanPage'
  | 'finishPlan';

/**
 * Everything a workflow may ask the world for. Names are a wire contract: they stand in histories. Inputs and results
 * are ids and counts, never values of records.
 */
export type Activities = {
  readonly [Verb in DirectVerb]: (input: Parameters<Engine[Verb]>[0]) => ReturnType<Engine[Verb]>;
} & {
  readonly deliverBatch: (input: DeliverBatchInput) => ReturnType<Engine['deliverBatch']>;
  readonly setMode: (input: SetModeInput) => Promise<void>;
  readonly listKeys: (input: ListKeysInput) => Promise<ListKeysResult>;
  readonly awaitChange: (input: AwaitChangeInput) => Promise<AwaitChangeResult>;
  readonly verifyPair: (input: { readonly pair: PairId }) => Promise<VerifyPairResult>;
  readonly healPairs: () => Promise<HealPairsResult>;
};

export type DeliverBatchInput = { readonly pair: PairId; readonly delivery: number };

/** `paused` is what a finished drain becomes; the others are what a person asks for. */
export type SetModeInput = { readonly pair: PairId; readonly change: ModeChange; readonly by: string };

/** Compares the keys of one side from `after` on, for as many pages as fit into one activity. */
export type ListKeysInput = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly run: number;
  readonly after: RecordKey | null;
};
export type ListKeysResult = { readonly next: RecordKey | null; readonly deleted: number };

export type AwaitChangeInput = {
  readonly pair: PairId;
  /** Pause before each look; 0 looks at once. */
  readonly everyMs: number;
  /** Looks until this much time has passed, and at least once. */
  readonly forMs: number;
  /** Deliveries that the last turn sent: when one is still open, that is no news. */
  readonly tried: readonly number[];
  /** Whether the key listings are due, and compared with the first look. */
  readonly list: boolean;
};

/** What a look found. Null when the watch was told to stop: somebody else works on the pair now. */
export type AwaitChangeResult = {
  /** What Postgres says is to be done, with the run that the pages were committed under. */
  readonly step: NextStep;
  /** Whether a page changed anything. */
  readonly changed: boolean;
  /** Sides whose pass is not finished. */
  readonly unread: readonly SideName[];
  readonly listed: boolean;
} | null;

export type VerifyPairResult = {
  readonly ok: boolean;
  readonly compared: number;
  readonly agree: number;
  readonly unexplained: number;
};

export type HealPairsResult = { readonly pairs: number };
