import type { PairId } from '../core/ids.js';
import type { ExportLine } from '../core/ledger/export.js';

/** What may take months of the history away: the owner of the tables. The application's role adds and reads only. */
export interface RetentionStore {
  /** What stands before a moment, and what still needs it. */
  before(beforeMs: number): Promise<HistoryBefore>;
  /**
   * Keeps the leaves of what is retired, notes it, and drops the months; all of it or nothing.
   * @throws ParleyError `store.conflict` when somebody holds the tables, `ledger.still_needed` when more stands there by now
   */
  retire(wish: RetireWish): Promise<void>;
  close(): Promise<void>;
}

export type HistoryBefore = {
  /** Months that would go, `2026-09`. */
  readonly months: readonly string[];
  /** Entries that stand in no month of their own, because none was made in time: they cannot be taken away. */
  readonly outsideMonths: number;
  /** Pairs that have entries before the moment. */
  readonly pairs: readonly PairBefore[];
};

export type PairBefore = {
  readonly pair: PairId;
  /** The first entry that is still there. */
  readonly from: number;
  /** One behind the last entry before the moment. */
  readonly cut: number;
  readonly records: number;
  /** Entries between the two that are dated after the moment, because a clock was set back. */
  readonly misdated: number;
  /** What began before the moment and is not over. */
  readonly open: { readonly questions: number; readonly deliveries: number; readonly held: number };
  /** Plans of an undo that are made, wait or are applied. */
  readonly undoPlans: number;
};

export type RetireWish = { readonly beforeMs: number; readonly pairs: readonly RetiredPair[] };

export type RetiredPair = {
  readonly pair: PairId;
  readonly from: number;
  readonly cut: number;
  readonly keptFrom: number;
  readonly keptTo: number;
  readonly file: string;
  readonly sha256: string;
};

/** Where exported ledgers are kept. */
export interface LedgerFiles {
  /** A file, whole or not at all, in place of one that has its name; returns its hex SHA-256. */
  write(name: string, lines: AsyncIterable<ExportLine>): Promise<string>;
  /** Hex SHA-256 of a file; null when there is none. */
  sha256(name: string): Promise<string | null>;
  read(name: string): AsyncIterable<ExportLine>;
}
