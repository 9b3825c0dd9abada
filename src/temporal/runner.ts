import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Connection, WithStartWorkflowOperation, type WorkflowStartOptions } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes, type UpdateDefinition } from '@temporalio/common';
import type { PairId } from '../core/ids.js';
import type { CycleSummary, ModeChange, Runner } from '../engine/ports.js';
import * as messages from '../../workflows/messages.js';
import type { syncPair } from '../../workflows/sync-pair.js';
import { lazyConnection, type TemporalSettings, temporalAddress } from './connection.js';
import { isUnknownAttribute, toParleyError } from './failures.js';

/** A server that is there answers within this time. */
const callMs = 10_000;
/** A worker that is there accepts an update within this time. */
const acceptMs = 30_000;
/** Longest waits for the outcome; the work itself goes on when they are over. */
const runNowMs = 15 * 60_000;
const setModeMs = 3 * 60_000;

/** The Runner port on Temporal, with the client behind it for the worker's own chores. */
export type TemporalRunner = Runner & {
  readonly client: Client;
  readonly connection: Connection;
  readonly taskQueue: string;
  /** A call with the deadline and the errors of all others. */
  chore<T>(work: () => Promise<T>): Promise<T>;
};

/** Contacts nobody until the first call; every call has a deadline. @throws ParleyError `runner.unreachable` */
export function createRunner(settings: TemporalSettings): TemporalRunner {
  const place = temporalAddress(settings);
  const connection = lazyConnection(place);
  const client = new Client({ connection, namespace: place.namespace });
  const taskQueue = settings.taskQueue ?? messages.taskQueue;

  const { call, ended } = callsOver(connection, place.address);

  /** A namespace that does not know our search attribute must not keep a pair from running. */
  async function start<T>(pair: PairId, work: (options: PairStart) => Promise<T>): Promise<T> {
    const options = startOptions(pair, taskQueue);
    try {
      return await work({ ...options, typedSearchAttributes: attributesOf(pair) });
    } catch (error) {
      if (isUnknownAttribute(error)) return work(options);
      throw error;
    }
  }

  async function update<Result, Args extends unknown[]>(request: PairUpdate<Result, Args>): Promise<Result> {
    const { pair, definition, args, forMs } = request;
    const accepted = await call(acceptMs, () =>
      start(pair, (options) =>
        client.workflow.startUpdateWithStart(definition, {
          args,
          waitForStage: 'ACCEPTED',
          startWorkflowOperation: new WithStartWorkflowOperation(messages.workflowTypes.syncPair, options),
        }),
      ),
    );
    return call(forMs, () => accepted.result());
  }

  return {
    client,
    connection,
    taskQueue,
    chore: (work) => call(callMs, work),
    async ensure(pair) {
      await call(callMs, () =>
        start(pair, (options) => client.workflow.start(messages.workflowTypes.syncPair, options)),
      );
    },
    async poke(pair) {
      await call(callMs, () =>
        start(pair, (options) =>
          client.workflow.signalWithStart(messages.workflowTypes.syncPair, {
            ...options,
            signal: messages.poke,
            signalArgs: [],
          }),
        ),
      );
    },
    runNow: (pair): Promise<CycleSummary> => update({ pair, definition: messages.runNow, args: [], forMs: runNowMs }),
    setMode: (pair, change: ModeChange, by): Promise<void> =>
      update({ pair, definition: messages.setMode, args: [{ change, by }], forMs: setModeMs }),
    async ping() {
      await call(callMs / 2, () => connection.workflowService.getSystemInfo({}));
    },
    async close() {
      await ended();
      await connection.close();
    },
  };
}

type Calls = {
  /** One call with a deadline. @throws ParleyError `runner.unreachable` */
  readonly call: <T>(forMs: number, work: () => Promise<T>) => Promise<T>;
  /**
   * Waits until the calls under way have ended. The SDK tries again from a timer, and throws there when the channel is
   * gone: that would end the process.
   */
  readonly ended: () => Promise<void>;
};

function callsOver(connection: Connection, address: string): Calls {
  const underWay = new Set<Promise<unknown>>();
  return {
    call: async (forMs, work) => {
      const answer = connection.withDeadline(Date.now() + forMs, work);
      underWay.add(answer);
      try {
        return await answer;
      } catch (error) {
        throw toParleyError(error, address);
      } finally {
        underWay.delete(answer);
      }
    },
    ended: async () => {
      await Promise.race([Promise.allSettled(underWay), sleep(callMs, undefined, { ref: false })]);
    },
  };
}

type PairStart = WorkflowStartOptions<typeof syncPair> & { readonly workflowIdConflictPolicy: 'USE_EXISTING' };
type PairUpdate<Result, Args extends unknown[]> = {
  readonly pair: PairId;
  readonly definition: UpdateDefinition<Result, Args>;
  readonly args: Args;
  readonly forMs: number;
};

const pairAttribute = defineSearchAttributeKey(messages.pairAttribute, 'KEYWORD');
const attributesOf = (pair: PairId): TypedSearchAttributes =>
  new TypedSearchAttributes([{ key: pairAttribute, value: pair }]);

/** The same for every way a pair is started: whoever comes first starts it, everyone else finds it. */
function startOptions(pair: PairId, taskQueue: string): PairStart {
  return {
    workflowId: messages.pairWorkflowId(pair),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    args: [{ pair }],
    staticSummary: `Keeps the pair "${pair}" in agreement.`,
  };
}
