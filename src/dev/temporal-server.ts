import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ParleyError } from '../core/errors.js';
import type { Log } from '../engine/ports.js';
import { writePrivateFile } from './passwords.js';
import { freePort } from './ports.js';
import { endProcess, markOf, type ProcessMark, stillRuns } from './process-mark.js';
import { temporalAnswers } from './temporal-health.js';

export const usualTemporalPort = 7_233;
const startMs = 30_000;
const stopMs = 10_000;
const logTailBytes = 2_000;

export type TemporalOptions = {
  /** The `.parley` folder: state in `temporal-<version>.db`, log in `logs/temporal.log`. */
  readonly folder: string;
  /** The program and its version, as the finder found them. */
  readonly program: { readonly path: string; readonly version: string };
  /** Port to use when nobody has it; `usualTemporalPort` unless told. */
  readonly port?: number;
  readonly log: Log;
  /** False: state lives in memory and ends with the server. For tests. */
  readonly keep?: boolean;
};

export type TemporalServer = {
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Asks it to end, and ends it when it does not within 10 seconds. Doing it twice is harmless. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
};

/**
 * Starts the development server on 127.0.0.1 and waits until its namespace answers. A server that a killed process
 * left behind is ended first. State it cannot open is set aside and the server starts empty: Postgres is the truth,
 * and workflows are made again from it. Throws `dev.temporal_failed`.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const folder = resolve(options.folder);
  await mkdir(join(folder, 'logs'), { recursive: true });
  await endLeftover(folder, options.log);
  const database = join(folder, `temporal-${options.program.version}.db`);
  const hadState = options.keep !== false && (await exists(database));
  try {
    return await launch(folder, database, options);
  } catch (error) {
    if (!(error instanceof EndedEarly)) throw error;
  }
  // Somebody may have taken the port since it was found free: another port, before the state is suspected.
  try {
    return await launch(folder, database, { ...options, port: 0 });
  } catch (error) {
    if (!hadState || !(error instanceof EndedEarly)) throw error;
    const aside = await setAside(database);
    options.log.warn(
      { aside },
      'The Temporal server could not open its state; it was set aside and the server starts empty.',
    );
    return launch(folder, database, options);
  }
}

/** The server ended before it answered: its state may be at fault, unlike with a time-out. */
class EndedEarly extends ParleyError {}

async function launch(folder: string, database: string, options: TemporalOptions): Promise<TemporalServer> {
  const port = await freePort(options.port ?? usualTemporalPort);
  const logFile = join(folder, 'logs', 'temporal.log');
  const child = await spawnServer(port, options.keep === false ? undefined : database, options.program.path, logFile);
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  const mark = child.pid === undefined ? undefined : await markOf(child.pid);
  if (mark === undefined) throw await endedEarly(logFile);
  const pidFile = join(folder, 'temporal.pid');
  await writePrivateFile(pidFile, `${JSON.stringify(mark)}\n`);
  const end = async (graceMs: number): Promise<void> => {
    if (!(await endProcess(mark, graceMs))) {
      throw new ParleyError('dev.temporal_failed', `The Temporal server (process ${mark.pid}) does not end.`);
    }
    await rm(pidFile, { force: true });
  };
  try {
    await untilItAnswers(`127.0.0.1:${port}`, child, logFile);
  } catch (error) {
    await end(stopMs);
    throw error;
  }
  return { address: `127.0.0.1:${port}`, port, pid: mark.pid, ended, stop: () => end(stopMs), kill: () => end(0) };
}

/** In a session of its own, so that Ctrl-C in our terminal reaches us only and the workers end before their server. */
async function spawnServer(
  port: number,
  database: string | undefined,
  program: string,
  logFile: string,
): Promise<ChildProcess> {
  const output = await open(logFile, 'a', 0o600);
  try {
    const state =
      database === undefined
        ? []
        : ['--db-filename', database, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'];
    const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), ...state];
    return spawn(program, args, { detached: true, stdio: ['ignore', output.fd, output.fd] });
  } finally {
    await output.close();
  }
}

async function untilItAnswers(address: string, child: ChildProcess, logFile: string): Promise<void> {
  const until = Date.now() + startMs;
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) throw await endedEarly(logFile);
    if (await temporalAnswers(address, 'default', 1_000)) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new ParleyError(
    'dev.temporal_failed',
    `The Temporal server did not answer on ${address} within ${startMs / 1_000} s.`,
    {
      hint: `Its log: ${logFile}`,
    },
  );
}

async function endedEarly(logFile: string): Promise<ParleyError> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return new EndedEarly(
    'dev.temporal_failed',
    `The Temporal server ended while starting. It said:\n${text.slice(-logTailBytes).trim()}`,
    {
      hint: `Its log: ${logFile}`,
    },
  );
}

async function endLeftover(folder: string, log: Log): Promise<void> {
  const file = join(folder, 'temporal.pid');
  const mark = await readMark(file);
  if (mark === undefined || !(await stillRuns(mark))) return;
  log.warn({ pid: mark.pid }, 'A Temporal server was left running by an earlier start; it is ended first.');
  if (await endProcess(mark, stopMs)) return;
  throw new ParleyError(
    'dev.temporal_failed',
    `A Temporal server of an earlier start (process ${mark.pid}) does not end.`,
  );
}

async function readMark(file: string): Promise<ProcessMark | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessMark;
  } catch {
    return undefined;
  }
}

async function setAside(database: string): Promise<string> {
  const aside = `${database}.unreadable-${Date.now()}`;
  for (const part of ['', '-wal', '-shm']) {
    if (await exists(`${database}${part}`)) await rename(`${database}${part}`, `${aside}${part}`);
  }
  return aside;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
