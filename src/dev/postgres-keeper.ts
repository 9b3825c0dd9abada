import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Postgres, type PostgresOptions, startPostgres } from './postgres.js';
import { markOf, type ProcessMark, stillRuns } from './process-mark.js';
import { type Backoff, usualBackoff } from './processes.js';

/** The server is no child of ours (`pg_ctl` gave it a session of its own), so it is looked at. */
const lookEveryMs = 500;

export type KeptPostgres = Postgres & {
  /** The server's first process; undefined while there is none. */
  pid(): number | undefined;
};

/**
 * A database server that is started again, on the same port, when it ends by itself: whoever was given its address
 * keeps it. What was committed is there; the server recovers it from its log. The first start throws as
 * `startPostgres` does.
 */
export async function keepPostgres(
  options: PostgresOptions,
  { firstMs, mostMs, healthyMs }: Backoff = usualBackoff,
): Promise<KeptPostgres> {
  const first = await startPostgres(options);
  let server: Postgres | undefined = first;
  let mark = await serverMark(first.dataFolder);
  const stopped = new AbortController();
  const kept = keep();

  async function keep(): Promise<void> {
    let waitMs = firstMs;
    let startedAtMs = Date.now();
    while (!stopped.signal.aborted) {
      await pause(lookEveryMs, stopped.signal);
      if (stopped.signal.aborted || (mark !== undefined && (await stillRuns(mark)))) continue;
      server = undefined;
      mark = undefined;
      waitMs = Date.now() - startedAtMs >= healthyMs ? firstMs : Math.min(waitMs * 2, mostMs);
      options.log.warn(
        { port: first.port, restartInMs: waitMs },
        'The database server ended by itself; it is started again.',
      );
      await pause(waitMs, stopped.signal);
      if (stopped.signal.aborted) return;
      startedAtMs = Date.now();
      server = await again();
      mark = server === undefined ? undefined : await serverMark(server.dataFolder);
    }
  }

  async function again(): Promise<Postgres | undefined> {
    try {
      const next = await startPostgres({ ...options, port: first.port });
      if (next.port === first.port) return next;
      await next.stop();
      options.log.error({ port: first.port }, 'Another program has taken the port of the database server.');
    } catch (error) {
      options.log.error(
        { problem: error instanceof Error ? error.message : String(error) },
        'The database server does not start.',
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
  return { ...first, pid: () => mark?.pid, stop: () => end('stop'), kill: () => end('kill') };
}

/** The first line of the file that every running server keeps with its data. */
async function serverMark(dataFolder: string): Promise<ProcessMark | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) ? markOf(pid) : undefined;
}

/** Ends early when the signal is raised. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
