import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import type { StoredEntry } from './ledger-store.js';

/** What a record tells about who it is: its key, and the values by which it is matched. */
export type Identity = { readonly key: RecordKey; readonly values: readonly string[] };

/** The part of a transaction that forgets records, and keeps what was forgotten from coming back. */
export interface ErasureTransaction {
  /** Keys among these records whose identity was erased. Empty without the key of the environment. */
  suppressed(side: SideName, records: readonly Identity[]): Promise<ReadonlySet<RecordKey>>;
  /** Entities that were found to be this one. */
  aliasesOf(entity: EntityId): Promise<readonly EntityId[]>;
  /** Entries about deliveries that carried one of these entities. */
  deliveredEntries(entities: readonly EntityId[]): Promise<readonly StoredEntry[]>;
  /**
   * Forgets everything that is kept of an entity, wherever it is, and notes its identities as suppressed. The erasure
   * must stand in the ledger by now, and its state must be blank.
   * @throws ParleyError `erasure.no_key`
   */
  erase(wish: Erasure): Promise<void>;
}

export type Erasure = {
  /** The entity and its aliases. */
  readonly entities: readonly EntityId[];
  readonly keys: readonly { readonly side: SideName; readonly key: RecordKey }[];
  /** Entries of deliveries that were stated anew without it. */
  readonly restated: readonly number[];
};
