import { hasCode, ParleyError } from '../core/errors.js';
import type { Log } from '../engine/ports.js';
import type { ReadModel } from '../engine/read-model.js';
import type { Role, Store } from '../engine/store.js';
import { type Database, openDatabase } from './client.js';
import { openReadModel } from './read-model.js';
import { selectOpen, selectRunCreates } from './store/deliveries.js';
import { rewrapKeys } from './store/data-keys.js';
import { markerOf } from './store/erasure.js';
import { entryReader, selectEntries, selectLeaves, selectRunEntries, unbroken } from './store/ledger.js';
import { checkMigrated } from './store/migrated.js';
import { pairRow, savePair, selectPairs } from './store/pairs.js';
import {
  countShapes,
  deletePlanItems,
  insertPlan,
  insertPlanItems,
  planRow,
  selectOpenPlan,
  selectPlan,
  updatePlan,
} from './store/plans.js';
import { putBeat, putToken, selectToken } from './store/presence.js';
import { selectLinkedKeys } from './store/record-links.js';
import { selectPage } from './store/record-states.js';
import { selectNamed } from './store/reference-names.js';
import { parentRows } from './store/reference-waits.js';
import { selectRereads } from './store/rereads.js';
import { leavesIn, retirementOf, selectRetiredLeaves, selectRetirement } from './store/retired.js';
import { insertRevision, savedRevision, selectRevision } from './store/revisions.js';
import { selectRunCounts } from './store/runs.js';
import { lockedPair, pairNotFound, selectClock, type StoreSecrets } from './store/transaction.js';
import { wrappingKeysOf } from './wrapping-keys.js';

export type StoreOptions = {
  /** The application role's URL. */
  readonly url: string;
  readonly log?: Log;
  /** Marks the identities of erased records; without it nothing is erased. At least 32 bytes. */
  readonly erasureKey?: Buffer | null;
  /** Encrypt the values of the history; the first one wraps new keys. None: values stand as they are. */
  readonly wrappingKeys?: readonly Buffer[];
  /** Connections kept; 10 when not given. */
  readonly connectionsMax?: number;
  /** Called with the text of every statement as it is sent; for tests that count. */
  readonly onStatement?: (text: string) => void;
};

export type PostgresStore = Store & {
  readonly readModel: ReadModel;
  /** Wraps every data key with the first wrapping key; @throws ParleyError `keys.unknown`. Safe to run again. */
  rewrapKeys(): Promise<{ readonly rewrapped: number }>;
  /** Lets a bearer token in. Only its hash is given and kept; a hash that is known gets the newer name and role. */
  saveToken(token: { readonly hash: string; readonly name: string; readonly role: Role }): Promise<void>;
};

const connectionsMaxDefault = 10;
/** A page takes well under a second: who waits this long for a pair is better told to come again. */
const lockTimeoutMs = 30_000;
const monthsAhead = 3;
const dayMs = 86_400_000;

/**
 * The Store on Postgres. Opening does not fail when the database is away or not migrated: `ping` says so, and every
 * method throws `store.unreachable`, `store.not_migrated` or, worth another try, `store.conflict`.
 */
export async function openStore(options: StoreOptions): Promise<PostgresStore> {
  const database = openDatabase({
    url: options.url,
    connectionsMax: options.connectionsMax ?? connectionsMaxDefault,
    lockTimeoutMs,
    log: options.log,
    onStatement: options.onStatement,
  });
  const wrapping = wrappingKeysOf(options.wrappingKeys ?? []);
  const months = partitionsAhead(database, options.log);
  await months();
  return {
    ...configuration(database),
    ...work(database, { marker: options.erasureKey == null ? null : markerOf(options.erasureKey), wrapping }),
    ...plans(database),
    readModel: openReadModel(database, wrapping),
    rewrapKeys: () => rewrapKeys(database, wrapping),
    async tokenByHash(hash) {
      const [row] = await database.run((sql) => selectToken(sql, hash));
      return row ?? null;
    },
    async saveToken(token) {
      await database.run((sql) => putToken(sql, token));
    },
    async nowMs() {
      const [row] = await database.run(selectClock);
      return row?.now_ms ?? 0;
    },
    async beat(worker) {
      await database.run((sql) => putBeat(sql, worker));
      await months();
    },
    ping: () => checkMigrated(database),
    close: () => database.close(),
  };
}

/** Keeps the months of the history ahead of the clock: at start and then once a day, for a process that lives long. */
function partitionsAhead(database: Database, log: Log | undefined): () => Promise<void> {
  let day = 0;
  return async () => {
    const today = Math.floor(Date.now() / dayMs);
    if (today === day) return;
    try {
      await database.run((sql) => sql<{ made: number }[]>`select history_partitions_ahead(${monthsAhead}) as made`);
      day = today;
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      log?.warn(
        { code: error.code },
        "the history's coming months could not be prepared; tried again with the next beat",
      );
      if (!error.retryable && !hasCode(error, 'store.not_migrated')) throw error;
    }
  };
}

type Configuration = Pick<Store, 'saveRevision' | 'revision' | 'pair' | 'pairs'>;

function configuration(database: Database): Configuration {
  return {
    async saveRevision(revision) {
      await database.transaction(async (sql) => {
        await insertRevision(sql, revision);
        await savePair(sql, revision.pair, revision.id);
      });
    },
    async revision(pair, id) {
      const [row] = await database.run((sql) => selectRevision(sql, pair, id));
      return row === undefined ? null : savedRevision(row);
    },
    async pair(pair) {
      const [row] = await database.run((sql) => selectPairs(sql, pair));
      if (row === undefined) throw pairNotFound(pair);
      return pairRow(row);
    },
    pairs: async () => (await database.run((sql) => selectPairs(sql, null))).map(pairRow),
  };
}

type Work = Pick<
  Store,
  | 'transact'
  | 'openDeliveries'
  | 'rereads'
  | 'parents'
  | 'namedBy'
  | 'entities'
  | 'linkedKeys'
  | 'ledger'
  | 'leaves'
  | 'retirement'
  | 'runEntries'
  | 'runCreates'
  | 'runCounts'
>;

function work(database: Database, secrets: StoreSecrets): Work {
  const reader = (): ReturnType<typeof entryReader> => entryReader(secrets.wrapping);
  return {
    transact: (pair, decide) => database.transaction(async (sql) => decide(await lockedPair(sql, pair, secrets))),
    openDeliveries: (pair) => database.run((sql) => selectOpen(sql, pair)),
    rereads: async (pair, side, limit) =>
      (await database.run((sql) => selectRereads(sql, pair, side, limit))).map(({ key }) => key),
    parents: (pair, places) => parentRows(pair, places, (statement) => database.run(statement)),
    namedBy: async (parent, places) =>
      places.length === 0 ? [] : database.run((sql) => selectNamed(sql, parent, places)),
    entities: (pair, request) => database.run((sql) => selectPage(sql, pair, request)),
    linkedKeys: (pair, side, after, limit) =>
      database.run((sql) => selectLinkedKeys(sql, pair, { side, after, limit })),
    ledger: async (pair, from, limit) =>
      (await database.run((sql) => selectEntries(sql, { pair, from, limit }))).map(reader()),
    async leaves(pair, from, limit) {
      const leaves = unbroken(await database.run((sql) => selectLeaves(sql, { pair, from, limit })), from);
      if (leaves.length > 0) return leaves;
      return leavesIn(await database.run((sql) => selectRetiredLeaves(sql, { pair, from, limit })), from, limit);
    },
    async retirement(pair) {
      const [row] = await database.run((sql) => selectRetirement(sql, pair));
      return row === undefined ? null : retirementOf(row);
    },
    runEntries: async (pair, run, page) =>
      (await database.run((sql) => selectRunEntries(sql, pair, run, page))).map(reader()),
    runCreates: (pair, run) => database.run((sql) => selectRunCreates(sql, pair, run)),
    async runCounts(pair, run) {
      const [row] = await database.run((sql) => selectRunCounts(sql, pair, run));
      return row?.counts ?? {};
    },
  };
}

type Plans = Pick<Store, 'createPlan' | 'plan' | 'savePlanItems' | 'countShapes' | 'updatePlan' | 'openPlan'>;

function plans(database: Database): Plans {
  return {
    async createPlan(plan) {
      const [row] = await database.run((sql) => insertPlan(sql, plan));
      return row?.id ?? 0;
    },
    async plan(id) {
      const [row] = await database.run((sql) => selectPlan(sql, id));
      return row === undefined ? null : planRow(row);
    },
    async savePlanItems(plan, items) {
      if (items.length === 0) return;
      await database.transaction(async (sql) => {
        await deletePlanItems(sql, plan, items);
        await insertPlanItems(sql, plan, items);
      });
    },
    async countShapes(plan) {
      const [row] = await database.run((sql) => countShapes(sql, plan));
      return row?.count ?? 0;
    },
    async updatePlan(id, changes) {
      const rows = await database.run((sql) => updatePlan(sql, id, changes));
      if (rows.length === 0) throw new ParleyError('plan.not_found', `There is no plan ${id}. Nothing was changed.`);
    },
    async openPlan(pair) {
      const [row] = await database.run((sql) => selectOpenPlan(sql, pair));
      return row === undefined ? null : planRow(row);
    },
  };
}
