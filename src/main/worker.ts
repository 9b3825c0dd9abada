import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import type { Log } from '../engine/ports.js';
import type { Store } from '../engine/store.js';
import { healPairs, keepHealed } from '../temporal/heal.js';
import { runTemporalWorker } from '../temporal/worker.js';
import { keepSigning } from './checkpoints.js';
import { closingSignal } from './closing.js';
import { compose } from './compose.js';
import type { Environment } from './environment.js';

const beatEveryMs = 5_000;

/**
 * A worker: carries out what the pairs' workflows ask for, keeps every pair's workflow alive, and shows that it lives.
 * Runs until SIGTERM; a batch under way is finished first.
 */
export async function runWorker(environment: Environment, closing: AbortSignal = closingSignal()): Promise<void> {
  const parts = await compose(environment, { role: 'worker' });
  const { store, engine, runner, log } = parts;
  const healing = { runner, store, log };
  const activities = createActivities({ engine, log, closing, heal: () => healPairs(healing, { wake: false }) });
  log.info({ pid: process.pid }, 'The worker starts.');
  try {
    await Promise.all([
      runTemporalWorker({ settings: { variables: environment.temporal }, activities, log, closing }),
      keepHealed(healing, closing),
      keepBeating(store, log, closing),
      keepSigning({ engine, store, log }, closing),
    ]);
  } finally {
    await parts.close();
  }
  log.info({ pid: process.pid }, 'The worker has stopped.');
}

/** A beat that fails is no reason to stop: the database may be back before the next one. */
async function keepBeating(store: Pick<Store, 'beat'>, log: Log, closing: AbortSignal): Promise<void> {
  const name = `${hostname()}:${process.pid}`;
  let isAnnounced = false;
  while (!closing.aborted) {
    try {
      await store.beat(name);
      isAnnounced = false;
    } catch (error) {
      if (!isAnnounced)
        log.warn({ error: error instanceof Error ? error.message : null }, 'Postgres did not take the sign of life.');
      isAnnounced = true;
    }
    await sleep(beatEveryMs, undefined, { signal: closing }).catch(() => undefined);
  }
}
