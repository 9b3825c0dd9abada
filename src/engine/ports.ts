import type { ErrorCode } from '../core/errors.js';
import type { PairId, SideName } from '../core/ids.js';
import type { Checkpoint, KeptCheckpoint } from '../core/ledger/checkpoint.js';
import type { PairRules } from '../core/rules.js';
import type { Connector } from './connector.js';
import type { SavedRevision } from './store.js';

/** SHA-256 over bytes, and randomness for nonces: the core needs both and may have neither. */
export interface Hasher {
  /** Hex SHA-256 of the UTF-8 text. */
  sha256(text: string): string;
  /** Hex SHA-256 of the prefix byte followed by the bytes of the hex texts. */
  sha256Node(prefix: number, ...hex: readonly string[]): string;
  /** 128 random bits as hex. */
  nonce(): string;
}

/**
 * Where signed checkpoints of the ledgers are kept: outside of the database, so that its owner cannot change both.
 * Throws `ledger.checkpoints_unreachable`.
 */
export interface Checkpoints {
  /** The key that verifies what is written here, as text to be published; null when none is known. */
  readonly publicKey: string | null;
  /** Whether this process has the key to sign with. */
  readonly signs: boolean;
  /** Signs a checkpoint and appends it; nothing that was written before is ever changed. */
  write(checkpoint: Checkpoint): Promise<void>;
  /** Oldest first: of the newest day all, of each earlier one the last. */
  kept(pair: PairId): Promise<readonly KeptCheckpoint[]>;
}

/** How far a pair's rows were at one moment. */
export type Mark = { readonly epoch: number; readonly tick: number; readonly entries: number };

/**
 * High-water marks, kept outside of the database: one that is put back to an earlier state is behind its mark.
 * Throws `ledger.checkpoints_unreachable`.
 */
export interface Marks {
  read(pair: PairId): Promise<Mark | null>;
  write(pair: PairId, mark: Mark): Promise<void>;
}

/** Structured log; fields carry ids, counts and codes, never values of records. */
export interface Log {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
export type LogFields = { readonly [name: string]: string | number | boolean | null | undefined };

/** Opens the connector of one side of a revision; connectors are kept open and shared until the revision changes. */
export interface Connectors {
  open(revision: SavedRevision, side: PairRules['sides'][number]): Promise<Connector>;
  close(): Promise<void>;
}

/** The Runner port: durable orchestration of a pair. The adapter is Temporal; the engine only asks. */
export interface Runner {
  /** Makes sure the pair's workflow runs. Idempotent. */
  ensure(pair: PairId): Promise<void>;
  /** Tells the pair that something waits in Postgres: a decision, a plan, a mode. Coalesced, never lost. */
  poke(pair: PairId): Promise<void>;
  /** Runs one cycle now and waits for it. */
  runNow(pair: PairId): Promise<CycleSummary>;
  /** Changes the mode and waits until it holds: a batch under way is finished first, a drain empties the queue. */
  setMode(pair: PairId, change: ModeChange, by: string): Promise<void>;
  /** Throws `runner.unreachable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
export type ModeChange = 'hold' | 'pause' | 'drain' | 'resume';

/** Counts of one cycle; ids and counts only, so that it may stand in a workflow's history. */
export type CycleSummary = {
  readonly read: number;
  readonly edited: number;
  readonly created: number;
  readonly deleted: number;
  readonly asked: number;
  readonly written: number;
  readonly refused: number;
  readonly setAside: number;
  readonly halted: boolean;
  readonly problem: string | null;
  /** Sides that could not be read or written, as of the end of the cycle. Absent in histories of earlier versions. */
  readonly troubles?: readonly SideTrouble[];
};

export type SideTrouble = {
  readonly side: SideName;
  readonly doing: 'read' | 'written';
  readonly code: ErrorCode;
  readonly text: string;
  readonly sinceMs: number;
};
