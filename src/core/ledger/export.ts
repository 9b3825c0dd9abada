import type { EntityId, PairId, RecordKey, SideName } from '../ids.js';
import type { LedgerEntry, SealedPayload } from './entry.js';

/**
 * A ledger as lines, so that it can be verified where no server is. The first line says what it is, the last one that
 * nothing is missing. A whole ledger has every entry in order, and each root can be computed; that of one record
 * has a proof of inclusion with each entry instead, and tells nothing about other records.
 */
export type ExportLine =
  | {
      readonly line: 'ledger';
      readonly schema: 'parley.ledger-export/1';
      readonly pair: PairId;
      readonly exportedAtMs: number;
      /** Entries of the log that the roots below are of. */
      readonly size: number;
      /** The record whose entries these are; null for all of them. */
      readonly record: { readonly side: SideName; readonly key: RecordKey; readonly entity: EntityId } | null;
      readonly publicKey: string | null;
    }
  | {
      readonly line: 'entry';
      readonly entry: LedgerEntry;
      /** What `commitment` proves. Null when values are left out, or were erased. */
      readonly sealed: SealedPayload | null;
      /** Proof of inclusion in the log of `size` entries; only in the export of one record, and only below `size`. */
      readonly proof?: readonly string[];
    }
  | {
      readonly line: 'checkpoint';
      readonly note: string;
      /** Proof that the log of `size` entries continues this one; only in the export of one record. */
      readonly proof?: readonly string[];
    }
  | {
      /** The beginning of the log is not here: entries below `cut` were made before a moment, and another file has them. */
      readonly line: 'retired';
      readonly cut: number;
      readonly beforeMs: number;
      readonly file: string;
      readonly sha256: string;
    }
  /** Leaf hashes of retired entries from a position on; not in the export of one record, which has proofs. */
  | { readonly line: 'leaves'; readonly first: number; readonly leaves: readonly string[] }
  /** An entry that keeps a record's history up to `cut` forward, told ahead of its place; not in the export of one record. */
  | { readonly line: 'kept'; readonly entry: LedgerEntry; readonly sealed: SealedPayload | null }
  | { readonly line: 'end'; readonly entries: number; readonly root: string };

export type ExportInput = {
  readonly pair: PairId;
  readonly values: boolean;
  readonly record: { readonly side: SideName; readonly key: RecordKey } | null;
};
