import type { EntityId, PairId, RecordKey, RevisionId, SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import type { StoredEntry } from './ledger-store.js';
import type { ConflictKind, ConflictRow, PairRow, Standing, StoredEntity } from './store.js';
import type { PlanItem, PlanRow } from './plan-rows.js';

/**
 * What people and machines look at: queries behind the API, none of which changes anything or contacts a system.
 * Lists are keyset-paged: pass the `next` of one page as `after` of the following one.
 */
export interface ReadModel {
  pairStatus(pair: PairId): Promise<PairStatus>;
  pairStatuses(): Promise<readonly PairStatus[]>;
  runs(pair: PairId | null, page: PageRequest): Promise<Page<RunRow>>;
  plans(pair: PairId | null, page: PageRequest): Promise<Page<PlanRow>>;
  planItems(
    plan: number,
    filter: PlanItemFilter,
    page: PageRequest,
  ): Promise<Page<PlanItem & { readonly seq: number }>>;
  records(pair: PairId, filter: RecordFilter, page: PageRequest): Promise<Page<RecordRow>>;
  /** The entity that a record stands for, by side and key; null when the pair never saw it. */
  entityByKey(pair: PairId, side: SideName, key: RecordKey): Promise<StoredEntity | null>;
  /** Ledger entries of one entity, newest first. */
  entityLedger(pair: PairId, entity: EntityId, page: PageRequest): Promise<Page<StoredEntry>>;
  ledger(pair: PairId, page: PageRequest): Promise<Page<StoredEntry>>;
  /** Deliveries that carried the entity, newest first, with what became of its item. */
  entityDeliveries(pair: PairId, entity: EntityId, limit: number): Promise<readonly EntityDelivery[]>;
  conflictGroups(filter: ConflictFilter, page: PageRequest): Promise<Page<ConflictGroup>>;
  conflicts(filter: ConflictFilter, page: PageRequest): Promise<Page<ConflictRow>>;
  conflict(id: number): Promise<ConflictRow | null>;
  /** Open questions of one entity first, then the newest ended ones; at most 50. */
  entityConflicts(pair: PairId, entity: EntityId): Promise<readonly ConflictRow[]>;
  setAside(pair: PairId, page: PageRequest): Promise<Page<SetAsideView>>;
  /** Facts since `after` (a ledger position), for `watch`; at most `limit`, oldest first. */
  entriesSince(pair: PairId, after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Workers that were alive within the last 30 seconds. */
  workersAlive(): Promise<number>;
}

export type PageRequest = { readonly after: string | null; readonly limit: number };
export type Page<Row> = { readonly rows: readonly Row[]; readonly next: string | null };

export type PairStatus = {
  readonly row: PairRow;
  readonly owner: string;
  readonly about: string;
  readonly everyMs: number;
  readonly sides: readonly { readonly name: SideName; readonly connection: string; readonly object: string }[];
  readonly standings: { readonly [standing in Standing]: number };
  /** Hub time of the oldest write that is planned and not yet acknowledged; null when nothing waits. */
  readonly oldestUndeliveredMs: number | null;
  readonly openConflicts: { readonly [kind in ConflictKind]: number };
  readonly lastRun: RunRow | null;
  readonly setAside: number;
  readonly openPlan: PlanRow | null;
  readonly nowMs: number;
};

export type RunRow = {
  readonly pair: PairId;
  readonly id: number;
  readonly kind: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly result: 'running' | 'done' | 'partly' | 'failed' | 'halted';
  readonly counts: { readonly [counter: string]: number };
  readonly problem: string | null;
};

export type PlanItemFilter = {
  readonly kind: PlanItem['kind'] | null;
  readonly unit: UnitName | null;
  readonly blankOnly: boolean;
};
export type RecordFilter = { readonly standing: Standing | null; readonly keyPrefix: string | null };
export type RecordRow = {
  readonly entity: EntityId;
  readonly standing: Standing;
  readonly keys: { readonly [side: SideName]: RecordKey };
  readonly changedAtMs: number;
};

export type EntityDelivery = {
  readonly id: number;
  readonly side: SideName;
  readonly state: string;
  readonly kind: string;
  readonly createdAtMs: number;
  readonly sentAtMs: number | null;
  readonly doneAtMs: number | null;
  readonly attempt: number;
  readonly outcome: string;
  readonly fields: { readonly [field: string]: Json };
};

export type ConflictFilter = {
  readonly pair: PairId | null;
  readonly state: 'open' | 'decided' | 'closed' | null;
  readonly kind: ConflictKind | null;
  readonly unit: UnitName | null;
  readonly shape: string | null;
};

export type ConflictGroup = {
  readonly pair: PairId;
  readonly kind: ConflictKind;
  readonly unit: UnitName | null;
  readonly shape: string;
  readonly label: string;
  readonly count: number;
  /** One of the group, for `review show` and `review bulk --like`. */
  readonly exampleId: number;
  readonly oldestAtMs: number;
  readonly revision: RevisionId;
};

export type SetAsideView = {
  readonly side: SideName;
  readonly place: string;
  readonly reason: string;
  readonly key: RecordKey | null;
  readonly atMs: number;
};
