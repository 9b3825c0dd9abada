import type { Dot, Vector } from '../clock/version-vector.js';
import type { EntityId, PairId, RevisionId, SideName, UnitName } from '../ids.js';
import type { Json } from '../json.js';
import type { Patch } from '../patch.js';

/** What kind of fact an entry states (SPEC I17: folding the entries gives registers, contexts and links). */
export type EntryKind =
  /** A record was read for the first time and stands for an entity from now on. */
  | 'linked'
  /** An edit was observed on a side. */
  | 'edited'
  /** A rule chose among concurrent edits. */
  | 'resolved'
  /** A person is asked; nothing is written until they answer. */
  | 'asked'
  /** A person or an approved plan decided. */
  | 'decided'
  /** An open question answered itself: the sides became equal. */
  | 'closed'
  /** An edit on a side that is not the master, with what was done about it. */
  | 'stray'
  /** A side lost a record. */
  | 'deleted'
  /** A side does not show a record any more, and has not said that it is deleted. */
  | 'hidden'
  /** A record is there and no longer one of those that the file means. */
  | 'outside'
  /** Records of one side became one: an entity goes on in another, or under another key. */
  | 'merged'
  /** Writes were confirmed by the side that received them; one entry for a whole delivery. */
  | 'delivered'
  /** A complete pass of a side showed no edit: it has what it held already when nothing had to be written there. */
  | 'confirmed'
  /** A side would not have a write. */
  | 'refused'
  /** A person had a record's values erased; the payloads of its earlier entries are gone. */
  | 'erased'
  /** What a record's history came to before a moment, kept forward so that the entries before it may be retired. */
  | 'kept'
  /** Something about the pair itself: mode, revision, brake, plan. */
  | 'pair';

/** Who did it: a side's own users, a rule of the file, or a named person of the hub. */
export type Actor =
  | { readonly kind: 'side'; readonly side: SideName }
  | { readonly kind: 'rule' }
  | { readonly kind: 'person'; readonly name: string };

/** How it came to be known. */
export type Source = 'poll' | 'plan' | 'listing' | 'reread' | 'verify' | 'delivery' | 'review' | 'control';

/** What an entry did to one unit. `ctx` names the sides whose delivered context rose, and to what. */
export type Effect = {
  readonly unit: UnitName;
  readonly before: Json;
  readonly after: Json;
  readonly vvBefore: Vector;
  readonly vvAfter: Vector;
  readonly ctx: { readonly [side: SideName]: Vector };
};

/** One fact about one entity (or about the pair, when `entity` is null), as the core states it. */
export type Fact = {
  readonly kind: EntryKind;
  readonly entity: EntityId | null;
  readonly side: SideName | null;
  readonly actor: Actor;
  /** The rule that decided, in words: `either: ask`, `master crm: restore`; with its place in the file. */
  readonly rule: string;
  readonly dot: Dot | null;
  readonly effects: readonly Effect[];
  /** Values that lost or were kept aside, links made, contexts raised in bulk: whatever the fold or a person needs. */
  readonly detail: { readonly [name: string]: Json };
  /** When the edit can have been made, in epoch milliseconds; equal for a moment that is known exactly. */
  readonly lo: number | null;
  readonly hi: number | null;
};

/** A fact with its place in the history, as it is committed. Values live in the payload only. */
export type LedgerEntry = {
  readonly pair: PairId;
  /** Position in the pair's log, from 0, without gaps: the leaf index of the Merkle log. */
  readonly seq: number;
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly entity: EntityId | null;
  readonly side: SideName | null;
  readonly units: readonly UnitName[];
  readonly actor: string;
  readonly rule: string;
  readonly revision: RevisionId;
  readonly source: Source;
  readonly dot: string | null;
  readonly vvBefore: string;
  readonly vvAfter: string;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly run: number | null;
  readonly delivery: number | null;
  /** Hex SHA-256 of nonce and payload text: the row proves the payload without containing it. */
  readonly commitment: string;
  /** Hex leaf hash of the row (RFC 6962: 0x00 prefix) over its canonical JSON. */
  readonly leaf: string;
};

/** A payload as it is kept and committed to: the exact text, so that no later serialiser can change its hash. */
export type SealedPayload = { readonly nonce: string; readonly text: string };

/** The part of an entry that holds values: erasable without touching the row. */
export type LedgerPayload = {
  readonly nonce: string;
  /** RFC 6902 patch of the agreed values of the entity, and the patch that takes it back. */
  readonly patch: Patch;
  readonly inverse: Patch;
  readonly effects: readonly Effect[];
  readonly detail: { readonly [name: string]: Json };
};
