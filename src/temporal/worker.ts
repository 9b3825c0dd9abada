import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Log } from '../engine/ports.js';
import type { Activities } from '../../activities/contract.js';
import { taskQueue } from '../../workflows/messages.js';
import { type TemporalSettings, temporalAddress } from './connection.js';
import { installRuntime } from './sdk-log.js';
import { workflowBundle } from './workflow-bundle.js';

export type WorkerPorts = {
  readonly settings: TemporalSettings;
  readonly activities: Activities;
  readonly log: Log;
  /** Raised to stop: batches under way are finished first. */
  readonly closing: AbortSignal;
  /** Called each time the worker starts to poll: at the start and after the server was lost for good. */
  readonly onPolling?: () => void;
};

const reconnect = { firstMs: 250, maxMs: 5_000 } as const;

/**
 * Works until `closing` is raised. A server that is not there yet, goes away or comes back with an empty database is
 * waited for; the SDK itself survives most of that, and the loop here the rest.
 */
export async function runTemporalWorker(ports: WorkerPorts): Promise<void> {
  const { log, closing } = ports;
  installRuntime(log);
  let waitMs: number = reconnect.firstMs;
  let isAnnounced = false;
  while (!closing.aborted) {
    try {
      await workOnce(ports, () => {
        waitMs = reconnect.firstMs;
        isAnnounced = false;
        ports.onPolling?.();
      });
    } catch (error) {
      if (!isAnnounced)
        log.warn(
          { error: error instanceof Error ? error.message : null },
          'Temporal is not there; the worker waits for it.',
        );
      isAnnounced = true;
    }
    await sleep(waitMs, undefined, { signal: closing }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, reconnect.maxMs);
  }
}

async function workOnce({ settings, activities, closing }: WorkerPorts, onPolling: () => void): Promise<void> {
  const { options, namespace } = temporalAddress(settings);
  const connection = await NativeConnection.connect(options);
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: settings.taskQueue ?? taskQueue,
      workflowBundle: await workflowBundle(),
      activities,
      // A batch under way gets this long to finish; then it is told to stop, and at last left behind.
      shutdownGraceTime: '25 seconds',
      shutdownForceTime: '40 seconds',
      // A worker that was killed must not hold its pairs for long.
      stickyQueueScheduleToStartTimeout: '3 seconds',
      maxHeartbeatThrottleInterval: '15 seconds',
      maxCachedWorkflows: 1_000,
      // Whatever goes wrong inside a workflow ends it, and healing starts it afresh from Postgres: never stuck for long.
      workflowFailureErrorTypes: { '*': ['Error'] },
    });
    onPolling();
    await worker.runUntil(raised(closing));
  } finally {
    await connection.close().catch(() => undefined);
  }
}

function raised(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
