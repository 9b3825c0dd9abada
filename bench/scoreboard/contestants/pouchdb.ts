import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Contestant, Field, Ring, Row, Setup } from '../arena.js';
import { documentApplication, type DocumentStore, embeddedNotApplicable, firstRow, rowOf } from './documents.js';
import { installFromNpm } from './npm-folder.js';
import { untilStill } from './rest.js';

const version = '9.0.0';

/** As much of PouchDB as is used here. */
type Document = { readonly [name: string]: unknown };
type Found = { readonly id?: string; readonly doc?: Document };
type Database = {
  allDocs(options: object): Promise<{ readonly rows: readonly Found[] }>;
  bulkDocs(documents: readonly object[]): Promise<unknown>;
  get(id: string, options: object): Promise<Document>;
  destroy(): Promise<unknown>;
};
type Replication = { cancel(): void; once(event: string, listener: () => void): void };
type Pouch = {
  new (name: string, options: object): Database;
  sync(a: Database, b: Database, options: object): Replication;
  replicate(from: Database, to: Database): Promise<unknown>;
};

/** Live two-way replication as delivered: PouchDB picks a revision, and keeps the others. Nothing merges them. */
export const pouchdb: Contestant = {
  name: 'pouchdb',
  about: 'two databases under live two-way replication, as delivered: no merge in the application',
  isOurs: false,
  notApplicable: embeddedNotApplicable,
  async enter({ say }) {
    say('installing PouchDB');
    const load = await installFromNpm('pouchdb', { 'pouchdb-node': version, 'pouchdb-adapter-memory': version });
    const Pouch = load('pouchdb-node') as Pouch;
    (load('pouchdb-adapter-memory') as (to: Pouch) => void)(Pouch);
    return {
      version,
      open: (setup) => openArena(Pouch, setup),
      close: () => Promise.resolve(),
    } satisfies Ring;
  },
};

async function openArena(Pouch: Pouch, setup: Setup): Promise<Arena> {
  const open = (name: string): Database => new Pouch(`${setup.probe}-${name}`, { adapter: 'memory' });
  let a = open('a');
  const b = open('b');
  await storeOf(a).change(
    Array.from({ length: setup.rows }, (_, index) => String(index + 1)),
    (old) => firstRow(Number(old?.id)),
  );
  await Pouch.replicate(a, b);
  let replication: Replication | null = null;
  const rejoin = (): Promise<void> => {
    replication = Pouch.sync(a, b, { live: true, retry: true });
    return Promise.resolve();
  };
  const part = async (): Promise<void> => {
    const running = replication;
    if (running === null) return;
    replication = null;
    await new Promise<void>((resolve) => {
      running.once('complete', resolve);
      running.cancel();
    });
  };
  await rejoin();
  const applications = {
    a: documentApplication(() => storeOf(a), 'a'),
    b: documentApplication(() => storeOf(b), 'b'),
  };
  const arena: Arena = {
    ...applications,
    rows: setup.rows,
    configuration: 'sync({ live, retry }); the winning revision is PouchDB’s choice',
    part,
    rejoin,
    pause: () => sleep(2_000),
    settle: () => untilStill(() => [applications.a, applications.b], { quietMs: 2_000, patienceMs: 60_000 }),
    questions: () => Promise.resolve([]),
    conflicts: async () => (await documentsOf(a, { conflicts: true })).filter((doc) => losersOf(doc).length > 0).length,
    traces: (id, field) => tracesOf(a, id, field),
    crash: () => Promise.reject(new Error('assertion failed: not applicable')),
    revive: () => Promise.reject(new Error('assertion failed: not applicable')),
    async forget() {
      const restored = open('a-restored');
      await Pouch.replicate(a, restored);
      await a.destroy();
      a = restored;
      return 'the checkpoints of A (restored from a replica)';
    },
    audit: () => Promise.resolve(null),
    async close() {
      await part();
      await Promise.all([a.destroy(), b.destroy()]);
    },
  };
  await arena.settle();
  return arena;
}

async function documentsOf(database: Database, options: object): Promise<readonly Document[]> {
  const { rows } = await database.allDocs({ include_docs: true, ...options });
  return rows.flatMap(({ doc }) => (doc === undefined ? [] : [doc]));
}

function storeOf(database: Database): DocumentStore {
  const known = async (ids: readonly string[]): Promise<ReadonlyMap<string, Document>> =>
    new Map((await documentsOf(database, { keys: ids })).flatMap((doc) => (doc === null ? [] : [[idOf(doc), doc]])));
  return {
    async change(ids, change) {
      const old = await known(ids);
      const changed = ids.map((id) => {
        const document = old.get(id);
        const row = document === undefined ? { ...rowOf(id, {}) } : rowOf(id, document);
        const { id: _number, ...values } = { ...row, ...change(row) };
        return { ...values, _id: id, ...(document === undefined ? {} : { _rev: document['_rev'] }) };
      });
      await database.bulkDocs(changed);
    },
    async remove(ids) {
      const old = await known(ids);
      await database.bulkDocs([...old.values()].map((doc) => ({ _id: idOf(doc), _rev: doc['_rev'], _deleted: true })));
    },
    all: async (): Promise<readonly Row[]> => (await documentsOf(database, {})).map((doc) => rowOf(idOf(doc), doc)),
  };
}

const idOf = (document: Document): string => String(document['_id']);
const losersOf = (document: Document | undefined): readonly string[] =>
  (document?.['_conflicts'] as readonly string[] | undefined) ?? [];

/** Losing revisions are documents without author or moment. */
async function tracesOf(database: Database, id: string, field: Field): ReturnType<Arena['traces']> {
  const document = await database.get(id, { conflicts: true }).catch(() => undefined);
  const losers = await Promise.all(losersOf(document).map((rev) => database.get(id, { rev })));
  return losers.map((loser) => ({ value: rowOf(id, loser)[field], site: null, at: null }));
}
