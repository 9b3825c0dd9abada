import type { EntityId, PairId, SideName } from '../core/ids.js';
import type { LedgerEntry, LedgerPayload, SealedPayload } from '../core/ledger/entry.js';

/** The part of the Store port that reads the history in full. */
export interface LedgerStore {
  /** Ledger entries with payloads from `from`, ascending: for folding and verification. */
  ledger(pair: PairId, from: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Leaf hashes of the log from `from`, ascending, up to the first one that is missing; those of retired entries too. */
  leaves(pair: PairId, from: number, limit: number): Promise<readonly string[]>;
  /** What was taken out of the history; null when it is whole. */
  retirement(pair: PairId): Promise<Retirement | null>;
  /** What a run stated about at most `limit` entities after one: ascending by entity, then by position. */
  runEntries(pair: PairId, run: number, page: EntityRange): Promise<readonly StoredEntry[]>;
  /** Records that a run made, by entity and side. */
  runCreates(pair: PairId, run: number): Promise<readonly { readonly entity: EntityId; readonly side: SideName }[]>;
}

/**
 * The beginning of a log that is no longer kept (semantics §6, Retention): its leaves stay, a file has the rest, and entries
 * `kept` repeat what it came to.
 */
export type Retirement = {
  /** Entries below this position are gone. */
  readonly cut: number;
  /** They were made before this moment. */
  readonly beforeMs: number;
  /** Where the entries `kept` stand: from a position to one behind them. The entry behind them says that it was done. */
  readonly keptFrom: number;
  readonly keptTo: number;
  /** The file that holds them, by its name, and its hex SHA-256. */
  readonly file: string;
  readonly sha256: string;
};

export type EntityRange = { readonly after: EntityId | null; readonly limit: number };

/** `sealed` is the text that was committed to; `payload` is what it says. Both null once the values were erased. */
export type StoredEntry = {
  readonly entry: LedgerEntry;
  readonly payload: LedgerPayload | null;
  readonly sealed: SealedPayload | null;
};
