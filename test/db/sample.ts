import { entityId, pairId, recordKey, revisionId, sideName, unitName } from '../../src/core/ids.js';
import type { LedgerEntry, LedgerPayload, SealedPayload } from '../../src/core/ledger/entry.js';
import type { PairRules } from '../../src/core/rules.js';
import { migrate } from '../../src/db/migrate.js';
import { openStore, type PostgresStore, type StoreOptions } from '../../src/db/postgres-store.js';
import type {
  Changes,
  ConflictDraft,
  DeliveryRow,
  EntityChange,
  PairTransaction,
  SavedRevision,
} from '../../src/engine/store.js';
import { appRole, freshDatabase, type TestDatabase } from '../support/postgres.js';

/** A small world for the tests of the store: one pair, two sides, two units. */
export const suppliers = pairId('suppliers');
export const crm = sideName('crm');
export const erp = sideName('erp');
export const name = unitName('name');
export const address = unitName('address');
export const first = revisionId('r1');

export type OpenedStore = { readonly store: PostgresStore; readonly database: TestDatabase; close(): Promise<void> };

/** A migrated database of its own with the store open on it as the application's role. */
export async function openedStore(options: Omit<StoreOptions, 'url'> = {}): Promise<OpenedStore> {
  const database = await freshDatabase();
  await migrate({ ownerUrl: database.ownerUrl, appRole });
  const store = await openStore({ url: database.appUrl, ...options });
  await store.saveRevision(savedRevision('r1'));
  return {
    store,
    database,
    async close() {
      await store.close();
      await database.drop();
    },
  };
}

export function savedRevision(id: string, pair = suppliers): SavedRevision {
  const side = (own: typeof crm) =>
    ({ name: own, connection: own, object: 'things', key: ['id'], creates: 'copy', deletes: 'ask' }) as const;
  const rules: PairRules = {
    pair,
    revision: revisionId(id),
    about: 'The companies we buy from.',
    owner: 'data',
    sides: [side(crm), side(erp)],
    units: [],
    match: [],
    run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: null },
  };
  return { pair, id: revisionId(id), rules, text: `pair: ${pair} # ${id}`, connections: {} };
}

/** Commits lists in a transaction of their own, one tick on. */
export async function commit(
  store: PostgresStore,
  lists: Omit<Changes, 'pair'> | ((transaction: PairTransaction) => Omit<Changes, 'pair'>),
): Promise<void> {
  await store.transact(suppliers, async (transaction) => {
    const { pair } = transaction;
    const made = typeof lists === 'function' ? lists(transaction) : lists;
    const ledgerSize = pair.ledgerSize + (made.entries?.length ?? 0);
    await transaction.commit({ ...made, pair: { ...pair, tick: pair.tick + 1, ledgerSize } });
  });
}

export function entity(id: number, changes: Partial<EntityChange> = {}): EntityChange {
  return { id: entityId(id), state: `["state of ${id}"]`, standing: 'agreed', isNew: true, ...changes };
}

export function entry(seq: number, atMs: number, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    pair: suppliers,
    seq,
    atMs,
    kind: 'edited',
    entity: entityId(1),
    side: crm,
    units: [name, address],
    actor: 'side:crm',
    rule: 'either: ask',
    revision: first,
    source: 'poll',
    dot: 'crm#1:3',
    vvBefore: 'name crm#1:2',
    vvAfter: 'name crm#1:3',
    lo: 1_700_000_000_001,
    hi: 1_700_000_000_999,
    run: 1,
    delivery: null,
    commitment: 'ab'.repeat(32),
    leaf: '0f'.repeat(32),
    ...changes,
  };
}

/** The payload as the engine hands it over: text, with its nonce beside it. */
export function sealed(value: string): SealedPayload {
  const { nonce, ...rest } = payload(value);
  return { nonce, text: JSON.stringify(rest) };
}

export function payload(value: string): LedgerPayload {
  return {
    nonce: '00'.repeat(16),
    patch: [{ op: 'replace', path: '/name', value }],
    inverse: [{ op: 'remove', path: '/name' }],
    effects: [
      { unit: name, before: null, after: value, vvBefore: {}, vvAfter: { 'crm#1': 3 }, ctx: { [crm]: { 'crm#1': 3 } } },
    ],
    detail: { key: 'K1' },
  };
}

export function delivery(id: number, entities: readonly number[], changes: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id,
    pair: suppliers,
    side: erp,
    state: 'planned',
    attempt: 0,
    count: entities.length,
    run: 1,
    plan: null,
    tick: 1,
    announced: null,
    createdAtMs: 1_700_000_000_123,
    items: entities.map((number) => ({
      entity: entityId(number),
      kind: 'update',
      key: recordKey(`K${number}`),
      fields: { name: `new "${number}"` },
      expect: { name: 'old' },
      token: null,
      version: 'v1',
    })),
    ...changes,
  };
}

export function conflict(id: number, changes: Partial<ConflictDraft> = {}): ConflictDraft {
  return {
    entity: entityId(id),
    unit: name,
    kind: 'clash',
    shape: '["clash","name"]',
    label: 'ARRIS Group, Inc. | CommScope',
    vv: 'crm#1:1 erp#1:1',
    detail: {
      agreed: 'ARRIS',
      sides: { [crm]: { value: 'ARRIS Group, Inc.', raw: 'ARRIS Group, Inc.', lo: 1, hi: null } },
      note: null,
    },
    revision: first,
    rule: 'either: ask',
    ...changes,
  };
}
