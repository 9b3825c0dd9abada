import type { ErrorCode } from '../core/errors.js';
import type { EntityId, PairId, RecordKey, RevisionId, SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import type { LedgerEntry, SealedPayload } from '../core/ledger/entry.js';
import type { LogHead } from '../core/ledger/merkle.js';
import type { Question } from '../core/question.js';
import type { PairRules } from '../core/rules.js';
import type { Standing } from '../core/standing.js';
import type { WriteKind } from '../core/state.js';
import type { ParentReads, ReferenceChanges, ReferenceReads } from './reference-store.js';
import type { MatchChanges, MatchReads } from './match-store.js';
import type { UndoScope } from '../core/undo-scope.js';
import type { ErasureTransaction } from './erasure-store.js';
import type { LedgerStore } from './ledger-store.js';
import type { PlanItem, PlanRow } from './plan-rows.js';

export type { Standing };

/**
 * The Store port: what the engine keeps in Postgres. Everything that a page decides is committed in one transaction
 * that holds the pair's row locked, so that work on one pair is serial whatever process does it (SPEC I5, I11).
 * Every method costs a fixed number of statements, whatever the size of its arguments.
 */
export interface Store extends LedgerStore, ParentReads {
  /** Registers a configuration revision and makes sure the pair's row exists. Idempotent. */
  saveRevision(revision: SavedRevision): Promise<void>;
  revision(pair: PairId, id: RevisionId): Promise<SavedRevision | null>;
  /** @throws ParleyError `pair.not_found` */
  pair(pair: PairId): Promise<PairRow>;
  pairs(): Promise<readonly PairRow[]>;

  /**
   * One transaction with the pair's row locked. The work reads through the handle and commits by returning;
   * throwing rolls everything back. Serialization failures and lost connections are thrown as retryable errors.
   */
  transact<T>(pair: PairId, work: (transaction: PairTransaction) => Promise<T>): Promise<T>;

  /** Deliveries of a pair that are not done, oldest first: `planned` ones to send, `sent` ones to resolve. */
  openDeliveries(pair: PairId): Promise<readonly DeliverySummary[]>;
  /** The oldest keys that must be read again before anything else on that side. */
  rereads(pair: PairId, side: SideName, limit: number): Promise<readonly RecordKey[]>;
  /** Ids and states of entities after `after`, ascending; `standings` null means all. */
  entities(pair: PairId, request: EntityPageRequest): Promise<readonly StoredEntity[]>;
  /** Live keys of one side after `after`, ascending by UTF-8 bytes, with their entities. */
  linkedKeys(pair: PairId, side: SideName, after: RecordKey | null, limit: number): Promise<readonly LinkRow[]>;

  createPlan(plan: { pair: PairId; revision: RevisionId; by: string; undo?: UndoScope }): Promise<number>;
  plan(id: number): Promise<PlanRow | null>;
  savePlanItems(plan: number, items: readonly PlanItem[]): Promise<void>;
  /** The number of distinct shapes among the questions of a plan. */
  countShapes(plan: number): Promise<number>;
  updatePlan(
    id: number,
    changes: Partial<
      Pick<PlanRow, 'state' | 'counts' | 'tick' | 'expiresAtMs' | 'approvedBy' | 'progress' | 'problem' | 'asOf'>
    >,
  ): Promise<void>;
  /** The plan of the pair that is being read, decided or applied, if any: what a restarted workflow goes on with. */
  openPlan(pair: PairId): Promise<PlanRow | null>;

  /** What a run counted so far; empty when it has not begun. */
  runCounts(pair: PairId, run: number): Promise<{ readonly [counter: string]: number }>;

  /** Hash of a bearer token to its name and role; null when unknown. */
  tokenByHash(hash: string): Promise<TokenRow | null>;
  /** The hub's clock: the database's, in epoch milliseconds. */
  nowMs(): Promise<number>;
  /** Notes that a worker is alive; readiness and doctor read it. */
  beat(worker: string): Promise<void>;
  /** Throws `store.unreachable` or `store.not_migrated`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Reads and the one write of a transaction that holds the pair's lock. */
export interface PairTransaction extends MatchReads, ErasureTransaction, ReferenceReads {
  readonly pair: PairRow;
  readonly nowMs: number;
  /** Deliveries that were sent and not acknowledged, as of the lock: what they carry may be under way. */
  readonly sent: ReadonlySet<number>;
  /** Deliveries that wait to be sent, as of the lock. */
  readonly planned: ReadonlySet<number>;
  entitiesByKeys(side: SideName, keys: readonly RecordKey[]): Promise<readonly KeyedEntity[]>;
  entitiesByIds(ids: readonly EntityId[]): Promise<readonly StoredEntity[]>;
  delivery(id: number): Promise<DeliveryRow | null>;
  /** Writes that were sent to sides of pairs within the last `ms` milliseconds, together. */
  writesWithin(places: readonly WritePlace[], ms: number): Promise<number>;
  /** Ids among these whose state was committed after `tick`. */
  movedSince(ids: readonly EntityId[], tick: number): Promise<readonly EntityId[]>;
  /** The plan that is being read, decided or applied, if any. */
  openPlan(): Promise<PlanRow | null>;
  openConflicts(ids: readonly EntityId[]): Promise<readonly ConflictRow[]>;
  /** Writes everything a page decided. May be called more than once in a transaction. */
  commit(changes: Changes): Promise<void>;
}

export type WritePlace = { readonly pair: PairId; readonly side: SideName };

export type PairMode =
  /** Never approved: only plans read it. */
  | 'new'
  | 'active'
  /** Reads go on, nothing is written, the queue grows. */
  | 'held'
  /** Neither read nor written. */
  | 'paused'
  /** Finishes the queue, then pauses. */
  | 'draining';

/** Why the brakes stopped the writes of a pair; an approved plan lifts it. */
export type Halt = {
  readonly reason: string;
  readonly counts: { readonly [name: string]: number };
  readonly atMs: number;
};

export type PairRow = {
  readonly pair: PairId;
  readonly mode: PairMode;
  readonly halt: Halt | null;
  /** The revision that decides; null before the first approved plan. */
  readonly revision: RevisionId | null;
  /** The newest saved revision; differs from `revision` when the files changed and no plan was applied since. */
  readonly latestRevision: RevisionId;
  readonly epoch: number;
  /** Rises by one with every commit. Logical time of the pair: read starts, no-op deliveries and plans refer to it. */
  readonly tick: number;
  readonly nextEntity: number;
  readonly linked: number;
  readonly cursors: { readonly [side: SideName]: SideCursor };
  /** Size and compact range (hex hashes of the perfect subtrees, largest first) of the pair's Merkle log. */
  readonly ledgerSize: number;
  readonly ledgerPeaks: readonly string[];
  /** Next id for runs and deliveries of the pair. */
  readonly nextRun: number;
  readonly nextDelivery: number;
  /** Writes were left unplanned while the pair was held: they are planned before the next page. */
  readonly waiting: boolean;
  readonly lastVerifyAtMs: number | null;
};

export type SideCursor = {
  readonly cursor: string | null;
  /** The pass under way: the pair's tick and the hub's time when it began; null between passes. */
  readonly pass: PassStart | null;
  /** The last pass that was read to its end and committed. */
  readonly complete: PassStart | null;
  /** Why the side could not be read, or was read and not believed; null when the last attempt went well. */
  readonly problem: SideProblem | null;
  /** Why the side could not be written at the last attempt. */
  readonly writeProblem?: SideProblem | null;
};
/** Why a side could not be read or written at the last attempt, in sentences, and since when that is so. */
export type SideProblem = { readonly code: ErrorCode; readonly text: string; readonly sinceMs: number };
export type PassStart = { readonly tick: number; readonly atMs: number };

/** The packed state (core/pack.ts) with what queries need beside it. */
export type StoredEntity = { readonly id: EntityId; readonly state: string; readonly tick: number };
export type KeyedEntity = StoredEntity & { readonly key: RecordKey };
export type LinkRow = { readonly side: SideName; readonly key: RecordKey; readonly entity: EntityId };

export type EntityPageRequest = {
  readonly after: EntityId | null;
  readonly limit: number;
  readonly standings: readonly Standing[] | null;
};

export type EntityChange = {
  readonly id: EntityId;
  readonly state: string;
  readonly standing: Standing;
  /** New for the store: insert; otherwise update. */
  readonly isNew: boolean;
};

/** Everything a page decided; the store assigns nothing, it only writes. Empty lists cost nothing. */
export type Changes = MatchChanges &
  ReferenceChanges & {
    /** The pair's row as it is to stand: tick, counters, cursors, mode, Merkle peaks. */
    readonly pair: PairRow;
    readonly entities?: readonly EntityChange[];
    readonly links?: readonly LinkRow[];
    readonly unlinks?: readonly LinkRow[];
    /** A function is called when the states are on their way: hashing a page takes as long as writing one. */
    readonly entries?: readonly WrittenEntry[] | (() => AppendedEntries);
    readonly deliveries?: readonly DeliveryRow[];
    readonly deliveryStates?: readonly {
      readonly id: number;
      readonly state: DeliveryState;
      readonly attempt: number;
      /** Missing: as before, until it is done. */
      readonly announced?: string | null;
      readonly outcome?: { readonly [kind: string]: number };
    }[];
    readonly intents?: readonly IntentRow[];
    /** Opened or replaced questions, one open per (entity, unit, kind). */
    readonly conflicts?: readonly ConflictDraft[];
    /** Questions that are no longer open, by entity, unit and kind. */
    readonly closes?: readonly ConflictClose[];
    readonly rereads?: readonly { readonly side: SideName; readonly key: RecordKey }[];
    readonly rereadsDone?: readonly { readonly side: SideName; readonly key: RecordKey }[];
    readonly setAside?: readonly SetAsideRow[];
    /** Places of rows set aside earlier are forgotten when a side is read in full again. */
    readonly setAsideCleared?: readonly SideName[];
    readonly run?: RunChange;
  };

export type WrittenEntry = { readonly entry: LedgerEntry; readonly payload: SealedPayload };
/** Entries with where the pair's log stands after them, which takes the place of what the pair's row says. */
export type AppendedEntries = { readonly entries: readonly WrittenEntry[]; readonly head: LogHead };

export type DeliveryState = 'planned' | 'sent' | 'done';
export type DeliverySummary = {
  readonly id: number;
  readonly side: SideName;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly count: number;
};

/** One page of writes to one side: the lock and the list. Its items are expanded into intents only when not clean. */
export type DeliveryRow = DeliverySummary & {
  readonly pair: PairId;
  readonly run: number;
  /** The plan that it applies: rows that moved since are left out and never written. Null for everyday work. */
  readonly plan: number | null;
  readonly tick: number;
  readonly createdAtMs: number;
  /** While it is sent: what is known of its batch before the commit (engine/announced-batch.ts); null where nothing is. */
  readonly announced: string | null;
  readonly items: readonly DeliveryItem[];
};

export type DeliveryItem = {
  readonly entity: EntityId;
  readonly kind: WriteKind;
  readonly key: RecordKey;
  readonly fields: { readonly [field: string]: Json };
  readonly expect: { readonly [field: string]: Json };
  readonly token: string | null;
  /** The versions it carries, as text: part of the idempotency key. */
  readonly version: string;
};

/** An item of a delivery whose outcome was not clean. */
export type IntentRow = {
  readonly delivery: number;
  readonly entity: EntityId;
  readonly side: SideName;
  readonly kind: WriteKind;
  readonly units: readonly UnitName[];
  readonly state: 'stale' | 'refused' | 'unknown' | 'unresolved' | 'superseded' | 'landed' | 'not_landed';
  readonly code: string | null;
  readonly message: string | null;
  readonly atMs: number;
};

export type ConflictKind = Question['kind'];

export type ConflictDraft = {
  readonly entity: EntityId;
  /** Null for questions about the whole record. */
  readonly unit: UnitName | null;
  readonly kind: ConflictKind;
  /** Questions of one shape can be decided together: same unit, same kind, same values or editors. */
  readonly shape: string;
  /** What people see of the shape, such as `ARRIS Group, Inc. | CommScope`. */
  readonly label: string;
  /** Register's vector when asked: a decision must name it (compare-and-set). */
  readonly vv: string;
  /** What each side holds and what was agreed, for the list; the full picture is in the entity. */
  readonly detail: ConflictDetail;
  readonly revision: RevisionId;
  readonly rule: string;
};

export type ConflictDetail = {
  readonly agreed: Json;
  readonly sides: {
    readonly [side: SideName]: {
      readonly value: Json;
      readonly raw: Json;
      readonly lo: number | null;
      readonly hi: number | null;
    };
  };
  readonly note: string | null;
};

export type ConflictRow = ConflictDraft & {
  readonly id: number;
  readonly pair: PairId;
  readonly state: 'open' | 'decided' | 'closed';
  readonly openedAtMs: number;
  readonly endedAtMs: number | null;
  readonly decidedBy: string | null;
  readonly choice: Json;
};

export type ConflictClose = {
  readonly entity: EntityId;
  readonly unit: UnitName | null;
  readonly kind: ConflictKind;
  readonly state: 'decided' | 'closed';
  readonly decidedBy: string | null;
  readonly choice: Json;
};

export type SetAsideRow = {
  readonly side: SideName;
  readonly place: string;
  readonly reason: string;
  readonly key: RecordKey | null;
};

/** Added to the run's counters; the row is made by its first change. */
export type RunChange = {
  readonly id: number;
  readonly kind: 'poll' | 'plan' | 'apply' | 'verify' | 'decide';
  readonly add: { readonly [counter: string]: number };
  readonly ended?: 'done' | 'partly' | 'failed' | 'halted';
  readonly problem?: string | null;
};

export type SavedRevision = {
  readonly pair: PairId;
  readonly id: RevisionId;
  readonly rules: PairRules;
  readonly text: string;
  readonly connections: { readonly [connection: string]: ConnectionSettings };
};
/** A connection as configured: option values are literal text or a reference to the environment. Never a secret. */
export type ConnectionSettings = {
  readonly connector: string;
  readonly options: { readonly [name: string]: string | { readonly env: string } };
};

export type TokenRow = { readonly name: string; readonly role: Role };
export type Role = 'viewer' | 'operator' | 'owner';
