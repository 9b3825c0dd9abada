import type { Dot, Vector } from './clock/version-vector.js';
import type { EntityId, RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { Wait } from './reference.js';

/**
 * Everything the hub knows about one entity (semantics §1.2): per unit a register with its sibling set, per side
 * a shadow with the raw values and, for each unit, the delivered context. A value, never mutated; packed to text
 * by pack.ts.
 */
export type EntityState = {
  /** cnt(e, actor): one counter per actor, shared by all units. */
  readonly counters: { readonly [actor: string]: number };
  readonly units: { readonly [unit: UnitName]: Register };
  readonly sides: { readonly [side: SideName]: Shadow };
  readonly presence: Presence;
  /** A question about the whole record that keeps it from being created elsewhere. */
  readonly hold: Hold | null;
  /** What a person is asked because units together break an invariant; null when they break none. */
  readonly broken: Broken | null;
  /** References that cannot be written yet, each with what it waits for. */
  readonly waits: readonly Wait[];
};

/** Units of which none is written, with the invariants that they break and the version that the question stands on. */
export type Broken = { readonly units: readonly UnitName[]; readonly rules: readonly string[]; readonly vv: string };

/**
 * `create`: the rules ask before copying it. `match`: it may be the same as another entity, and a person or a plan says
 * so; both of them wait, `candidates` names the others. `left`: somebody decided that it stays where it is.
 */
export type Hold =
  | { readonly kind: 'create' | 'left' }
  /** The key that it would get on `side` is that of a record of `holder`, which is to be deleted there: it waits for that. */
  | { readonly kind: 'key'; readonly side: SideName; readonly holder: EntityId }
  /** It is deleted for good, and records of other pairs name it: they go first. `isAsked`: a person was told. */
  | { readonly kind: 'children'; readonly isAsked: boolean }
  | {
      readonly kind: 'match';
      readonly candidates: readonly EntityId[];
      readonly rule: string;
      /** A likely rule found exactly one candidate: an approved plan links, without one a person is asked. */
      readonly isLikely: boolean;
      /** The other end of a likely link: it waits to be taken in by the one that names it. */
      readonly isCandidate: boolean;
    };

/** Whether the entity exists for the hub, and what is undecided about it. */
export type Presence =
  | { readonly kind: 'live' }
  /** A record was deleted on `side`; a person, a rule or a brake has not yet decided what follows. */
  | { readonly kind: 'delete_held'; readonly side: SideName; readonly dot: Dot; readonly seen: SeenVectors }
  /** Deleted for good; remembered so that the dead do not return. */
  | { readonly kind: 'tombstone'; readonly dot: Dot; readonly seen: SeenVectors }
  /** Found to be the same as another entity, which took over its records. */
  | { readonly kind: 'alias'; readonly of: EntityId };

/** What the deleting side had received, by unit, when the record went. */
export type SeenVectors = { readonly [unit: UnitName]: Vector };

export type Register = {
  /** The agreed value; while siblings are unresolved, the last agreed one. Null also when no side ever gave one. */
  readonly value: Json;
  readonly vv: Vector;
  /** Surviving concurrent edits. One sibling, or none, means settled history. */
  readonly siblings: readonly Sibling[];
  /** The edit or decision that the value stems from. */
  readonly winner: Dot | null;
  readonly status: RegisterStatus;
  /** ctx(e,u,s): what the side is *proven* to have had in its register. A lower bound, always. */
  readonly delivered: { readonly [side: SideName]: Vector };
  /** Deliveries that needed no write, until a later unchanged read confirms them (SPEC I3). */
  readonly noop: { readonly [side: SideName]: Noop };
  /** Sides whose own value stays although it differs (one-way units: `leave`, or a master without an opinion). */
  readonly override: readonly SideName[];
  /** Stray edits under `propose` about which a person is asked; null when there is nothing to answer. */
  readonly proposal: Proposal | null;
  /** What edits replaced, kept under policies that merge until every side has seen the edit. */
  readonly steps: readonly Step[];
  /** What is known of changes that answer our own writes; null when there are none. */
  readonly loop: Loop | null;
  /** Which way the unit's condition went when it was last decided; null before that, and for a unit without one. */
  readonly holds: boolean | null;
  /** Writes of the unit within the running hour of each side; only where the file names a budget of them. */
  readonly paces?: { readonly [side: SideName]: Pace };
};

/** Writes since the first one of the hour. `isSpent`: another one is due, and waits until the hour is over. */
export type Pace = { readonly sinceMs: number; readonly count: number; readonly isSpent: boolean };

/** Counts against loops (semantics §1.8); its questions are asked once. */
export type Loop = {
  /** The last changes in a row that each answered a write of ours; the first link is the oldest. */
  readonly chain: readonly Hop[];
  /** The chain reached its limit: nothing of the unit is written until a person says so. */
  readonly isTripped: boolean;
  readonly tries: { readonly [side: SideName]: Tries };
  /** Questions that were asked and answered themselves; the next settle closes them. */
  readonly over: readonly ('tripped' | 'parked')[];
};
export type Hop = { readonly side: SideName; readonly value: Json };
/** Writes of one version to a side that left nothing to see there. */
export type Tries = { readonly vv: Vector; readonly count: number; readonly isParked: boolean };

/**
 * Sides that keep a stray value until a person grants it, has it put back, or leaves it. `new`: the next settle asks.
 * `over`: it was asked and answered itself; the next settle closes the question.
 */
export type Proposal = { readonly sides: readonly SideName[]; readonly status: 'new' | 'asked' | 'over' };

export type RegisterStatus =
  /** Value, siblings and vector agree; nothing to decide. */
  | 'settled'
  /** Concurrent edits were observed; the next settle decides. */
  | 'unsettled'
  /** A person is asked; writes of this unit are frozen. */
  | 'asked'
  /** A person is asked, and the siblings changed since: the next settle closes the question or asks anew. */
  | 'asked_moved';

export type Sibling = {
  readonly value: Json;
  readonly vv: Vector;
  readonly dot: Dot;
  /** Null for an edit made in the hub (a decision, an undo). */
  readonly side: SideName | null;
  /** The value the editor replaced, as the side showed it. */
  readonly base: Json;
  /** When the edit can have been made, in epoch milliseconds of the hub's clock: last read without it, first read with it. */
  readonly lo: number;
  readonly hi: number;
};

/**
 * One edit with what its author replaced. Policies that merge need to know what each sibling changed since the last value
 * that the others had too, and a sibling alone tells only what it replaced last.
 */
export type Step = { readonly dot: Dot; readonly vv: Vector; readonly base: Json; readonly value: Json };

export type Noop = { readonly vv: Vector; readonly tick: number };

export type Shadow = {
  readonly key: RecordKey;
  /**
   * `awaited`: a create is planned or under way. `gone`: deleted there. `hidden`: there, and no longer shown to us.
   * `outside`: there, and no longer one of the records that the file means. `duplicate`: of an entity that was merged
   * into another, whose own record on this side is the one that counts. `archived`: by us, because of a delete elsewhere.
   */
  readonly presence: 'present' | 'awaited' | 'gone' | 'hidden' | 'outside' | 'duplicate' | 'archived';
  /** The system's token for the record as last accepted; equality only. */
  readonly token: string | null;
  /** The raw native value of each unit as last accepted. A unit that is missing was never read. */
  readonly raws: { readonly [unit: UnitName]: Json };
  /** The pair's tick when the last accepted read began or the last write was acknowledged: older reads are fenced. */
  readonly tick: number;
  /** A moment before it, in epoch milliseconds of the hub's clock: bounds edit times from below, never orders anything. */
  readonly atMs: number;
  /** The one write that is planned or under way to this side. Its delivery knows whether it was sent. */
  readonly intent: Intent | null;
  /** The signature of a write that this side would not have; the same write is not tried again by itself. */
  readonly refused: string | null;
  /** Our last write of each unit, until the side changes it; those that are too old to matter are forgotten. */
  readonly wrote: { readonly [unit: UnitName]: Wrote };
  /** Writes that were given up and may still be made: until then the unit is written nothing else (core/late.ts). */
  readonly late?: LateWrites;
  /** The system's own mark of the record's making, where the file names one and it was read (core/made.ts). */
  readonly made?: Made;
};

/** A mark, and the field that it is of. `isTaken`: the record is gone, and another one has its key. */
export type Made = { readonly field: string; readonly value: Json; readonly isTaken?: true };

export type LateWrites = { readonly [unit: UnitName]: LateWrite };
/** What a write carried of a unit, and the moment of the hub's clock after which its system does not make it any more. */
export type LateWrite = { readonly raw: Json; readonly vv: Vector; readonly untilMs: number };

/** When a write of ours was answered, and the mark of what it replaced (core/loop.ts). */
export type Wrote = { readonly atMs: number; readonly mark: number };

/** `archive` and `unarchive` write the fields that say whether a record is archived, and nothing else. */
export type WriteKind = 'create' | 'update' | 'delete' | 'archive' | 'unarchive';

/** One intended change to one side, with the versions it was decided on (semantics §1.6). */
export type Intent = {
  readonly delivery: number;
  readonly kind: WriteKind;
  readonly units: { readonly [unit: UnitName]: { readonly raw: Json; readonly vv: Vector } };
};
