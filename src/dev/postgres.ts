import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ParleyError } from '../core/errors.js';
import type { Log } from '../engine/ports.js';
import { passwordsIn, type Passwords } from './passwords.js';
import { freePort, isFree } from './ports.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { ensureDatabase, type DatabaseWish } from './postgres-roles.js';
import { canEnter, postgresAccount, type ServerAccount } from './server-account.js';

export const usualPostgresPort = 54_329;
const startSeconds = 60;
const stopSeconds = 20;
const startAttemptsMax = 3;
const logTailBytes = 2_000;

export type PostgresOptions = {
  /** The `.parley` folder: data in `postgres/`, passwords in `postgres-passwords.json`, log in `logs/postgres.log`. */
  readonly folder: string;
  /** Port to use when nobody has it; `usualPostgresPort` unless told. */
  readonly port?: number;
  readonly log: Log;
  /** More server settings, by name. Words without spaces. */
  readonly settings?: { readonly [name: string]: string };
  /** Where data and programs go when `folder` is closed to the account the server runs as. */
  readonly openFolder?: string;
};

export type Postgres = {
  readonly port: number;
  /** Where the data really is: inside `folder`, or inside the open folder when that is closed to the server. */
  readonly dataFolder: string;
  /** Address with the password of the role; the role `postgres` is the superuser. Makes no role and no database. */
  url(database: string, role: string): Promise<string>;
  /** Makes the role and the database it owns unless they exist, and returns the owner's address. */
  ensureDatabase(wish: DatabaseWish): Promise<string>;
  /** Ends sessions, writes everything and stops; at most about 30 seconds. Doing it twice is harmless. */
  stop(): Promise<void>;
  /** Stops without waiting for anything; the next start recovers from the log. */
  kill(): Promise<void>;
};

type Place = {
  readonly data: string;
  readonly log: string;
  readonly account: ServerAccount;
  readonly binaries: PostgresBinaries;
};

/**
 * Starts a real PostgreSQL on 127.0.0.1 over the data in `folder`, which is made at the first start. A server that a
 * killed process left running on the same data is stopped first: there are never two on one folder.
 * Throws `dev.postgres_failed`.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const folder = resolve(options.folder);
  const place = await choosePlace(folder, options);
  const passwords = passwordsIn(join(folder, 'postgres-passwords.json'));
  await makeCluster(place, passwords);
  await stopLeftover(place, options.log);
  const port = await startServer(place, options);
  const url = async (database: string, role: string): Promise<string> =>
    `postgres://${role}:${await passwords.of(role)}@127.0.0.1:${port}/${database}`;
  return {
    port,
    dataFolder: place.data,
    url,
    async ensureDatabase(wish) {
      await ensureDatabase(await url('postgres', 'postgres'), wish, passwords);
      return url(wish.name, wish.owner);
    },
    stop: () => stopServer(place, ['fast', 'immediate']),
    kill: () => stopServer(place, ['immediate']),
  };
}

/**
 * The data go below `folder`. Root, however, hands the server over to another account, and that one cannot enter a
 * home folder of mode 0700: then the data go to the open folder, under a name derived from `folder`.
 */
async function choosePlace(folder: string, options: PostgresOptions): Promise<Place> {
  await mkdir(join(folder, 'logs'), { recursive: true });
  const account = await postgresAccount();
  const openFolder = resolve(options.openFolder ?? '/var/lib/parley');
  const binaries = await postgresBinaries(account, openFolder);
  const log = join(folder, 'logs', 'postgres.log');
  if (await canEnter(folder, account)) return { data: join(folder, 'postgres'), log, account, binaries };
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const data = join(openFolder, `${basename(dirname(folder))}-${digest}`, 'postgres');
  options.log.warn(
    { folder, data },
    `The account "postgres" cannot enter ${folder}; the database is kept in ${data} instead.`,
  );
  return { data, log, account, binaries };
}

/** initdb works in a folder of another name, which gets its real name when complete: a killed first start leaves none. */
async function makeCluster(place: Place, passwords: Passwords): Promise<void> {
  const password = await passwords.of('postgres');
  const release = await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (release !== undefined) {
    assertSameMajor(release.trim(), place);
    return;
  }
  const unfinished = `${place.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const passwordFile = join(
    tmpdir(),
    `parley-initdb-${process.pid}-${createHash('sha256').update(place.data).digest('hex').slice(0, 8)}`,
  );
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (place.account.uid !== undefined && place.account.gid !== undefined) {
      await chown(unfinished, place.account.uid, place.account.gid);
      await chown(passwordFile, place.account.uid, place.account.gid);
    }
    await runProgram(place, 'initdb', [
      `--pgdata=${unfinished}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      // The same order and letter case on every machine, whatever languages it has installed.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]);
    await rename(unfinished, place.data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function assertSameMajor(dataMajor: string, place: Place): void {
  const major = place.binaries.release.split('.')[0];
  if (dataMajor === major) return;
  throw new ParleyError(
    'dev.postgres_failed',
    `The data in ${place.data} were made by PostgreSQL ${dataMajor}, this is PostgreSQL ${major}. Nothing was changed.`,
    { hint: `Move ${place.data} away to begin with an empty database, or go back to the earlier version of Parley.` },
  );
}

async function stopLeftover(place: Place, log: Log): Promise<void> {
  if ((await exitCode(place, 'pg_ctl', ['status', '-D', place.data])) !== 0) return;
  log.warn({ data: place.data }, 'A database server was left running by an earlier start; it is stopped first.');
  await stopServer(place, ['fast', 'immediate']);
}

async function startServer(place: Place, options: PostgresOptions): Promise<number> {
  const wanted = options.port ?? usualPostgresPort;
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? wanted : 0);
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      wal_level: 'logical',
      fsync: 'on',
      ...options.settings,
    };
    const words = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const asked = [
      'start',
      '-D',
      place.data,
      '-w',
      '-t',
      String(startSeconds),
      '-o',
      [`-p ${port}`, ...words].join(' '),
    ];
    if ((await exitCode(place, 'pg_ctl', asked)) === 0) return port;
    // Between the look and the start another process may take the port; everything else does not get better by itself.
    if (attempt < startAttemptsMax && !(await isFree(port))) continue;
    throw new ParleyError(
      'dev.postgres_failed',
      `PostgreSQL did not start on the data in ${place.data}. It said:\n${await logTail(place)}`,
      {
        hint: `The data were not changed. The whole log: ${place.log}`,
      },
    );
  }
}

/** Fast first: sessions are ended and everything is written. When that hangs, at once: the next start recovers. */
async function stopServer(place: Place, modes: readonly ('fast' | 'immediate')[]): Promise<void> {
  for (const mode of modes) {
    const asked = ['stop', '-D', place.data, '-m', mode, '-w', '-t', String(mode === 'fast' ? stopSeconds : 10)];
    if ((await exitCode(place, 'pg_ctl', asked)) === 0) return;
    if ((await exitCode(place, 'pg_ctl', ['status', '-D', place.data])) !== 0) return;
  }
  throw new ParleyError('dev.postgres_failed', `The database server on ${place.data} does not stop.`, {
    hint: `Its process id is the first line of ${join(place.data, 'postmaster.pid')}.`,
  });
}

async function runProgram(place: Place, program: string, args: readonly string[]): Promise<void> {
  if ((await exitCode(place, program, args)) === 0) return;
  throw new ParleyError('dev.postgres_failed', `${program} failed. It said:\n${await logTail(place)}`, {
    hint: `The whole log: ${place.log}`,
  });
}

/**
 * Runs one program as the server's account. What it says goes to the log file, which we open ourselves: the account
 * need not be able to write there. `pg_ctl` puts the server into a session of its own, so that Ctrl-C in our terminal
 * reaches us only and the order of stopping is ours.
 */
async function exitCode(place: Place, program: string, args: readonly string[]): Promise<number> {
  const output = await open(place.log, 'a', 0o600);
  try {
    return await new Promise((done, failed) => {
      const child = spawn(join(place.binaries.folder, 'bin', program), [...args], {
        ...place.account,
        cwd: '/',
        stdio: ['ignore', output.fd, output.fd],
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
      });
      child.once('error', failed);
      child.once('exit', (code) => done(code ?? 1));
    });
  } finally {
    await output.close();
  }
}

async function logTail(place: Place): Promise<string> {
  const { size } = await stat(place.log);
  const file = await open(place.log, 'r');
  try {
    const start = Math.max(0, size - logTailBytes);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(logTailBytes), 0, logTailBytes, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}
