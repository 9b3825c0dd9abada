import { noErasure, runEntries, storedEntry } from './memory-history.js';
import { assert } from '../../../src/core/assert.js';
import { ParleyError } from '../../../src/core/errors.js';
import type { PairId, RecordKey } from '../../../src/core/ids.js';
import type {
  Changes,
  DeliveryRow,
  DeliverySummary,
  PairRow,
  PairTransaction,
  Store,
} from '../../../src/engine/store.js';
import type { PlanRow } from '../../../src/engine/plan-rows.js';
import { matchReads } from './memory-matches.js';
import { parentReads, referenceReads } from './memory-references.js';
import { committed, emptyTables, type EntityRow, linkName, type Tables } from './tables.js';

/** What may go wrong in the database, one word a statement; null: nothing does. */
export type StoreFault =
  /** Another transaction was faster, or the lock was not free in time: nothing was committed. */
  | 'conflict'
  /** Nothing was committed, and the connection is gone. */
  | 'lost before'
  /** It was committed, and the connection is gone before the answer came. */
  | 'lost after';

/** Who asks, and what may happen to them meanwhile. Each worker has its own; the tables are common to all. */
export type StoreClient = {
  /** Waits until the scheduler lets the caller go on; never returns to a caller that was killed. */
  pause(label: string): Promise<void>;
  fault(label: string): StoreFault | null;
  /** Something was committed: the tables before, after, and what was asked for. */
  committed(before: Tables, after: Tables, changes: readonly Changes[]): void;
};

/** The database that all workers share: one set of tables, one lock for the pair, one clock. */
export class MemoryDatabase {
  tables: Tables = emptyTables;
  /** Who holds the pair's lock. */
  holder: StoreClient | null = null;
  readonly nowMs: () => number;
  /** Other pairs of the same database, by name. */
  readonly others = new Map<PairId, MemoryDatabase>();

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** What the server does when a client's process dies: its transaction is rolled back and its lock released. */
  disconnect(client: StoreClient): void {
    if (this.holder === client) this.holder = null;
  }
}

export const freeClient: StoreClient = {
  pause: () => Promise.resolve(),
  fault: () => null,
  committed: () => undefined,
};

/** The Store port on tables in this process, for one client; what it promises is what `store-contract.ts` asks of both stores. */
export function openMemoryStore(database: MemoryDatabase, client: StoreClient = freeClient): Store {
  return { ...configuration(database, client), ...work(database, client), ...plans(database, client) };
}

/** One statement outside of a transaction of the pair: it reads committed tables only, and is committed by itself. */
async function statement<T>(
  database: MemoryDatabase,
  client: StoreClient,
  label: string,
  run: (tables: Tables) => T | { readonly answer: T; readonly tables: Tables },
): Promise<T> {
  await client.pause(label);
  const fault = client.fault(label);
  if (fault === 'conflict' || fault === 'lost before') throw failure(fault);
  const before = database.tables;
  const result = run(before);
  const isWrite = result !== null && typeof result === 'object' && 'tables' in result && 'answer' in result;
  if (isWrite) database.tables = result.tables;
  if (fault !== null) throw failure(fault);
  return isWrite ? result.answer : result;
}

function failure(fault: StoreFault): ParleyError {
  return fault === 'conflict'
    ? new ParleyError('store.conflict', 'Another process was faster (40001). Nothing was committed.')
    : new ParleyError('store.unreachable', 'The database did not answer (CONNECTION_CLOSED).');
}

function pairOf(tables: Tables, pair: PairId): PairRow {
  if (tables.pair?.pair === pair) return tables.pair;
  throw new ParleyError('pair.not_found', `There is no pair "${pair}". Nothing was changed.`);
}

function configuration(
  database: MemoryDatabase,
  client: StoreClient,
): Pick<Store, 'saveRevision' | 'revision' | 'pair' | 'pairs'> {
  return {
    saveRevision: (revision) =>
      statement(database, client, 'saveRevision', (tables) => {
        const revisions = tables.revisions.has(revision.id)
          ? tables.revisions
          : new Map(tables.revisions).set(revision.id, revision);
        const pair = tables.pair === null ? newPair(revision.pair, revision.id) : tables.pair;
        return {
          answer: undefined,
          tables: { ...tables, revisions, pair: { ...pair, latestRevision: revision.id } },
        };
      }),
    revision: (_pair, id) => statement(database, client, 'revision', ({ revisions }) => revisions.get(id) ?? null),
    pair: (pair) => statement(database, client, 'pair', (tables) => pairOf(tables, pair)),
    pairs: () => statement(database, client, 'pairs', ({ pair }) => (pair === null ? [] : [pair])),
  };
}

function newPair(pair: PairId, latestRevision: PairRow['latestRevision']): PairRow {
  return {
    pair,
    mode: 'new',
    halt: null,
    revision: null,
    latestRevision,
    epoch: 1,
    tick: 0,
    nextEntity: 1,
    linked: 0,
    cursors: {},
    ledgerSize: 0,
    ledgerPeaks: [],
    nextRun: 1,
    nextDelivery: 1,
    waiting: false,
    lastVerifyAtMs: null,
  };
}

type Work = Omit<Store, keyof ReturnType<typeof configuration> | keyof ReturnType<typeof plans>>;

function work(database: MemoryDatabase, client: StoreClient): Work {
  return {
    transact: (pair, decide) => transact(database, client, pair, decide),
    openDeliveries: () => statement(database, client, 'openDeliveries', openDeliveries),
    rereads: (_pair, side, limit) =>
      statement(database, client, 'rereads', (tables) =>
        [...tables.rereads.values()]
          .filter((row) => row.side === side)
          .slice(0, limit)
          .map(({ key }) => key),
      ),
    ...parentReads(database, (label, of) => statement(database, client, label, of)),
    entities: (_pair, { after, limit, standings }) =>
      statement(database, client, 'entities', (tables) =>
        byId([...tables.entities.values()])
          .filter(({ id, standing }) => id > (after ?? 0) && (standings?.includes(standing) ?? true))
          .slice(0, limit)
          .map(stored),
      ),
    linkedKeys: (_pair, side, after, limit) =>
      statement(database, client, 'linkedKeys', (tables) =>
        [...tables.links.values()]
          .filter((link) => link.side === side && (after === null || byBytes(link.key, after) > 0))
          .sort((a, b) => byBytes(a.key, b.key))
          .slice(0, limit),
      ),
    ledger: (_pair, from, limit) =>
      statement(database, client, 'ledger', ({ ledger }) => ledger.slice(from, from + limit).map(storedEntry)),
    leaves: (_pair, from, limit) =>
      statement(database, client, 'leaves', ({ ledger }) =>
        ledger.slice(from, from + limit).map(({ entry }) => entry.leaf),
      ),
    retirement: () => Promise.resolve(null),
    runEntries: (_pair, run, page) =>
      statement(database, client, 'runEntries', (tables) => runEntries(tables, run, page)),
    runCreates: (_pair, run) =>
      statement(database, client, 'runCreates', ({ deliveries }) =>
        [...deliveries.values()]
          .filter((delivery) => delivery.run === run && delivery.state === 'done')
          .flatMap(({ side, items }) =>
            items.filter(({ kind }) => kind === 'create').map(({ entity }) => ({ entity, side })),
          ),
      ),
    runCounts: (_pair, run) => statement(database, client, 'runCounts', ({ runs }) => runs.get(run)?.counts ?? {}),
    tokenByHash: () => Promise.resolve(null),
    nowMs: () => statement(database, client, 'nowMs', () => database.nowMs()),
    beat: () => Promise.resolve(),
    ping: () => statement(database, client, 'ping', () => undefined),
    close: () => Promise.resolve(),
  };
}

const stored = ({ id, state, tick }: EntityRow): { id: EntityRow['id']; state: string; tick: number } => ({
  id,
  state,
  tick,
});

function openDeliveries({ deliveries }: Tables): DeliverySummary[] {
  return byId([...deliveries.values()].filter(({ state }) => state !== 'done')).map(
    ({ id, side, state, attempt, count }) => ({ id, side, state, attempt, count }),
  );
}

function byId<Row extends { readonly id: number }>(rows: Row[]): Row[] {
  return rows.sort((a, b) => a.id - b.id);
}

function byBytes(a: RecordKey, b: RecordKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * One transaction with the pair's row locked. The draft becomes the tables in one step, or not at all. Who finds the
 * lock taken by somebody who does not move is turned away as the database would do it, after a while.
 */
async function transact<T>(
  database: MemoryDatabase,
  client: StoreClient,
  pair: PairId,
  decide: (transaction: PairTransaction) => Promise<T>,
): Promise<T> {
  await client.pause('begin');
  const fault = client.fault('transact');
  if (fault === 'conflict' || database.holder !== null) throw failure('conflict');
  if (fault === 'lost before') throw failure(fault);
  database.holder = client;
  const before = database.tables;
  const draft = { tables: before, changes: [] as Changes[] };
  let result: T;
  try {
    result = await decide(transactionOn(database, client, pair, draft));
    await client.pause('commit');
  } finally {
    if (database.holder === client) database.holder = null;
  }
  const afterwards = client.fault('commit');
  if (afterwards === 'conflict' || afterwards === 'lost before') throw failure(afterwards);
  // What was saved beside the pair's lock meanwhile stands: plans and revisions are rows of their own.
  const { revisions, plans: made, planItems, pair: row } = database.tables;
  const latestRevision = row?.latestRevision ?? null;
  const locked = draft.tables.pair;
  database.tables = {
    ...draft.tables,
    revisions,
    plans: made,
    planItems,
    pair: locked === null || latestRevision === null ? locked : { ...locked, latestRevision },
  };
  if (draft.changes.length > 0) client.committed(before, database.tables, draft.changes);
  await client.pause('committed');
  if (afterwards === 'lost after') throw failure(afterwards);
  return result;
}

function transactionOn(
  database: MemoryDatabase,
  client: StoreClient,
  pair: PairId,
  draft: { tables: Tables; readonly changes: Changes[] },
): PairTransaction {
  const nowMs = database.nowMs();
  const start = draft.tables;
  const open = openDeliveries(start);
  const ids = (wanted: DeliverySummary['state']): ReadonlySet<number> =>
    new Set(open.filter(({ state }) => state === wanted).map(({ id }) => id));
  const read = async <R>(label: string, of: (tables: Tables) => R): Promise<R> => {
    await client.pause(label);
    return of(draft.tables);
  };
  return {
    pair: pairOf(start, pair),
    nowMs,
    sent: ids('sent'),
    planned: ids('planned'),
    entitiesByKeys: (side, keys) =>
      read('entitiesByKeys', ({ links, entities }) =>
        keys.flatMap((key) => {
          const entity = entities.get(links.get(linkName({ side, key }))?.entity ?? (0 as never));
          return entity === undefined ? [] : [{ key, ...stored(entity) }];
        }),
      ),
    entitiesByIds: (wanted) =>
      read('entitiesByIds', ({ entities }) =>
        byId(
          [...new Set(wanted)].flatMap((id) => {
            const entity = entities.get(id);
            return entity === undefined ? [] : [stored(entity)];
          }),
        ),
      ),
    ...matchReads(read),
    ...noErasure,
    ...referenceReads(database, read),
    delivery: (id) => read('delivery', ({ deliveries }): DeliveryRow | null => deliveries.get(id) ?? null),
    movedSince: (wanted, tick) =>
      read('movedSince', ({ entities }) =>
        byId([...new Set(wanted)].flatMap((id) => entities.get(id) ?? []).filter((row) => row.tick > tick)).map(
          ({ id }) => id,
        ),
      ),
    // Worlds set no rate, so nobody may ask.
    writesWithin: () => Promise.reject(new Error('no world has a limit of writes a minute')),
    openPlan: () => read('openPlan', () => openPlan(database.tables)),
    openConflicts: (wanted) =>
      read('openConflicts', ({ conflicts }) =>
        conflicts.filter(({ entity, state }) => state === 'open' && wanted.includes(entity)),
      ),
    async commit(changes) {
      await client.pause('write');
      assert(database.holder === client, 'a transaction that lost its lock cannot commit');
      // Entries that are made when they are written are made once, whoever else wants to see them.
      const made = changes.entries;
      const entries = typeof made === 'function' ? made() : made;
      const written =
        entries === undefined ? changes : { ...changes, entries: 'head' in entries ? () => entries : entries };
      draft.tables = committed(draft.tables, written, nowMs);
      draft.changes.push(written);
    },
  };
}

function openPlan({ plans: made }: Tables): PlanRow | null {
  return made.findLast(({ state }) => state === 'reading' || state === 'deciding' || state === 'applying') ?? null;
}

type Plans = Pick<Store, 'createPlan' | 'plan' | 'savePlanItems' | 'countShapes' | 'updatePlan' | 'openPlan'>;

function plans(database: MemoryDatabase, client: StoreClient): Plans {
  return {
    createPlan: ({ pair, revision, by, undo }) =>
      statement(database, client, 'createPlan', (tables) => {
        // Plans of all pairs are numbered together.
        const others = [...database.others.values()].map((other) => other.tables.plans.length);
        const id = others.reduce((sum, count) => sum + count, tables.plans.length) + 1;
        const plan = newPlan(id, { pair, revision, createdBy: by, createdAtMs: database.nowMs(), undo: undo ?? null });
        return { answer: id, tables: { ...tables, plans: [...tables.plans, plan] } };
      }),
    plan: (id) => statement(database, client, 'plan', (tables) => tables.plans.find((one) => one.id === id) ?? null),
    savePlanItems: (plan, items) =>
      statement(database, client, 'savePlanItems', (tables) => {
        const again = new Set(items.map(({ entity }) => entity));
        const kept = tables.planItems.filter((item) => item.plan !== plan || !again.has(item.entity));
        const planItems = [...kept, ...items.map((item) => ({ ...item, plan }))];
        return { answer: undefined, tables: { ...tables, planItems } };
      }),
    countShapes: (plan) =>
      statement(database, client, 'countShapes', ({ planItems }) => {
        const asked = planItems.filter((item) => item.plan === plan && item.kind === 'ask' && item.shape !== null);
        return new Set(asked.map(({ shape }) => shape)).size;
      }),
    updatePlan: (id, changes) =>
      statement(database, client, 'updatePlan', (tables) => {
        const at = tables.plans.findIndex((one) => one.id === id);
        const plan = tables.plans[at];
        if (plan === undefined) throw new ParleyError('plan.not_found', `There is no plan ${id}. Nothing was changed.`);
        const given = Object.entries(changes).filter(([, value]) => value !== undefined);
        const changed = { ...plan, ...Object.fromEntries(given) };
        return { answer: undefined, tables: { ...tables, plans: tables.plans.with(at, changed) } };
      }),
    openPlan: () => statement(database, client, 'openPlan', openPlan),
  };
}

function newPlan(
  id: number,
  given: Pick<PlanRow, 'pair' | 'revision' | 'createdBy' | 'createdAtMs' | 'undo'>,
): PlanRow {
  return {
    id,
    state: given.undo === null ? 'reading' : 'deciding',
    counts: null,
    tick: null,
    asOf: null,
    expiresAtMs: null,
    approvedBy: null,
    progress: null,
    problem: null,
    ...given,
  };
}
