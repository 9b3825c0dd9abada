import type { PairId } from '../ids.js';
import type { LogHead } from './merkle.js';

/** What a pair's log was at one moment: to be signed, and kept where the database's owner cannot write. */
export type Checkpoint = LogHead & {
  readonly pair: PairId;
  /** Hex root over all leaves; follows from the peaks. */
  readonly root: string;
  readonly atMs: number;
};

/** A checkpoint as it was found. `signature` says whether a key that we know made it; nothing else is to be believed. */
export type KeptCheckpoint = {
  readonly checkpoint: Checkpoint;
  readonly signature: 'good' | 'bad' | 'unknown_key';
  /** The signed note, as it is kept. */
  readonly note: string;
};
