import type { Evaluate } from '../core/expression.js';
import type { EntityId, PairId, RecordKey, SideName, UnitName } from '../core/ids.js';
import type { Json } from '../core/json.js';
import type { PlannedWrite } from '../core/planned-write.js';
import type { Question } from '../core/question.js';
import type { EntityState } from '../core/state.js';
import type { Unlinked } from '../core/unlink.js';
import type { ExportInput, ExportLine } from '../core/ledger/export.js';
import type { Checkpoints, Connectors, CycleSummary, Hasher, Log, Marks, Runner } from './ports.js';
import type { Retirement } from './ledger-store.js';
import type { ReadModel } from './read-model.js';
import type { ConflictRow, PairMode, SavedRevision, Store } from './store.js';

/**
 * The use cases, one file a verb. Activities call the first group, the API the second. Results hold ids and counts
 * only, so that they may stand in a workflow's history; values stay in Postgres.
 */
export type Engine = {
  /** What the pair's workflow does next, read from Postgres: the workflow itself remembers nothing that matters. */
  nextStep(input: { pair: PairId }): Promise<NextStep>;
  /** Reads, decides and commits one page of one side with its cursor. */
  takePage(input: TakePageInput): Promise<TakePageResult>;
  /** Compares one page of a side's keys with the linked ones; confirms what is missing by reading it. */
  listMissing(input: ListMissingInput): Promise<ListMissingResult>;
  /** Claims, writes and acknowledges one delivery; resolves it first when an earlier attempt left it in doubt. */
  deliverBatch(input: { pair: PairId; delivery: number }, signal?: AbortSignal): Promise<DeliverResult>;
  /** Applies the brakes to what the run planned, before the first write. */
  checkBrakes(input: { pair: PairId; run: number }): Promise<{ halted: boolean }>;
  /** Plans the writes that were left undone while the pair was held. */
  planWaiting(input: {
    pair: PairId;
    run: number;
    after: EntityId | null;
  }): Promise<{ next: EntityId | null; planned: number }>;
  endRun(input: { pair: PairId; run: number; problem: string | null }): Promise<CycleSummary>;
  setMode(input: { pair: PairId; mode: PairMode; by: string }): Promise<void>;
  /** Decides one page of a plan without committing decisions. */
  decidePlanPage(input: { plan: number; after: EntityId | null }): Promise<{ next: EntityId | null }>;
  readyPlan(input: { plan: number }): Promise<void>;
  failPlan(input: { plan: number; problem: string }): Promise<void>;
  /** Commits one page of an approved plan: resolutions, questions, links, deliveries. */
  applyPlanPage(input: { plan: number; run: number; after: EntityId | null }): Promise<{ next: EntityId | null }>;
  finishPlan(input: { plan: number }): Promise<void>;

  /** Reads the configuration folder, saves the revision and asks the pair for a plan. */
  requestPlan(input: { pair: PairId; by: string }): Promise<{ plan: number }>;
  /** Asks for a plan that takes something back; @throws `undo.nothing`, `conflict.not_found`, `record.not_found`. */
  requestUndo(input: UndoInput): Promise<{ plan: number }>;
  /** Approves a plan that is ready and not expired; @throws `plan.expired`, `plan.not_ready`, `plan.already_applied`. */
  approvePlan(input: { plan: number; by: string }): Promise<void>;
  /** @throws `conflict.changed` when the register moved since `vv` was shown, `conflict.already_decided`. */
  decide(input: DecideInput): Promise<DecideResult>;
  /** Decides every open conflict of a shape; with `dryRun` only counts. */
  decideAlike(input: DecideAlikeInput): Promise<DecideAlikeResult>;
  explainRecord(input: { pair: PairId; side: SideName; key: RecordKey }): Promise<RecordExplanation>;
  /** The record as it was; @throws `record.not_found`, `record.erased`, `ledger.mismatch`. */
  recordAsOf(input: RecordAsOfInput): Promise<RecordAsOf>;
  /** Forgets a record for good; @throws `record.not_found`, `pair.busy`, `erasure.no_key`. */
  eraseRecord(input: EraseInput): Promise<EraseResult>;
  /** Makes one record of two known ones; @throws `record.not_found`, `record.not_linkable`, `pair.busy`. */
  linkRecords(input: LinkInput): Promise<LinkResult>;
  /** Takes a link back; @throws `record.not_found`, `record.not_linked`, `pair.busy`. */
  unlinkRecord(input: UnlinkInput): Promise<UnlinkResult>;
  verifyLedger(input: { pair: PairId }): Promise<LedgerVerification>;
  /** The ledger as lines that prove themselves, for `verifyExport`; @throws `record.not_found`. */
  exportLedger(input: ExportInput): AsyncGenerator<ExportLine>;
  /** Signs where the log stands, if it grew; @throws `ledger.mismatch` when it does not continue what was signed before. */
  writeCheckpoint(input: { pair: PairId }): Promise<{ readonly size: number; readonly written: boolean }>;
  /** Full comparison of both systems with their shadows and with each other; reads only. */
  verify(input: { pair: PairId }, progress?: (done: number) => void): Promise<Verification>;
};

export type NextStep = {
  readonly mode: PairMode;
  readonly halted: boolean;
  readonly sides: readonly SideName[];
  readonly everyMs: number;
  /** Sides whose deletes are found by listing keys, and how often, in cycles. */
  readonly listings: readonly SideName[];
  readonly deliveries: readonly { readonly id: number; readonly side: SideName }[];
  readonly plan: { readonly id: number; readonly state: 'reading' | 'deciding' | 'applying' } | null;
  readonly waiting: boolean;
  readonly run: number;
  readonly verifyDue: boolean;
};

export type TakePageInput = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly run: number;
  readonly plan: number | null;
};
export type TakePageResult = { readonly read: number; readonly changed: number; readonly more: boolean };
export type ListMissingInput = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly run: number;
  readonly after: RecordKey | null;
};
export type ListMissingResult = { readonly next: RecordKey | null; readonly deleted: number };
export type DeliverResult = {
  readonly written: number;
  readonly refused: number;
  readonly stale: number;
  readonly unknown: number;
};

/** What a person chooses for a conflict. `keep` names a side; `value` types one; whole-record questions have verbs of their own. */
export type Choice =
  | { readonly kind: 'keep'; readonly side: SideName }
  | { readonly kind: 'value'; readonly value: Json }
  /** Deletes: `delete` lets it happen everywhere, `restore` brings the record back. */
  | { readonly kind: 'delete' }
  | { readonly kind: 'restore' }
  /** Creates: copy it to the other side, or leave it where it is. Also: leave a refused write or a difference as it is. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'leave' }
  /** Refused writes: try once more. */
  | { readonly kind: 'retry' }
  /** Matches: this is the counterpart. */
  | { readonly kind: 'link'; readonly side: SideName; readonly key: RecordKey };

export type DecideInput = {
  readonly conflict: number;
  readonly vv: string;
  readonly choice: Choice;
  readonly by: string;
  readonly note: string | null;
};
export type DecideResult = { readonly conflict: ConflictRow; readonly deliveries: number };
export type DecideAlikeInput = {
  readonly like: number;
  readonly choice: Choice;
  readonly by: string;
  readonly note: string | null;
  readonly dryRun: boolean;
};
export type DecideAlikeResult = {
  readonly alike: number;
  readonly leftOut: number;
  readonly writes: { readonly [side: SideName]: number };
  readonly replaced: number;
  readonly blanked: number;
  readonly sample: readonly ConflictRow[];
};

/** Everything that explains one record; `sentences` are what people read, the rest is what they rest on. */
export type RecordExplanation = {
  readonly pair: PairId;
  readonly entity: EntityId;
  readonly standing: string;
  readonly keys: { readonly [side: SideName]: RecordKey };
  readonly state: EntityState;
  readonly units: readonly UnitExplanation[];
  readonly conflicts: readonly ConflictRow[];
};
export type UnitExplanation = {
  readonly unit: UnitName;
  readonly master: string;
  readonly place: string;
  readonly agreed: Json;
  readonly sides: { readonly [side: SideName]: Json };
  readonly status: string;
  /** Where the agreed value comes from: the ledger entry of its winning edit. */
  readonly from: {
    readonly seq: number;
    readonly atMs: number;
    readonly side: SideName | null;
    readonly actor: string;
    readonly rule: string;
    readonly lo: number | null;
    readonly hi: number | null;
  } | null;
  readonly sentences: readonly string[];
  readonly vectors: { readonly agreed: string; readonly delivered: { readonly [side: SideName]: string } };
};

/** Exactly one of `conflict`, `entry`, `run` and `record`. */
export type UndoInput = {
  readonly pair: PairId;
  readonly by: string;
  readonly note: string | null;
  readonly conflict?: number;
  readonly entry?: number;
  readonly run?: number;
  /** Back to what it was after the entry `to`; null: before its last change. */
  readonly record?: { readonly side: SideName; readonly key: RecordKey; readonly to: number | null };
};

export type EraseInput = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly key: RecordKey;
  readonly by: string;
  /** Kept in the ledger: it names no person. */
  readonly reason: string;
  /** Whether the systems delete the record first, or keep it. */
  readonly systems: 'delete' | 'leave';
};
/** `deleting`: the systems are to delete it first; ask again when they have. */
export type EraseResult = { readonly state: 'erased' | 'deleting'; readonly entity: EntityId };

export type RecordPlace = { readonly side: SideName; readonly key: RecordKey };

export type LinkInput = {
  readonly pair: PairId;
  /** The record that goes on as part of the other one's entity. */
  readonly record: RecordPlace;
  readonly to: RecordPlace;
  readonly by: string;
  readonly note: string | null;
  /** Says what it would write and ask, and changes nothing. */
  readonly dryRun: boolean;
};
export type LinkResult = {
  /** What both stand for from now on. */
  readonly entity: EntityId;
  readonly writes: readonly Pick<PlannedWrite, 'side' | 'kind' | 'key' | 'fields'>[];
  readonly asks: readonly Pick<Question, 'unit' | 'kind' | 'note'>[];
};

export type UnlinkInput = {
  readonly pair: PairId;
  /** The record that leaves: the others stay one. */
  readonly side: SideName;
  readonly key: RecordKey;
  readonly by: string;
  readonly note: string | null;
  /** Says what it would write, and changes nothing. */
  readonly dryRun: boolean;
};
export type UnlinkResult = {
  readonly entity: EntityId;
  /** What the record stands for from now on; null for a dry run. */
  readonly own: EntityId | null;
  readonly restored: Unlinked['restored'];
  readonly left: Unlinked['left'];
};

export type RecordAsOfInput = {
  readonly pair: PairId;
  readonly side: SideName;
  readonly key: RecordKey;
  /** After this entry of the pair's ledger, or at this moment. */
  readonly asOf: { readonly seq: number } | { readonly atMs: number };
};
/** A record as its history says it was. */
export type RecordAsOf = {
  readonly pair: PairId;
  readonly entity: EntityId;
  /** The last entry about it by then. */
  readonly seq: number;
  readonly atMs: number;
  readonly keys: { readonly [side: SideName]: RecordKey };
  /** Sides that had lost it by then. */
  readonly gone: readonly SideName[];
  readonly units: readonly {
    readonly unit: UnitName;
    readonly agreed: Json;
    /** Whether a person was being asked about it. */
    readonly asked: boolean;
    readonly from: UnitExplanation['from'];
  }[];
  readonly entries: { readonly before: number; readonly since: number };
};

export type LedgerVerification = {
  readonly ok: boolean;
  readonly entries: number;
  /** What was taken out of the beginning, and where it is; null for a whole ledger. */
  readonly retired: Retirement | null;
  readonly root: string;
  readonly entities: number;
  readonly problems: readonly {
    readonly seq: number | null;
    readonly entity: EntityId | null;
    readonly what: string;
  }[];
  readonly checkpoints: CheckpointsVerified;
};

/** What the checkpoints outside of the database say about the log. */
export type CheckpointsVerified = {
  /** False: this process is told of no folder, so a log that was rewritten as a whole would not be noticed. */
  readonly configured: boolean;
  /** How many of them the log was held against. */
  readonly compared: number;
  readonly newest: { readonly size: number; readonly root: string; readonly atMs: number } | null;
  readonly publicKey: string | null;
};

export type Verification = {
  readonly ok: boolean;
  readonly compared: number;
  readonly agree: number;
  /** Differences by reason; `unexplained` must be zero. */
  readonly differences: { readonly [reason: string]: number };
  readonly unexplained: readonly {
    readonly side: SideName;
    readonly key: RecordKey;
    readonly unit: UnitName | null;
    readonly what: string;
  }[];
  readonly ms: number;
};

/** What `createEngine(ports)` (create-engine.ts) is built from. */
export type EnginePorts = {
  readonly store: Store;
  readonly readModel: ReadModel;
  readonly connectors: Connectors;
  readonly runner: Runner;
  readonly hasher: Hasher;
  /** Evaluates the expressions of files; not given: every clash under one is asked. */
  readonly evaluate?: Evaluate;
  /** Null or not given: nothing is signed, and verifying says so. */
  readonly checkpoints?: Checkpoints | null;
  /** Null or not given: a database that was put back is not noticed. */
  readonly marks?: Marks | null;
  readonly log: Log;
  /** The pair's present configuration from the folder in git. @throws ParleyError `config.invalid`, `config.not_found` */
  readonly loadRevision: (pair: PairId) => Promise<SavedRevision>;
  /** Records a page; 2,500 when not given. */
  readonly pageSize?: number;
};
