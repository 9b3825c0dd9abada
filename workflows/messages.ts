import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CycleSummary, ModeChange } from '../activities/contract.js';
import type { PairId } from '../src/core/ids.js';

/** One queue carries workflows and activities, so that the worker that finished a step starts the next one at once. */
export const taskQueue = 'parley';

/** Workflow types, as they stand in histories and in `temporal workflow list`. */
export const workflowTypes = { syncPair: 'syncPair', healPairs: 'healPairs' } as const;

/** The one place that makes a pair's workflow id. */
export const pairWorkflowId = (pair: PairId): string => `pair/${pair}`;

/** The second line of healing; the worker process itself is the first. */
export const healScheduleId = 'heal-pairs';

/** The pair's name as a search attribute (Keyword): `ParleyPair = "suppliers"`. */
export const pairAttribute = 'ParleyPair';

export type SyncPairInput = {
  readonly pair: PairId;
  /** What a run hands to its successor; absent on a fresh start, which is always a safe one. */
  readonly carried?: Carried;
};

/** Only pace is carried; what is to be done is read from Postgres. */
export type Carried = { readonly listedAtMs: number; readonly failures: number };

export type SetModeRequest = { readonly change: ModeChange; readonly by: string };

/** Something waits in Postgres: a decision, a plan. Many pokes are as good as one. */
export const poke = defineSignal('poke');

/** Runs one whole cycle, listings included, and answers with its counts. */
export const runNow = defineUpdate<CycleSummary>('runNow');

/** Changes the mode; answers when the batch under way is finished and the new mode decides. */
export const setMode = defineUpdate<void, [SetModeRequest]>('setMode');

/** For people who debug: what the workflow remembers. Nothing of it matters after a restart. */
export const debugState = defineQuery<DebugState>('debugState');
export type DebugState = {
  readonly phase: 'working' | 'watching' | 'waiting' | 'backing off';
  readonly turns: number;
  readonly failures: number;
  readonly problem: string | null;
};

/** Type of the failure that stands for an error nobody foresaw; every other type is a ParleyError's code. */
export const unforeseen = 'internal.bug';
