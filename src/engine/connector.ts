import type { Absence } from '../core/absence.js';
import type { RecordKey } from '../core/ids.js';
import type { NativeFieldMap, Snapshot } from '../core/record.js';

/**
 * The Connector port: how the engine speaks to one object (a table, a file) of one connection.
 * Values are native: what the system holds, as JSON. Exact numbers, dates and times are text, so that
 * `numeric` keeps every digit and a timestamp its microseconds. A connector never decides anything.
 */
export interface Connector {
  /** What the object looks like and what the connector can promise for it. Contacts the system. */
  describe(signal?: AbortSignal): Promise<ObjectDescription>;

  /**
   * One page of what changed after `cursor` (null: everything). Pages are read until `more` is false; only then
   * is a *pass* complete. A crash between pages may repeat records, never skip one. The cursor is opaque JSON text.
   * @throws ParleyError `connector.cursor_expired` when the cursor can no longer be continued: read from null.
   */
  read(request: ReadRequest): Promise<ReadPage>;

  /** The present state of these records; one that does not exist is absent from the answer. */
  readByKeys(keys: readonly RecordKey[], signal?: AbortSignal): Promise<readonly NativeRecord[]>;

  /**
   * What became of records that are no longer shown: `readByKeys` did not return them, or the feed told them as deleted. A
   * key that is not in the answer is deleted, and so are all of a connector that cannot tell. Doubt is `hidden`.
   */
  whereabouts?(keys: readonly RecordKey[], signal?: AbortSignal): Promise<readonly Absence[]>;

  /** Every key in ascending code-unit (UTF-8 byte) order, a page at a time, after `after` (null: from the first). */
  listKeys(request: KeyRequest): Promise<KeyPage>;

  /**
   * Writes a batch; the outcomes stand in the order of the writes. A row that is refused holds back nothing but itself.
   * @throws ParleyError only when it is certain that *nothing* of the batch took effect; any doubt is an `unknown`
   * outcome for the writes in doubt.
   */
  write(writes: readonly NativeWrite[], signal?: AbortSignal, announce?: Announce): Promise<readonly WriteOutcome[]>;

  /** What became of a batch that was announced, whoever made it. Only where the connector announces batches. */
  fateOf?(mark: string, signal?: AbortSignal): Promise<Fate>;

  /**
   * A write that was given up may be made later: nothing in the system compares what it finds then (W0, and W1 over a
   * network). Such a side is written no other value of a unit before `limits: { late: … }` is over.
   */
  readonly mayComeLate?: boolean;

  close(): Promise<void>;
}

/** Fields by native name, and a record with its key and token, as the core sees them. */
export type NativeFields = NativeFieldMap;
export type NativeRecord = Snapshot;

export type ReadRequest = {
  readonly cursor: string | null;
  readonly limit: number;
  readonly signal?: AbortSignal;
};

export type ReadPage = {
  readonly records: readonly NativeRecord[];
  /** Keys the feed itself reports as deleted, with certainty (not merely missing from a filter). */
  readonly deleted: readonly RecordKey[];
  /** Keys of which the feed itself says something else than that they are deleted. */
  readonly absent?: readonly Absence[];
  /** Rows that could not be read as records. They are set aside; nothing is deleted or created because of them. */
  readonly setAside: readonly SetAside[];
  readonly cursor: string;
  readonly more: boolean;
  /**
   * Present on a pass that must not create or delete anything because the source as a whole looks wrong
   * (half a file, most keys missing). The sentence says why and what to do.
   */
  readonly suspect?: string;
  /**
   * Present when the page shows a part of a source transaction although the connector keeps transactions whole: it
   * changed more rows than a page may hold. The sentence says so.
   */
  readonly split?: string;
  /**
   * The place in the feed means nothing any more, because the system's history is another one: it was put back to an
   * earlier state, or another system stands in its place. The pass begins at its start.
   */
  readonly isOtherHistory?: true;
};

/** A row that is not a record: where it stands and why it was set aside. Never its values. */
export type SetAside = { readonly place: string; readonly reason: string; readonly key?: RecordKey };

export type KeyRequest = { readonly after: RecordKey | null; readonly limit: number; readonly signal?: AbortSignal };
export type KeyPage = { readonly keys: readonly RecordKey[]; readonly more: boolean };

export type NativeWrite = {
  readonly kind: 'create' | 'update' | 'delete';
  readonly key: RecordKey;
  /** Create: every field to set, key fields included. Update: only the fields that change. Delete: empty. */
  readonly fields: NativeFields;
  /** What these fields must still hold for the write to be made (compare-and-set). Empty for a create. */
  readonly expect: NativeFields;
  /** The record's token when it was decided on; used where values alone cannot be compared. */
  readonly token: string | null;
  /** The same for every attempt of the same write. */
  readonly idempotencyKey: string;
};

export type WriteOutcome =
  /**
   * Done, or found already done by this very write. `record` is the stored image: what the write left, and never what
   * somebody made of it since, which would pass for it. Null when the system does not show it: then it is looked at.
   * `exposedMs`: of a write without a precondition, how long after our look the system said that it was made. What
   * somebody wrote there in between is overwritten, and nobody has seen it.
   */
  | { readonly kind: 'accepted'; readonly record: NativeRecord | null; readonly exposedMs?: number }
  /** The precondition failed; `record` is what is there now (null: nothing). Nothing was written. */
  | { readonly kind: 'stale'; readonly record: NativeRecord | null }
  /** The system will not have it (constraint, validation). `message` is the system's, without field values. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** It may or may not have happened. */
  | { readonly kind: 'unknown' };

/**
 * Called when a batch stands and only its commit is missing, with what it can be asked about by afterwards and with what its
 * outcomes are once it is committed. When it fails nothing of the batch takes effect.
 */
export type Announce = (mark: string, outcomes: readonly WriteOutcome[]) => Promise<void>;
/** `open`: it may still be made. `unknown`: nobody can tell any more. */
export type Fate = 'made' | 'not_made' | 'open' | 'unknown';

/** Write classes of semantics §1.6, strongest last; create classes of §1.12. */
export type WriteClass = 'W0' | 'W1' | 'W2' | 'W3' | 'W4' | 'W5';
export type CreateClass = 'C0' | 'C1' | 'C2' | 'C3';

export type ObjectDescription = {
  /** `public.accounts`, `suppliers.csv`. */
  readonly object: string;
  readonly fields: readonly FieldDescription[];
  /** The names of the key's fields, in key order. */
  readonly key: readonly string[];
  readonly writeClass: WriteClass;
  readonly createClass: CreateClass;
  /** `feed`: passes return changes only. `full`: a pass may return the whole object. */
  readonly reads: 'feed' | 'full';
  /** Whether the feed reports deletes itself; otherwise keys are listed and compared. */
  readonly deletes: 'feed' | 'listing';
  /** Names the system and object; a different fingerprint means another database stands behind the same address. */
  readonly fingerprint: string;
};

export type FieldDescription = {
  readonly name: string;
  /** The system's own type name, such as `numeric(12,2)` or `text`. */
  readonly type: string;
  readonly writable: boolean;
  readonly nullable: boolean;
};

/** Settings that every connector's factory receives. Secrets are already resolved; nothing here is logged. */
export type ConnectorSettings = {
  /** The connection's name in connections.yaml. */
  readonly connection: string;
  /** The object part of `connection/object`. */
  readonly object: string;
  /** The key's fields, in order, as the pair's file names them. */
  readonly key: readonly string[];
  /** The native fields that the pair maps: a connector refuses an object that lacks one, rather than read it as blank. */
  readonly fields?: readonly string[];
  /** The connection's own settings, such as `url` or `folder` (absolute). */
  readonly options: { readonly [name: string]: string };
  /** A folder that the connector may keep private copies in; survives restarts; may be emptied at any time. */
  readonly workFolder: string;
};

export type ConnectorFactory = (settings: ConnectorSettings) => Promise<Connector>;
