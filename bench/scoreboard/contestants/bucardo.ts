import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Contestant, Ring, Setup } from '../arena.js';
import { makeTable, sqlApplication } from '../sql-application.js';
import { asPostgres, type Cluster, installFromDebian, makeCluster, setClock } from './debian.js';
import { untilStill } from './rest.js';

const bulkRows = 60_000;
const patienceMs = 30_000;
const packages = ['bucardo', 'postgresql-15', 'postgresql-plperl-15', 'faketime'] as const;
const site = 'site';

/** Bucardo of Debian over two clusters of PostgreSQL 15; its own database is in A's cluster. */
export const bucardo: Contestant = {
  name: 'bucardo',
  about: 'two PostgreSQL 15 clusters, conflict_strategy bucardo_latest',
  isOurs: false,
  notApplicable: {},
  async enter({ say }) {
    say('installing Bucardo');
    const version = await installFromDebian(packages);
    const settings = { shared_buffers: '128MB' };
    const [a, b] = [await makeCluster('bucardo-a', settings), await makeCluster('bucardo-b', settings)];
    await Promise.all([a.start(), b.start()]);
    for (const cluster of [a, b]) await cluster.sql('postgres').unsafe(`create database ${site}`);
    const place: Place = { a, b, run: runner(a) };
    await install(place);
    return {
      version,
      open: (setup) => openArena(place, setup),
      async close() {
        await place.run('stop').catch(() => '');
        await Promise.all([a.remove(), b.remove()]);
      },
    } satisfies Ring;
  },
};

type Run = (...words: readonly string[]) => Promise<string>;
type Place = { readonly a: Cluster; readonly b: Cluster; readonly run: Run };

/** The command line of Bucardo, without the settings of the machine. */
function runner(a: Cluster): Run {
  return (...words) =>
    asPostgres([
      'bucardo',
      '--no-bucardorc',
      '--dbhost=127.0.0.1',
      `--dbport=${a.port}`,
      '--dbuser=postgres',
      '--dbname=bucardo',
      `--log-dest=${a.folder}`,
      ...words,
    ]);
}

async function install({ a, b, run }: Place): Promise<void> {
  await a
    .sql('postgres')
    .unsafe('create role bucardo superuser login')
    .catch(() => undefined);
  await run('install', '--batch', `--piddir=${a.folder}`);
  for (const [name, file] of [
    ['piddir', a.folder],
    ['reason_file', `${a.folder}/reason`],
    ['stopfile', 'stop'],
    ['log_conflict_file', `${a.folder}/conflicts`],
  ] as const)
    await run('set', `${name}=${file}`);
  for (const [name, { port }] of [
    ['a', a],
    ['b', b],
  ] as const)
    await run('add', 'db', name, 'host=127.0.0.1', `port=${port}`, 'user=postgres', `dbname=${site}`);
  await run('add', 'dbgroup', 'ab', 'a:source', 'b:source');
}

async function openArena({ a, b, run }: Place, wish: Setup): Promise<Arena> {
  const setup = wish.isBulk ? { ...wish, rows: bulkRows } : wish;
  const table = setup.probe.replaceAll('-', '_');
  const sync = `s_${table}`;
  if (setup.clockAheadOnBMs !== undefined) await setClock(b, setup.clockAheadOnBMs);
  const [sqlOfA, sqlOfB] = [a.sql(site), b.sql(site)];
  await makeTable(sqlOfA, table, { ...setup, site: 'a' });
  await makeTable(sqlOfB, table, { ...setup, site: 'b' });
  await run('add', 'table', `public.${table}`, 'db=a', `relgroup=g_${table}`);
  await run('add', 'sync', sync, `relgroup=g_${table}`, 'dbs=ab', 'conflict_strategy=bucardo_latest');
  await start(run);
  const applications = { a: sqlApplication(sqlOfA, table, 'a'), b: sqlApplication(sqlOfB, table, 'b') };
  const arena: Arena = {
    ...applications,
    rows: setup.rows,
    configuration: 'two sources, conflict_strategy=bucardo_latest',
    part: () => stop(a, run),
    rejoin: () => start(run),
    pause: () => sleep(2_000),
    settle: () => untilStill(() => [applications.a, applications.b], { quietMs: 6_000, patienceMs: 60_000 }),
    questions: () => Promise.resolve([]),
    async conflicts() {
      const [row] = await a.sql('bucardo')<{ count: number }[]>`
        select coalesce(sum(conflicts), 0)::int as count from bucardo.syncrun where sync = ${sync}`;
      return row?.count ?? 0;
    },
    traces: () => Promise.resolve([]),
    crash: () => kill(a.folder),
    revive: () => start(run),
    async forget() {
      await sqlOfA.unsafe(`truncate bucardo.delta_public_${table}`);
      return "A's delta table (truncated)";
    },
    audit: () => Promise.resolve(null),
    async close() {
      await stop(a, run);
      await run('remove', 'sync', sync);
      if (setup.clockAheadOnBMs !== undefined) await setClock(b, 0);
    },
  };
  await arena.settle();
  return arena;
}

/** Its processes end a while after the command; a start before that is refused. */
async function stop({ folder }: Cluster, run: Run): Promise<void> {
  await run('stop');
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(100)) {
    if ((await pidsIn(folder)).every((pid) => !isAlive(pid))) return;
  }
}

async function start(run: Run): Promise<void> {
  for (const end = Date.now() + patienceMs; ; await sleep(500)) {
    try {
      await run('start');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function kill(folder: string): Promise<void> {
  for (const pid of await pidsIn(folder)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** Its processes write their numbers into files. */
async function pidsIn(folder: string): Promise<readonly number[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.pid'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return texts.map((text) => Number.parseInt(text, 10)).filter((pid) => pid > 0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
