import type { PairId, RevisionId, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { Children, Reference } from './reference.js';

/**
 * What a pair's file says, checked and compiled: the only form of configuration that decisions read.
 * The order of `sides` is the order of the file; every resolver iterates siblings in it.
 */
export type PairRules = {
  readonly pair: PairId;
  readonly revision: RevisionId;
  /** What the pair is for, and the person or team that answers for it. */
  readonly about: string;
  readonly owner: string;
  readonly sides: readonly SideRules[];
  readonly units: readonly UnitRules[];
  readonly match: readonly MatchRule[];
  /** How likely links are treated once the pair runs: a plan lists them, a running pair asks. */
  readonly run: RunRules;
  /** When loops are stopped; a revision from before there were limits has none, and gets the defaults. */
  readonly limits?: Partial<Limits>;
  /** What each record has to fulfil as a whole; a revision from before there were any has none. */
  readonly invariants?: readonly Invariant[];
  /** References of other pairs to records of this one; none when nobody names any. */
  readonly children?: readonly Children[];
};

/** A condition on a whole record: sides' edits that break it only together are asked (semantics §1.13). */
export type Invariant = {
  readonly expression: Expression;
  /** Where it stands: `pairs/suppliers.yaml:14`. */
  readonly place: string;
};

/** Limits against systems that change what we write, and against runs out of proportion (semantics §1.8, §2.4). */
export type Limits = {
  /** Changes of a unit in a row, each in answer to our own write, that stop it. */
  readonly hops: number;
  /** Writes of one version that leave nothing to see, after which it is not written again. */
  readonly tries: number;
  /** How long after our write a change there counts as an answer to it, and a value that is back as an old form. */
  readonly answerMs: number;
  readonly staleFormMs: number;
  /** How far a copy of a system without versions may lag: what it shows that long after our write is read again. */
  readonly replicaMs: number;
  /** How long a system without versions may take to make a write that was given up. */
  readonly lateMs: number;
  /** Creates, deletes and changes of one run that the brakes always let pass. */
  readonly few: number;
  /** Shares of the linked records above which the brakes stop a run, from 0 to 1. */
  readonly createShare: number;
  readonly deleteShare: number;
  readonly changeShare: number;
  /** Writes to one side within a minute after which the next batch waits; null: as many as there are. */
  readonly writesPerMinute: number | null;
  /** Writes of one unit of a record to one side within an hour, after which it waits; null: as many as there are. */
  readonly unitWritesPerHour: number | null;
};

export const limitDefaults: Limits = {
  hops: 5,
  tries: 2,
  answerMs: 600_000,
  staleFormMs: 900_000,
  replicaMs: 60_000,
  lateMs: 120_000,
  few: 10,
  createShare: 0.01,
  deleteShare: 0.01,
  changeShare: 0.3,
  writesPerMinute: null,
  unitWritesPerHour: null,
};

/** What the file says, and the default for what it does not say. */
export function limitsOf({ limits }: Pick<PairRules, 'limits'>): Limits {
  return limits === undefined ? limitDefaults : { ...limitDefaults, ...limits };
}

export type SideRules = {
  readonly name: SideName;
  readonly connection: string;
  readonly object: string;
  /** The key's native fields, in key order. The key is identity: it is written on create only. */
  readonly key: readonly string[];
  /** The field that holds the system's own mark of a record's making (core/made.ts); read, and never written. */
  readonly made?: string;
  /** What happens with a record that is new on this side. */
  readonly creates: ByRecord<CreateRule>;
  /** What happens with a record that was deleted on this side. */
  readonly deletes: ByRecord<DeleteRule>;
  /** What happens with it when another side had changed the record, and the delete had not seen that. */
  readonly edited?: ByRecord<EditedRule>;
  /** What happens with a write that this side would not have; `ask` unless the file says otherwise. */
  readonly refused?: ByRecord<RefusedRule>;
  /** How a record of this side is archived, where it was deleted on one that says `archive`. */
  readonly archive?: ArchiveRule;
  /** What the records of this side are that the file means; all of its conditions hold. Without any, all are. */
  readonly only?: readonly ScopeCondition[];
  /** What happens with a record that is there and no longer meant: `unlink` unless the file says otherwise. */
  readonly outOfScope?: OutOfScopeRule;
};

export type CreateRule = 'copy' | 'ask' | 'ignore';
/** `restore`: a delete there is none of that side's business; the record is made again. */
/** `archive`: other sides keep the record, archived as they say. */
export type DeleteRule = 'ask' | 'delete' | 'archive' | 'restore' | 'ignore';
/** What an archived record holds by native field, and what of it holds what again where no unit has the field. */
export type ArchiveRule = {
  readonly set: { readonly [field: string]: ArchiveMark };
  readonly restore: { readonly [field: string]: Json };
};
/** `now`: the moment it is archived; whatever is not blank says that a record is. */
export type ArchiveMark = { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'now' };
/** `delete`: it goes all the same, and the edit stays in the ledger. `restore`: the edit wins, and the record is made again. */
export type EditedRule = 'ask' | 'delete' | 'restore';

/** `leave`: the side keeps its own until the value next changes, and nobody is asked. */
export type RefusedRule = 'ask' | 'leave';

/** A rule about whole records, or two of them by a condition on the record's agreed values; where it cannot be told, `ask`. */
export type ByRecord<Rule extends string> =
  | Rule
  | { readonly when: Expression; readonly use: Rule; readonly else: Rule };

/** A native field is, or is not, this text; a null is the empty text. */
export type ScopeCondition = { readonly field: string; readonly is: boolean; readonly text: string };
/** `unlink`: this side takes no part in the record until it is back. `delete`: as if it had been deleted there. */
export type OutOfScopeRule = 'unlink' | 'delete';

export type RunRules = {
  readonly everyMs: number;
  /** Full comparison of each side with its own shadow. Null: only by hand. */
  readonly verifyEveryMs: number | null;
  /** Deletes and creates per run above this count, and above 1 % of linked records, stop the run. */
  readonly deleteLimit: number | null;
};

/** One field, or one atomic group of fields, under one shared name. */
export type UnitRules = {
  readonly name: UnitName;
  readonly authority: Authority;
  /** Native paths on each side; several make an atomic group. A side that is missing does not take part in the unit. */
  readonly paths: { readonly [side: SideName]: readonly string[] };
  /** The two-way type: how native values become the shared value and back (core/mapping). */
  readonly as: LensName;
  /** When two values count as equal. What a person typed is stored and written as typed. */
  readonly same: EqualityName;
  /** Of a reference: what it names. */
  readonly reference?: Reference;
  /** Of a list: how each side writes it. */
  readonly forms?: { readonly [side: SideName]: ListForm };
  /** What a side makes of a value when it stores it, one a member of a group. */
  readonly stores?: { readonly [side: SideName]: readonly StoredForm[] };
  /** Where the rule stands, for explanations: `pairs/suppliers.yaml:14`. */
  readonly place: string;
};

/** What a side is declared to make of what is written there (core/mapping/stored-form.ts). */
export type StoredForm = {
  /** Of a number: digits after the point, and how it is rounded to them; `half-up` when the file does not say. */
  readonly scale?: number;
  readonly round?: 'half-up' | 'half-even' | 'down';
  /** Of a timestamp: digits of a second; more are cut. */
  readonly fraction?: number;
  /** Of a text: at most so many characters; the rest is cut. */
  readonly length?: number;
  readonly case?: 'upper' | 'lower';
  readonly spaces?: 'trim' | 'collapse';
};

export type LensName =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'join'
  | 'list'
  | 'reference';
/** `list_…`: lists that hold the same elements, in any order and however often; elements compare as the rest says. */
export type EqualityName =
  | 'exact'
  | 'trimmed'
  | 'letters'
  | 'words'
  | 'decimal'
  | 'boolean'
  | 'timestamp'
  | ListEquality;
export type ListEquality = 'list_exact' | 'list_trimmed' | 'list_letters';

/** How a side writes a list: JSON, a PostgreSQL array, or text with something between the elements. */
export type ListForm =
  | { readonly kind: 'json' }
  | { readonly kind: 'array' }
  | { readonly kind: 'separated'; readonly separator: string };

/** An expression of the file, with the types of what it reads and gives. */
export type Expression = {
  readonly text: string;
  /** As the file has it, where it names segments; `text` is what they say. */
  readonly written?: string;
  readonly variables: { readonly [name: string]: VariableType };
  readonly result: VariableType;
};
export type VariableType = { readonly as: LensName; readonly isList: boolean };

export type Authority =
  /** Any side may edit; concurrent edits go to the policy. */
  | {
      readonly kind: 'either';
      readonly policy: Policy;
      /** Decides in place of `policy` among values of which none replaced another: when records meet. */
      readonly first?: Policy;
      readonly blank: BlankRule;
      /** Sides of which a blank counts otherwise. */
      readonly blankOn?: { readonly [side: SideName]: BlankRule };
    }
  /** One side alone decides; an edit elsewhere is a stray edit. */
  | {
      readonly kind: 'master';
      readonly side: SideName;
      readonly stray: StrayRule;
      /** Sides with which it is done otherwise. */
      readonly strayOn?: { readonly [side: SideName]: StrayRule };
      /** `keeps`: a blank from the master is no opinion. `clears`: it blanks the others. */
      readonly blank: 'keeps' | 'clears';
    }
  /**
   * By a condition on units that stand before this one in the file. A condition that flips changes nothing by itself,
   * unless it says `realign`: then what is asked is decided anew, and sides that were left with their own value are not.
   */
  | {
      readonly kind: 'when';
      readonly condition: Expression;
      readonly use: PlainAuthority;
      readonly else: PlainAuthority;
      readonly onFlip: 'nothing' | 'realign';
    };

/** Who decides where it does not depend on the record. */
export type PlainAuthority = Exclude<Authority, { readonly kind: 'when' }>;

/** What is done with an edit on a side that is not the master. `propose`: left, and a person may grant it. */
export type StrayRule = 'restore' | 'leave' | 'propose';

/**
 * `value`: a blank is an edit like any other. `ignore`: a blank is no opinion; the other sides' value stays.
 * `fill`: as `ignore`, and the blank side is filled.
 */
export type BlankRule = 'value' | 'ignore' | 'fill';

/** Decides among concurrent siblings (semantics §2.2); an edit that had seen what it overwrote stands, unless `monotone`. */
export type Policy =
  | { readonly kind: 'ask' }
  | { readonly kind: 'prefer'; readonly side: SideName; readonly otherwise: Policy }
  | { readonly kind: 'newest'; readonly otherwise: Policy; readonly widthMaxMs: number }
  /**
   * The greatest (least) value by the unit's type. `monotone`: an edit that takes the value back is put back too, even
   * when its author had seen everything.
   */
  | { readonly kind: 'highest' | 'lowest'; readonly monotone: boolean; readonly otherwise: Policy }
  /** Of a list, element by element: what was added stays, and what was removed goes unless another added it meanwhile. */
  | { readonly kind: 'set'; readonly removes: 'add_wins' | 'remove_wins'; readonly otherwise: Policy }
  /** What an expression makes of the siblings; it gives a value that all of them hold when they are equal. */
  | { readonly kind: 'expression'; readonly expression: Expression; readonly otherwise: Policy }
  /** Three-way merge of text: what each side changed of what both had. */
  | { readonly kind: 'text'; readonly by: 'lines' | 'words'; readonly otherwise: Policy }
  /** Of a number: every edit counts for what it added, so that none of them clash (core/delta.ts). */
  | { readonly kind: 'delta' };

/** How two records are known to stand for one entity; the first rule that finds one candidate decides. */
export type MatchRule =
  /** `crm.Stripe_Id = billing.id`: native fields that are equal as text. */
  | {
      readonly kind: 'certain';
      readonly fields: { readonly [side: SideName]: readonly string[] };
      readonly text: string;
    }
  /** `email + country`: shared units that are all equal. */
  | { readonly kind: 'likely'; readonly units: readonly UnitName[]; readonly text: string }
  | AlikeRule
  | WeighedRule;

/** `name ~ 0.92`: one unit that is spelled alike, by Jaro-Winkler; a guess that is always asked. */
export type AlikeRule = {
  readonly kind: 'alike';
  readonly unit: UnitName;
  readonly least: number;
  readonly text: string;
};

/** `weigh:` evidence of several units, in bits (core/identity/evidence.ts). */
export type WeighedRule = {
  readonly kind: 'weighed';
  /** `agree`: the share of true pairs that agree in this unit. */
  readonly units: readonly { readonly unit: UnitName; readonly agree: number }[];
  /** From here on a plan links. Null: never; a person is asked. */
  readonly link: number | null;
  /** From here on a person is asked. */
  readonly ask: number;
  /** How far ahead of the next candidate a link has to be. */
  readonly margin: number;
  readonly text: string;
};
