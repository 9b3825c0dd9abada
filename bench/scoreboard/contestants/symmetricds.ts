import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import {
  type Arena,
  type Contestant,
  type Field,
  fields,
  type Ring,
  type Setup,
  type Site,
  type Trace,
} from '../arena.js';
import { makeTable, sqlApplication } from '../sql-application.js';
import { type Cluster, installFromDebian, makeCluster, setClock } from './debian.js';
import { installFromMaven } from './maven.js';
import { untilStill } from './rest.js';
import { startNodes } from './symmetricds/nodes.js';
import { configurationScript, propertiesOf } from './symmetricds/settings.js';

const bulkRows = 60_000;
const version = '3.15.22';
const readyPatienceMs = 120_000;
const pom = fileURLToPath(new URL('./symmetricds/pom.xml', import.meta.url));

/** SymmetricDS of Maven Central: two nodes in one process over two clusters of PostgreSQL 15; a database a probe. */
export const symmetricds: Contestant = {
  name: 'symmetricds',
  about: 'two PostgreSQL 15 clusters, a node each, conflicts as the product decides them by default',
  isOurs: false,
  notApplicable: {},
  async enter({ say }) {
    say('installing SymmetricDS');
    const classPath = await installFromMaven('symmetricds', pom);
    await installFromDebian(['postgresql-15', 'faketime']);
    const settings = { shared_buffers: '128MB' };
    const [a, b] = [await makeCluster('symmetricds-a', settings), await makeCluster('symmetricds-b', settings)];
    await Promise.all([a.start(), b.start()]);
    return {
      version,
      open: (setup) => openArena({ a, b, classPath }, setup),
      close: async () => void (await Promise.all([a.remove(), b.remove()])),
    } satisfies Ring;
  },
};

type Place = { readonly a: Cluster; readonly b: Cluster; readonly classPath: string };

async function openArena({ a, b, classPath }: Place, wish: Setup): Promise<Arena> {
  const setup = wish.isBulk ? { ...wish, rows: bulkRows } : wish;
  const table = setup.probe.replaceAll('-', '_');
  if (setup.clockAheadOnBMs !== undefined) await setClock(b, setup.clockAheadOnBMs);
  for (const cluster of [a, b]) await cluster.sql('postgres').unsafe(`create database ${table}`);
  const sql = { a: a.sql(table), b: b.sql(table) };
  for (const site of ['a', 'b'] as const) await makeTable(sql[site], table, { ...setup, site });
  const folder = await mkdtemp(join(tmpdir(), 'parley-symmetricds-'));
  const files = await writeSettings(folder, table, { a: a.port, b: b.port });
  let nodes = await startNodes({ classPath, folder, files });
  await untilCaptured(sql, table);
  const applications = { a: sqlApplication(sql.a, table, 'a'), b: sqlApplication(sql.b, table, 'b') };
  const arena: Arena = {
    ...applications,
    rows: setup.rows,
    configuration: 'a node each, default conflict rules, jobs every 500 ms, one channel',
    part: () => nodes.say('part'),
    rejoin: () => nodes.say('rejoin'),
    pause: () => sleep(2_000),
    async settle() {
      await untilCarried(sql);
      await untilStill(() => [applications.a, applications.b], { quietMs: 6_000, patienceMs: 60_000 });
    },
    // A batch in error stops its channel until somebody sees to it: that is how a person learns of it.
    async questions() {
      const stopped = await Promise.all([batchesInError(sql.a), batchesInError(sql.b)]);
      return stopped.some((count) => count > 0) ? [{ ids: [], field: null, kind: 'batch in error' }] : [];
    },
    conflicts: async () => (await decidedConflicts(sql.a)) + (await decidedConflicts(sql.b)),
    async traces(id, field) {
      const lost = { table, id, field };
      return [...(await tracesIn(sql.a, 'a', lost)), ...(await tracesIn(sql.b, 'b', lost))];
    },
    crash: () => nodes.kill(),
    async revive() {
      nodes = await startNodes({ classPath, folder, files });
    },
    async forget() {
      await sql.a.unsafe('truncate sym_data, sym_data_event, sym_outgoing_batch');
      return 'what A had captured (truncated)';
    },
    audit: () => Promise.resolve(null),
    async close() {
      await nodes.kill();
      await rm(folder, { recursive: true, force: true });
      if (setup.clockAheadOnBMs !== undefined) await setClock(b, 0);
    },
  };
  await arena.settle();
  return arena;
}

async function writeSettings(
  folder: string,
  table: string,
  ports: { readonly [site in Site]: number },
): Promise<readonly string[]> {
  const script = join(folder, 'configuration.sql');
  await writeFile(script, configurationScript(table));
  const files: string[] = [];
  for (const site of ['a', 'b'] as const) {
    const file = join(folder, `${site}.properties`);
    await writeFile(file, propertiesOf({ site, table, port: ports[site], script }));
    files.push(file);
  }
  return files;
}

/** Both tables have the product's triggers: from then on it sees every edit. */
async function untilCaptured(sql: { readonly [site in Site]: postgres.Sql }, table: string): Promise<void> {
  for (const end = Date.now() + readyPatienceMs; ; await sleep(250)) {
    const counts = await Promise.all(
      [sql.a, sql.b].map(async (one) => {
        const [row] = await one<{ count: number }[]>`
          select count(*)::int as count from pg_trigger where tgrelid = ${table}::regclass and not tgisinternal`;
        return row?.count ?? 0;
      }),
    );
    if (counts.every((count) => count >= 3)) return;
    if (Date.now() > end) throw new Error(`SymmetricDS did not put its triggers on ${table}`);
  }
}

/** What was captured is sent, or stopped by an error: tables that hold equal values can look at rest before that. */
async function untilCarried(sql: { readonly [site in Site]: postgres.Sql }): Promise<void> {
  for (const end = Date.now() + readyPatienceMs; Date.now() < end; await sleep(250)) {
    const waiting = await Promise.all(
      [sql.a, sql.b].map(async (one) => {
        const [row] = await one<{ count: number }[]>`
          select (select count(*) from sym_data d where channel_id = 'default'
              and not exists (select from sym_data_event e where e.data_id = d.data_id))
            + (select count(*) from sym_outgoing_batch
              where channel_id = 'default' and status not in ('OK', 'IG', 'ER') and error_flag = 0) as count`;
        return Number(row?.count ?? 0);
      }),
    );
    if (waiting.every((count) => count === 0)) return;
  }
}

async function batchesInError(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from sym_outgoing_batch where error_flag = 1 and status <> 'OK' and channel_id = 'default'`;
  return row?.count ?? 0;
}

async function decidedConflicts(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select coalesce(sum(conflict_win_count + conflict_lose_count), 0)::int as count from sym_incoming_batch
    where channel_id = 'default'`;
  return row?.count ?? 0;
}

/** What its capture tables keep of a row's edits, for the hours until they are purged: rows as text, on the node they were made. */
async function tracesIn(
  sql: postgres.Sql,
  site: Site,
  { table, id, field }: { readonly table: string; readonly id: string; readonly field: Field },
): Promise<readonly Trace[]> {
  const captured = await sql<{ row: string; at: string }[]>`
    select row_data as row, create_time::text as at from sym_data
    where table_name = ${table} and event_type in ('I', 'U') order by data_id`;
  const place = 1 + fields.indexOf(field);
  return captured.flatMap(({ row, at }) => {
    const values = [...row.matchAll(/(?:^|,)(?:"((?:[^"\\]|\\.)*)")?/g)].map(([, value]) => value ?? null);
    return values[0] === id ? [{ value: values[place] ?? null, site, at }] : [];
  });
}
