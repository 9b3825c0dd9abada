import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { eachRow } from '../../../src/contract/api/client.js';
import type { LedgerEntryView } from '../../../src/contract/api/ledger.js';
import { type Postgres, startPostgres } from '../../../src/dev/postgres.js';
import { log, openStage, type SideDatabase, writeFiles } from '../../stage.js';
import type { Arena, Contestant, Question, Ring, Row, Setup, Site, Trace } from '../arena.js';
import { makeTable, sqlApplication } from '../sql-application.js';
import { configurationOf, connectionsFile, pairFile } from './parley-files.js';
import { openParleyServer, type ParleyServer } from './parley-server.js';

/** A tenth of them is more than a batch of writes. */
const bulkRows = 60_000;
const patienceMs = 300_000;
const pollMs = 100;
/** Cycles in a row that find nothing to do. */
const quietCycles = 2;

/** The built product: `parley dev` with its own Postgres, Temporal, API and worker; two databases hold the tables. */
export const parley: Contestant = {
  name: 'parley',
  about: 'this version, through parley dev and its API and command line',
  isOurs: true,
  notApplicable: {},
  async enter({ say }) {
    const stage = await openStage();
    const folder = join(stage.folder, 'workspace');
    const [a, b] = [await stage.openSide('a'), await stage.openSide('b')];
    const restored = await openRestorable(stage.folder);
    await writeFiles(folder, { 'connections.yaml': connectionsFile });
    const server = await openParleyServer(folder, () => ({
      A_URL: a.url,
      B_URL: b.url,
      A_RESTORED_URL: restored.url(),
    }));
    say('starting parley dev');
    await server.start();
    return {
      version: server.version,
      open: (setup) => openArena({ server, folder, a, b, restored }, setup),
      async close() {
        await server.stop();
        await Promise.all([a.close(), b.close(), restored.close()]);
        await stage.close();
      },
    } satisfies Ring;
  },
};

type Place = {
  readonly server: ParleyServer;
  readonly folder: string;
  readonly a: SideDatabase;
  readonly b: SideDatabase;
  readonly restored: Restorable;
};

async function openArena(place: Place, wish: Setup): Promise<Arena> {
  const { server, folder, b, restored } = place;
  const setup = wish.isBulk ? { ...wish, rows: bulkRows } : wish;
  const pair = setup.probe;
  const table = pair.replaceAll('-', '_');
  const sqlOfA = (): postgres.Sql => (setup.losesMetadata ? restored.sql() : place.a.sql);
  await makeTable(sqlOfA(), table, { ...setup, site: 'a' });
  await makeTable(b.sql, table, { ...setup, site: 'b' });
  await writeFiles(folder, { [`pairs/${pair}.yaml`]: pairFile(setup, table) });
  await firstContact(server, pair);
  let isRestored = false;
  const arena: Arena = {
    get a() {
      return sqlApplication(sqlOfA(), table, 'a');
    },
    b: sqlApplication(b.sql, table, 'b'),
    rows: setup.rows,
    configuration: configurationOf(setup),
    part: async () => void (await server.client.pairs.change(pair, 'hold')),
    async rejoin() {
      await server.client.pairs.change(pair, 'resume');
      if (!isRestored) return;
      // A server with another history stops the pair, which says what to do: look at a plan, and apply it.
      await server.client.pairs.run(pair);
      if ((await server.client.pairs.show(pair)).halt !== null) await firstContact(server, pair);
    },
    async pause() {
      await server.client.pairs.run(pair);
      await sleep(2_000);
      await server.client.pairs.run(pair);
    },
    settle: () => settle(server, pair),
    questions: () => questionsOf(server, pair),
    async conflicts() {
      let count = 0;
      for await (const _ of eachRow((page) => server.client.conflicts.list({ pair, state: 'all', ...page })))
        count += 1;
      return count;
    },
    traces: (id, field) => tracesOf(server, { pair, id, field }),
    crash: () => server.kill(),
    revive: () => server.start(),
    async forget() {
      await server.stop();
      await server.wipeTemporal();
      await restored.restore(table, setup);
      await server.start();
      isRestored = true;
      return "Temporal's database, and A's server (restored from a dump on a new one)";
    },
    audit: () => audit(server, pair),
    close: async () => void (await server.client.pairs.change(pair, 'pause')),
  };
  await arena.settle();
  return arena;
}

/** A plan, and its approval. */
async function firstContact({ client }: ParleyServer, pair: string): Promise<void> {
  const { id } = await client.plans.request(pair);
  const until = async (wanted: string): Promise<void> => {
    for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(pollMs)) {
      const { state, problem } = await client.plans.show(id);
      if (state === wanted) return;
      if (state === 'failed') throw new Error(`the plan failed: ${problem ?? 'without a reason'}`);
    }
    throw new Error(`the plan was not ${wanted} within ${patienceMs / 1_000} s`);
  };
  await until('ready');
  await client.plans.approve(id);
  await until('applied');
}

/** Cycles now, each with a listing of keys, until nothing is found, written or on its way; a halted pair is at rest. */
async function settle({ client }: ParleyServer, pair: string): Promise<void> {
  let quiet = 0;
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    const cycle = await client.pairs.run(pair);
    const { halt, agreement } = await client.pairs.show(pair);
    if (halt !== null) return;
    const { edited, created, deleted, asked, written, refused } = cycle;
    const moved = edited + created + deleted + asked + written + refused;
    const open = agreement.differ.onItsWay + agreement.differ.undecided;
    quiet = cycle.problem === null && moved + open === 0 ? quiet + 1 : 0;
    if (quiet === quietCycles) return;
    if (quiet === 0) await sleep(pollMs);
  }
  throw new Error(`Parley did not come to rest within ${patienceMs / 1_000} s`);
}

async function questionsOf({ client }: ParleyServer, pair: string): Promise<readonly Question[]> {
  const found: Question[] = [];
  const { halt } = await client.pairs.show(pair);
  if (halt !== null) found.push({ ids: [], field: null, kind: 'halt' });
  for await (const { id, unit, kind } of eachRow((page) => client.conflicts.list({ pair, ...page }))) {
    const { record } = await client.conflicts.show(id);
    found.push({ ids: Object.values(record?.keys ?? {}), field: unit, kind });
  }
  return found;
}

/** What `parley record blame` shows: the values that a field had, whose they were, and when they were made. */
async function tracesOf(
  { client }: ParleyServer,
  { pair, id, field }: { readonly pair: string; readonly id: string; readonly field: string },
): Promise<readonly Trace[]> {
  const found: Trace[] = [];
  const entries = eachRow((page) => client.records.ledger({ pair, side: 'a', key: id }, page));
  for await (const entry of entries) found.push(...valuesIn(entry, field));
  return found;
}

function valuesIn({ side, at, hi, payload }: LedgerEntryView, unit: string): readonly Trace[] {
  const effects = payload?.effects.filter((effect) => effect.unit === unit) ?? [];
  const site = side === 'a' || side === 'b' ? (side satisfies Site) : null;
  return effects.map(({ after }) => ({
    value: typeof after === 'string' ? after : JSON.stringify(after),
    site,
    at: hi ?? at,
  }));
}

/** Folds the ledger, and compares both tables in full with what was agreed. */
async function audit(server: ParleyServer, pair: string): Promise<readonly string[]> {
  const ledger = (await server.run('ledger', 'verify', pair)) as { readonly problems: readonly { what: string }[] };
  const compared = (await server.run('verify', pair)) as { readonly unexplained: readonly { what: string }[] };
  return [...ledger.problems, ...compared.unexplained].map(({ what }) => what);
}

/** A server for table A that can be replaced by another one, which holds the same rows and knows nothing else. */
type Restorable = {
  url(): string;
  sql(): postgres.Sql;
  restore(table: string, setup: Setup): Promise<void>;
  close(): Promise<void>;
};

async function openRestorable(folder: string): Promise<Restorable> {
  const open = async (name: string): Promise<{ server: Postgres; url: string; sql: postgres.Sql }> => {
    const home = join(folder, name);
    await mkdir(home, { recursive: true });
    const server = await startPostgres({ folder: join(home, '.parley'), port: 0, log });
    const url = await server.ensureDatabase({ name: 'a', owner: 'a' });
    return { server, url, sql: postgres(url, { max: 2, onnotice: () => undefined }) };
  };
  const shut = async ({ server, sql }: Awaited<ReturnType<typeof open>>): Promise<void> => {
    await sql.end({ timeout: 5 });
    await server.stop();
  };
  let current = await open('a-original');
  return {
    url: () => current.url,
    sql: () => current.sql,
    async restore(table, setup) {
      const rows: readonly Row[] = [...(await sqlApplication(current.sql, table, 'a').rows()).values()];
      await shut(current);
      current = await open('a-restored');
      await makeTable(current.sql, table, { ...setup, rows: 0, site: 'a' });
      await sqlApplication(current.sql, table, 'a').insert(rows);
    },
    close: () => shut(current),
  };
}
