import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Log } from '../engine/ports.js';
import type { Store } from '../engine/store.js';
import { healScheduleId, pairAttribute, workflowTypes } from '../../workflows/messages.js';
import type { TemporalRunner } from './runner.js';

export type HealPorts = { readonly runner: TemporalRunner; readonly store: Pick<Store, 'pairs'>; readonly log: Log };

/** Pairs that are looked after at the same time. */
const width = 10;

export const healEveryMs = 30_000;
const retryMs = 2_000;

/**
 * Heals until `closing` is raised: every 30 seconds, and soon again after a failure.
 */
export async function keepHealed(ports: HealPorts, closing: AbortSignal): Promise<void> {
  let wake = true;
  let isAnnounced = false;
  while (!closing.aborted) {
    let waitMs = healEveryMs;
    try {
      await healPairs(ports, { wake });
      wake = false;
      isAnnounced = false;
    } catch (error) {
      waitMs = retryMs;
      // Whatever was away may come back empty, and then every pair is to be woken.
      wake = true;
      if (!isAnnounced)
        ports.log.warn(
          { error: error instanceof Error ? error.message : null },
          'Pairs could not be looked after; trying on.',
        );
      isAnnounced = true;
    }
    await sleep(waitMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

/**
 * Makes Temporal hold what Postgres says: the search attribute, the schedule, one workflow for every pair. Idempotent and
 * cheap when nothing is missing, so it runs often. With `wake`, pairs that run are poked as well: a worker that just
 * started need not wait until the server misses the heartbeats of its predecessor.
 */
export async function healPairs(
  ports: HealPorts,
  { wake }: { readonly wake: boolean },
): Promise<{ readonly pairs: number }> {
  const { runner, store, log } = ports;
  await runner
    .chore(() => ensureAttribute(runner))
    .catch((error: unknown) => {
      // Some namespaces are administered elsewhere. Pairs run without the attribute; only searching by it is missing.
      log.warn(
        { attribute: pairAttribute, error: error instanceof Error ? error.message : null },
        'The search attribute could not be registered.',
      );
    });
  await runner.chore(() => ensureSchedule(runner));
  const pairs = await store.pairs();
  for (let from = 0; from < pairs.length; from += width) {
    const some = pairs.slice(from, from + width);
    await Promise.all(some.map(({ pair }) => (wake ? runner.poke(pair) : runner.ensure(pair))));
  }
  return { pairs: pairs.length };
}

/** Asks first: registering an attribute starts work in the server even when it is there. */
async function ensureAttribute({ connection, client }: TemporalRunner): Promise<void> {
  const { namespace } = client.options;
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  if (known.customAttributes[pairAttribute] !== undefined) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries([[pairAttribute, keyword]]),
  });
}
/** INDEXED_VALUE_TYPE_KEYWORD of the server's protocol. */
const keyword = 2;

async function ensureSchedule({ client, taskQueue }: TemporalRunner): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: healScheduleId,
      spec: { intervals: [{ every: '5 minutes' }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
      action: { type: 'startWorkflow', workflowType: workflowTypes.healPairs, taskQueue, args: [] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
