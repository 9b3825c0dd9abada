import type { KeptCheckpoint } from '../core/ledger/checkpoint.js';
import { append, rootOf, type LogHead, type NodeHash } from '../core/ledger/merkle.js';
import type { LedgerProblem } from './check-entry.js';

/**
 * Holds a log that is read from its beginning against the checkpoints that were signed of it. Since a checkpoint is kept
 * where the database's owner cannot write, a log that was cut short, rewritten or restored is found here, although it
 * agrees with itself.
 */
export class CheckpointWatch {
  readonly #waiting: KeptCheckpoint[];
  readonly #node: NodeHash;
  readonly #problems: LedgerProblem[];
  compared = 0;

  constructor(kept: readonly KeptCheckpoint[], node: NodeHash, problems: LedgerProblem[]) {
    this.#node = node;
    this.#problems = problems;
    this.#waiting = kept
      .filter((one) => this.#isGood(one))
      .sort((one, other) => one.checkpoint.size - other.checkpoint.size);
  }

  #isGood({ checkpoint, signature }: KeptCheckpoint): boolean {
    if (signature === 'good') return true;
    const which =
      checkpoint.size === 0 ? 'Text' : `The checkpoint of ${at(checkpoint.atMs)} (${checkpoint.size} entries)`;
    const what =
      signature === 'bad'
        ? `${which} among the checkpoints was changed after it was signed: its signature does not hold.`
        : `${which} was signed by a key that is not known here. Name it in PARLEY_CHECKPOINT_PUBLIC_KEY if it is yours.`;
    this.#problems.push({ seq: null, entity: null, what });
    return false;
  }

  /** Appends leaves, looking at each size that a checkpoint was made of. */
  append(head: LogHead, leaves: readonly string[]): LogHead {
    let [next, done] = [head, 0];
    for (;;) {
      const checkpoint = this.#waiting[0]?.checkpoint;
      const until = Math.min(head.size + leaves.length, checkpoint?.size ?? Number.POSITIVE_INFINITY);
      const taken = leaves.slice(done, Math.max(done, until - head.size));
      next = append(next, taken, this.#node);
      done += taken.length;
      if (checkpoint === undefined || checkpoint.size > next.size) return next;
      this.#compare(checkpoint, next);
      this.#waiting.shift();
    }
  }

  #compare({ size, root, atMs }: KeptCheckpoint['checkpoint'], head: LogHead): void {
    this.compared += 1;
    if (size === head.size && rootOf(head, this.#node) === root) return;
    const what = `The first ${size} entries are not those that were signed at ${at(atMs)}: the ledger was rewritten.`;
    this.#problems.push({ seq: null, entity: null, what });
  }

  /** What was signed of a longer log than there is. */
  end(size: number): void {
    const newest = this.#waiting.at(-1)?.checkpoint;
    if (newest === undefined) return;
    this.compared += this.#waiting.length;
    const what =
      `The ledger has ${size} entries, but ${newest.size} were signed at ${at(newest.atMs)}: ` +
      `it was cut short, or the database was put back to an earlier state.`;
    this.#problems.push({ seq: null, entity: null, what });
  }
}

const at = (ms: number): string => new Date(ms).toISOString();
