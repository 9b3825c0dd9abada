import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Contestant, Field, Ring, Row, Setup } from '../arena.js';
import { fields } from '../arena.js';
import { documentApplication, type DocumentStore, embeddedNotApplicable, firstRow, rowOf } from './documents.js';
import { installFromNpm } from './npm-folder.js';
import { untilStill } from './rest.js';

const version = '17.6.0';
const batchRows = 500;

/** As much of RxDB as is used here. */
type Document = Row & { readonly [name: string]: unknown };
type Collection = {
  bulkUpsert(rows: readonly Row[]): Promise<unknown>;
  bulkRemove(ids: readonly string[]): Promise<unknown>;
  find(): { exec(): Promise<readonly { toJSON(): Row }[]> };
  readonly storageInstance: unknown;
  readonly conflictHandler: unknown;
};
type Database = {
  readonly token: string;
  addCollections(collections: object): Promise<{ readonly rows: Collection }>;
  close(): Promise<unknown>;
};
type Master = {
  readonly masterChangeStream$: unknown;
  masterChangesSince(checkpoint: unknown, batch: number): Promise<unknown>;
  masterWrite(rows: unknown): Promise<unknown>;
};
type RxDb = {
  readonly createRxDatabase: (options: object) => Promise<Database>;
  readonly rxStorageInstanceToReplicationHandler: (storage: unknown, handler: unknown, token: string) => Master;
};
type Library = {
  readonly rx: RxDb;
  readonly storage: () => unknown;
  readonly replicate: (options: object) => { cancel(): Promise<unknown>; awaitInitialReplication(): Promise<unknown> };
};

/** A is a client of B. RxDB's own conflict handler drops the client's edits, so it has one of ours, as its manual asks. */
export const rxdb: Contestant = {
  name: 'rxdb',
  about: 'a client of a master, with a conflict handler of ours that merges field by field',
  isOurs: false,
  notApplicable: embeddedNotApplicable,
  async enter({ say }) {
    say('installing RxDB');
    const load = await installFromNpm('rxdb', { rxdb: version, rxjs: '7.8.2' });
    const library: Library = {
      rx: load('rxdb') as RxDb,
      storage: (load('rxdb/plugins/storage-memory') as { getRxStorageMemory: Library['storage'] }).getRxStorageMemory,
      replicate: (load('rxdb/plugins/replication') as { replicateRxCollection: Library['replicate'] })
        .replicateRxCollection,
    };
    return { version, open: (setup) => openArena(library, setup), close: () => Promise.resolve() } satisfies Ring;
  },
};

async function openArena(library: Library, setup: Setup): Promise<Arena> {
  const [a, b] = [await openSite(library, setup, 'a'), await openSite(library, setup, 'b')];
  const rows = Array.from({ length: setup.rows }, (_, index) => firstRow(index + 1));
  await b.rows.bulkUpsert(rows);
  const { storageInstance, conflictHandler } = b.rows;
  const master = library.rx.rxStorageInstanceToReplicationHandler(storageInstance, conflictHandler, b.database.token);
  let identifier = setup.probe;
  let replication: ReturnType<Library['replicate']> | null = null;
  const rejoin = async (): Promise<void> => {
    replication = library.replicate({
      replicationIdentifier: identifier,
      collection: a.rows,
      live: true,
      retryTime: 500,
      pull: {
        batchSize: batchRows,
        stream$: master.masterChangeStream$,
        handler: (checkpoint: unknown, size: number) => master.masterChangesSince(checkpoint, size),
      },
      push: { batchSize: batchRows, handler: (changed: unknown) => master.masterWrite(changed) },
    });
    await replication.awaitInitialReplication();
  };
  const part = async (): Promise<void> => {
    await replication?.cancel();
    replication = null;
  };
  await rejoin();
  const applications = {
    a: documentApplication(() => storeOf(a.rows), 'a'),
    b: documentApplication(() => storeOf(b.rows), 'b'),
  };
  const arena: Arena = {
    ...applications,
    rows: setup.rows,
    configuration:
      'replicateRxCollection; merged by field; sums; newest by the later updated_at; else A; an edit beats a delete',
    part,
    rejoin,
    pause: () => sleep(2_000),
    settle: () => untilStill(() => [applications.a, applications.b], { quietMs: 2_000, patienceMs: 60_000 }),
    questions: () => Promise.resolve([]),
    conflicts: () => Promise.resolve(null),
    traces: () => Promise.resolve([]),
    crash: () => Promise.reject(new Error('assertion failed: not applicable')),
    revive: () => Promise.reject(new Error('assertion failed: not applicable')),
    forget() {
      identifier += '-again';
      return Promise.resolve('the checkpoint and what was last seen of the master (another replication identifier)');
    },
    audit: () => Promise.resolve(null),
    async close() {
      await part();
      await Promise.all([a.database.close(), b.database.close()]);
    },
  };
  await arena.settle();
  return arena;
}

async function openSite({ rx, storage }: Library, setup: Setup, site: string) {
  const database = await rx.createRxDatabase({
    name: `${setup.probe}-${site}`,
    storage: storage(),
    multiInstance: false,
  });
  const { rows } = await database.addCollections({
    rows: {
      schema: {
        version: 0,
        primaryKey: 'id',
        type: 'object',
        properties: {
          id: { type: 'string', maxLength: 20 },
          ...Object.fromEntries(fields.map((field) => [field, { type: ['string', 'null'] }])),
        },
      },
      conflictHandler: {
        isEqual,
        resolve: ({ newDocumentState, realMasterState, assumedMasterState }: Clash) =>
          merged(setup.rules, { newDocumentState, realMasterState, assumedMasterState }),
      },
    },
  });
  return { database, rows };
}

type Clash = {
  readonly newDocumentState: Document;
  readonly realMasterState: Document;
  readonly assumedMasterState?: Document | undefined;
};

const isDeleted = (document: Document): boolean => document['_deleted'] === true;

function isEqual(left: Document, right: Document): boolean {
  return (
    isDeleted(left) === isDeleted(right) && fields.every((field) => (left[field] ?? null) === (right[field] ?? null))
  );
}

/**
 * What an application's author would write: three-way by field. Where both changed one, sums are summed, the stamp of the
 * application decides what is to be decided by time, and A's value wins otherwise.
 */
function merged(
  rules: Setup['rules'],
  { newDocumentState: mine, realMasterState: master, assumedMasterState: base }: Clash,
): Document {
  const isMineLater = (mine.updated_at ?? '') >= (master.updated_at ?? '');
  const value = (field: Field): string | null => {
    const [own, other, old] = [mine[field] ?? null, master[field] ?? null, base?.[field] ?? null];
    if (own === other || own === old) return other;
    if (other === old) return own;
    if (rules[field] === 'sum') return String(Number(own) + Number(other) - Number(old));
    return (rules[field] === 'newest' || rules[field] === 'later') && !isMineLater ? other : own;
  };
  const values = Object.fromEntries(fields.map((field) => [field, value(field)]));
  return { ...mine, ...values, _deleted: isDeleted(mine) && isDeleted(master) };
}

function storeOf(collection: Collection): DocumentStore {
  const all = async (): Promise<readonly Row[]> =>
    (await collection.find().exec()).map((document) => {
      const row = document.toJSON();
      return rowOf(row.id, row);
    });
  return {
    async change(ids, change) {
      const old = new Map((await all()).map((row) => [row.id, row]));
      await collection.bulkUpsert(
        ids.map((id) => {
          const row = old.get(id) ?? rowOf(id, {});
          return { ...row, ...change(row), id };
        }),
      );
    },
    remove: async (ids) => void (await collection.bulkRemove(ids)),
    all,
  };
}
