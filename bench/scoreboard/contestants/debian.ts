import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { freePort } from '../../../src/dev/ports.js';
import { Unavailable } from '../arena.js';
import { firstLine } from './npm-folder.js';

const exec = promisify(execFile);
const programs = '/usr/lib/postgresql/15/bin';
const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const outputMax = 16 * 2 ** 20;

let turn: Promise<unknown> = Promise.resolve();

/** Installs packages of Debian that are missing, one caller at a time. Needs root, once. Returns the version of the first. */
export function installFromDebian(packages: readonly [string, ...string[]]): Promise<string> {
  const mine = turn.then(() => install(packages));
  turn = mine.catch(() => undefined);
  return mine;
}

async function install(packages: readonly [string, ...string[]]): Promise<string> {
  const versionOf = async (name: string): Promise<string | null> => {
    const asked = await exec('dpkg-query', ['-W', '-f=${db:Status-Status} ${Version}', name]).catch(() => null);
    return asked?.stdout.startsWith('installed ') ? asked.stdout.slice('installed '.length) : null;
  };
  const missing: string[] = [];
  for (const name of packages) if ((await versionOf(name)) === null) missing.push(name);
  if (missing.length > 0) {
    if (process.getuid?.() !== 0) throw new Unavailable(`root is needed to install ${missing.join(', ')} from Debian`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    try {
      await exec('apt-get', ['update', '-q'], { env, maxBuffer: outputMax });
      await exec('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], {
        env,
        maxBuffer: outputMax,
      });
    } catch (error) {
      throw new Unavailable(`apt-get could not install ${missing.join(', ')}: ${firstLine(error)}`);
    }
  }
  const [first] = packages;
  return (await versionOf(first)) ?? 'unknown';
}

/** A cluster of Debian's PostgreSQL 15 in a folder and at a port of its own, beside what the machine has. */
export type Cluster = {
  readonly port: number;
  readonly folder: string;
  url(database: string): string;
  sql(database: string): postgres.Sql;
  start(options?: { readonly clockAheadMs?: number }): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
};

/** Runs a program as the account that databases run as, and returns what it printed. */
export async function asPostgres(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await exec('runuser', ['-u', 'postgres', '--', ...words], {
    env: { ...process.env, ...env },
    cwd: '/',
    maxBuffer: outputMax,
  });
  return stdout;
}

export async function makeCluster(name: string, settings: { readonly [name: string]: string }): Promise<Cluster> {
  // In lower case: Bucardo folds the names of its folders.
  const folder = join(tmpdir(), `parley-${name}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder);
  await exec('chown', ['postgres:postgres', folder]);
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  await asPostgres([`${programs}/initdb`, '-D', data, '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N']);
  const port = await freePort(0);
  const opened: postgres.Sql[] = [];
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const stop = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 2 })));
    // Replication can keep a server from ending in order; what it is about to lose then is not measured any more.
    const ended = (mode: string): Promise<boolean> =>
      asPostgres([`${programs}/pg_ctl`, 'stop', '-D', data, '-m', mode, '-w', '-t', '10']).then(
        () => true,
        () => false,
      );
    if (!(await ended('fast'))) await ended('immediate');
  };
  // When the measurement is broken off, nothing of it goes on.
  process.once('exit', () => {
    const words = ['-u', 'postgres', '--', `${programs}/pg_ctl`, 'stop', '-D', data, '-m', 'immediate'];
    spawnSync('runuser', words, { cwd: '/', stdio: 'ignore' });
  });
  return {
    port,
    folder,
    url,
    sql(database) {
      const sql = postgres(url(database), { max: 2, onnotice: () => undefined, connection: { TimeZone: 'UTC' } });
      opened.push(sql);
      return sql;
    },
    async start({ clockAheadMs = 0 } = {}) {
      const words = Object.entries({
        listen_addresses: '127.0.0.1',
        unix_socket_directories: folder,
        timezone: 'UTC',
        ...settings,
      });
      const options = [`-p ${port}`, ...words.map(([key, value]) => `-c ${key}=${value}`)].join(' ');
      const ahead = clockAheadMs / 1_000;
      const env =
        ahead === 0 ? {} : { LD_PRELOAD: faketime, FAKETIME: `+${ahead}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      await startDetached(['-D', data, '-l', join(folder, 'log'), '-w', '-o', options, 'start'], env);
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Puts the clock of a server that runs ahead by so much, or right again with 0; the server is started anew. */
export async function setClock(cluster: Cluster, clockAheadMs: number): Promise<void> {
  await cluster.stop();
  await cluster.start({ clockAheadMs });
}

/** Its output is not read: the server would keep the pipe open. */
function startDetached(words: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const fake = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const child = spawn('runuser', ['-u', 'postgres', '--', 'env', ...fake, `${programs}/pg_ctl`, ...words], {
      stdio: 'ignore',
      cwd: '/',
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`pg_ctl start ended with ${code}`))));
  });
}
