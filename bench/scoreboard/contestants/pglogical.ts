import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Arena, Contestant, Field, Ring, Setup, Trace } from '../arena.js';
import { makeTable, sqlApplication } from '../sql-application.js';
import { type Cluster, installFromDebian, makeCluster, setClock } from './debian.js';
import { untilStill } from './rest.js';

const bulkRows = 60_000;
const packages = ['postgresql-15-pglogical', 'postgresql-15', 'faketime'] as const;
const settings = {
  shared_preload_libraries: 'pglogical',
  wal_level: 'logical',
  track_commit_timestamp: 'on',
  max_worker_processes: '64',
  max_replication_slots: '64',
  max_wal_senders: '64',
  shared_buffers: '128MB',
  'pglogical.conflict_resolution': 'last_update_wins',
};
/** Refused by default since 15.20, and unknown before. */
const newerSetting = Object.fromEntries([['output_plugin_libraries', 'pglogical_output,pgoutput,test_decoding']]);
const revivePatienceMs = 60_000;

/** pglogical of Debian in two clusters, subscribed to each other; a database a probe. */
export const pglogical: Contestant = {
  name: 'pglogical',
  about: 'two PostgreSQL 15 clusters subscribed to each other, conflict_resolution last_update_wins',
  isOurs: false,
  notApplicable: {},
  async enter({ say }) {
    say('installing pglogical');
    const version = await installFromDebian(packages);
    const [a, b] = await Promise.all([startedCluster('pglogical-a'), startedCluster('pglogical-b')]);
    return {
      version,
      open: (setup) => openArena({ a, b }, setup),
      close: async () => void (await Promise.all([a.remove(), b.remove()])),
    } satisfies Ring;
  },
};

type Place = { readonly a: Cluster; readonly b: Cluster };

async function startedCluster(name: string): Promise<Cluster> {
  const newer = await makeCluster(name, { ...settings, ...newerSetting });
  try {
    await newer.start();
    return newer;
  } catch {
    await newer.remove();
    const older = await makeCluster(name, settings);
    await older.start();
    return older;
  }
}

async function openArena({ a, b }: Place, wish: Setup): Promise<Arena> {
  const setup = wish.isBulk ? { ...wish, rows: bulkRows } : wish;
  const table = setup.probe.replaceAll('-', '_');
  if (setup.clockAheadOnBMs !== undefined) await setClock(b, setup.clockAheadOnBMs);
  for (const cluster of [a, b]) await cluster.sql('postgres').unsafe(`create database ${table}`);
  const [sqlOfA, sqlOfB] = [a.sql(table), b.sql(table)];
  for (const [sql, cluster, site] of [
    [sqlOfA, a, 'a'],
    [sqlOfB, b, 'b'],
  ] as const) {
    await makeTable(sql, table, { ...setup, site });
    await sql`create extension pglogical`;
    await sql`select pglogical.create_node(node_name := ${site}, dsn := ${cluster.url(table)})`;
    await sql`select pglogical.replication_set_add_table('default', ${`public.${table}`}, synchronize_data := false)`;
  }
  await subscribe(sqlOfA, b.url(table), 'b_to_a');
  await subscribe(sqlOfB, a.url(table), 'a_to_b');
  const applications = { a: sqlApplication(sqlOfA, table, 'a'), b: sqlApplication(sqlOfB, table, 'b') };
  const each = async (words: string): Promise<void> => {
    await sqlOfA.unsafe(`select pglogical.alter_subscription_${words.replace('SUB', "'b_to_a'")}`);
    await sqlOfB.unsafe(`select pglogical.alter_subscription_${words.replace('SUB', "'a_to_b'")}`);
  };
  const logs = async (): Promise<string> =>
    (await Promise.all([a, b].map(({ folder }) => readFile(join(folder, 'log'), 'utf8')))).join('\n');
  const arena: Arena = {
    ...applications,
    rows: setup.rows,
    configuration: 'subscriptions both ways, last_update_wins, synchronize_data false, forward_origins {}',
    part: () => each('disable(SUB, true)'),
    rejoin: () => each('enable(SUB, true)'),
    pause: () => sleep(2_000),
    settle: () => untilStill(() => [applications.a, applications.b], { quietMs: 5_000, patienceMs: 60_000 }),
    questions: () => Promise.resolve([]),
    conflicts: async () => (await logs()).split('\n').filter((line) => line.includes(`CONFLICT: `)).length,
    traces: async (id, field) => tracesIn(await logs(), { table, id, field }),
    crash: async () => {
      for (const sql of [sqlOfA, sqlOfB]) await killWorkers(sql);
    },
    // The servers start what was killed again by themselves.
    revive: async () => {
      for (const sql of [sqlOfA, sqlOfB]) await untilItAnswers(sql);
    },
    async forget() {
      await sqlOfB`select pglogical.drop_subscription('a_to_b')`;
      await subscribe(sqlOfB, a.url(table), 'a_to_b');
      await each('disable(SUB, true)');
      return "A's replication slot (dropped, and subscribed anew)";
    },
    audit: () => Promise.resolve(null),
    async close() {
      await sqlOfA`select pglogical.drop_subscription('b_to_a')`;
      await sqlOfB`select pglogical.drop_subscription('a_to_b')`;
      if (setup.clockAheadOnBMs !== undefined) await setClock(b, 0);
    },
  };
  await arena.settle();
  return arena;
}

async function subscribe(sql: postgres.Sql, from: string, name: string): Promise<void> {
  await sql`
    select pglogical.create_subscription(subscription_name := ${name}, provider_dsn := ${from},
      replication_sets := '{default}', synchronize_structure := false, synchronize_data := false, forward_origins := '{}')`;
  await sql`select pglogical.wait_for_subscription_sync_complete(${name})`;
}

/** SIGKILL to the processes that apply changes; their server then restarts all of its own, as it does by design. */
async function killWorkers(sql: postgres.Sql): Promise<void> {
  const workers = await sql<{ pid: number }[]>`
    select pid from pg_stat_activity where datname = current_database() and backend_type like 'pglogical apply%'`;
  for (const { pid } of workers) process.kill(pid, 'SIGKILL');
  await sleep(500);
  await untilItAnswers(sql);
}

async function untilItAnswers(sql: postgres.Sql): Promise<void> {
  for (const end = Date.now() + revivePatienceMs; ; await sleep(250)) {
    try {
      // Every session of the pool was lost.
      await Promise.all([sql`select pg_sleep(0.1)`, sql`select pg_sleep(0.1)`]);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** What the server's log says of conflicts: rows as text, with the moment and the number of the node they came from. */
function tracesIn(
  log: string,
  { table, id, field }: { readonly table: string; readonly id: string; readonly field: Field },
): readonly Trace[] {
  const lines = log.split('\n');
  return lines.flatMap((line, index) => {
    if (!line.includes('CONFLICT: ') || !line.includes(table)) return [];
    const detail = lines.slice(index, index + 3).join(' ');
    if (!detail.includes(`id[int4]:${id} `)) return [];
    const at = /timestamp:([^;,]+)/.exec(detail)?.[1] ?? null;
    const values = [
      ...detail.matchAll(new RegExp(`${field}\\[\\w+\\]:(?:'((?:[^']|'')*)'|(.*?))(?= \\w+\\[|\\})`, 'g')),
    ];
    return values.map(([, quoted, plain]) => ({ value: quoted ?? plain ?? null, site: null, at }));
  });
}
