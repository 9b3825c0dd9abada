import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, usualBackoff } from './processes.js';
import { startTemporal, type TemporalOptions, type TemporalServer } from './temporal-server.js';

export type KeptTemporal = {
  readonly address: string;
  readonly port: number;
  pid(): number | undefined;
  stop(): Promise<void>;
  kill(): Promise<void>;
};

/**
 * A development server that is started again, on the same port, when it ends by itself: API and worker keep the
 * address they were given. The first start throws as `startTemporal` does.
 */
export async function keepTemporal(
  options: TemporalOptions,
  { firstMs, mostMs, healthyMs }: Backoff = usualBackoff,
): Promise<KeptTemporal> {
  let server: TemporalServer | undefined = await startTemporal(options);
  const { address, port } = server;
  const stopped = new AbortController();
  const kept = keep();

  async function keep(): Promise<void> {
    let waitMs = firstMs;
    while (!stopped.signal.aborted) {
      const startedAtMs = Date.now();
      await server?.ended;
      if (stopped.signal.aborted) return;
      server = undefined;
      waitMs = Date.now() - startedAtMs >= healthyMs ? firstMs : Math.min(waitMs * 2, mostMs);
      options.log.warn({ port, restartInMs: waitMs }, 'The Temporal server ended by itself; it is started again.');
      await pause(waitMs, stopped.signal);
      if (stopped.signal.aborted) return;
      server = await again();
    }
  }

  async function again(): Promise<TemporalServer | undefined> {
    try {
      const next = await startTemporal({ ...options, port });
      if (next.port === port) return next;
      await next.stop();
      options.log.error({ port }, 'Another program has taken the port of the Temporal server.');
    } catch (error) {
      options.log.error(
        { problem: error instanceof Error ? error.message : String(error) },
        'The Temporal server does not start.',
      );
    }
    return undefined;
  }

  async function end(how: 'stop' | 'kill'): Promise<void> {
    stopped.abort();
    await server?.[how]();
    await kept;
    // One that was being started when the order to stop came.
    await server?.[how]();
  }
  return { address, port, pid: () => server?.pid, stop: () => end('stop'), kill: () => end('kill') };
}

/** Ends early when the signal is raised. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
