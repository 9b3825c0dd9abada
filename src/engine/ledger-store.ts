import type { PairId } from '../core/ids.js';
import type { LedgerEntry, LedgerPayload, SealedPayload } from '../core/ledger/entry.js';

/** The part of the Store port that reads the history in full. */
export interface LedgerStore {
  /** Ledger entries with payloads from `from`, ascending: for folding and verification. */
  ledger(pair: PairId, from: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Leaf hashes of the log from `from`, ascending, up to the first one that is missing. */
  leaves(pair: PairId, from: number, limit: number): Promise<readonly string[]>;
}

/** `sealed` is the text that was committed to; `payload` is what it says. Both null once the values were erased. */
export type StoredEntry = {
  readonly entry: LedgerEntry;
  readonly payload: LedgerPayload | null;
  readonly sealed: SealedPayload | null;
};
