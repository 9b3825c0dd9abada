import type { EntityId } from '../core/ids.js';
import type { LedgerPayload, SealedPayload } from '../core/ledger/entry.js';
import { emptyFold, foldEntry, foldReceipt, type Folded, type Receipt } from '../core/ledger/fold.js';
import { keptIn } from '../core/ledger/kept.js';
import type { LedgerVerification } from './engine.js';
import type { StoredEntry } from './ledger-store.js';
import { commitmentOf, leafOf } from './page-entries.js';
import type { Hasher } from './ports.js';

export type LedgerProblem = LedgerVerification['problems'][number];

/**
 * Checks entries one after the other, whoever kept them (SPEC I17): position, leaf, commitment, and that values follow from
 * the values before. Holds the fold of every entity that it saw.
 */
export class EntryChecker {
  readonly folds = new Map<EntityId, Folded>();
  readonly #hasher: Hasher;
  readonly #problems: LedgerProblem[];

  constructor(hasher: Hasher, problems: LedgerProblem[]) {
    this.#hasher = hasher;
    this.#problems = problems;
  }

  /** The row: at its place, and as it was written. */
  checkRow({ entry }: StoredEntry, seq: number): void {
    const { leaf, ...row } = entry;
    if (entry.seq !== seq) this.#report(entry, `entry ${seq} is missing`);
    if (leafOf(this.#hasher, row) !== leaf) this.#report(entry, 'the row was changed after it was written');
  }

  /** The values: those that the row commits to. False when they were changed. */
  checkValues({ entry }: StoredEntry, sealed: SealedPayload): boolean {
    const isTrue = commitmentOf(this.#hasher, sealed) === entry.commitment;
    if (!isTrue) this.#report(entry, 'the values were changed after they were written');
    return isTrue;
  }

  /** Begins an entity with what an entry `kept` says that entries before came to. */
  begin({ entry }: StoredEntry, payload: LedgerPayload): void {
    if (entry.entity !== null) this.folds.set(entry.entity, keptIn(payload).folded);
  }

  /** What the entry does to its entity: it must fit what earlier entries did. One that keeps what was, does nothing. */
  fold({ entry }: StoredEntry, payload: LedgerPayload): void {
    const { folds } = this;
    if (entry.kind === 'kept') return;
    if (entry.kind === 'delivered' && entry.side !== null) {
      for (const receipt of payload.detail['receipts'] as unknown as readonly Receipt[])
        folds.set(receipt.entity, foldReceipt(folds.get(receipt.entity) ?? emptyFold, entry.side, receipt));
      return;
    }
    if (entry.entity === null) return;
    const folded = foldEntry(folds.get(entry.entity) ?? emptyFold, entry, payload);
    if (typeof folded === 'string') this.#report(entry, folded);
    else folds.set(entry.entity, folded);
  }

  #report(entry: StoredEntry['entry'], what: string): void {
    this.#problems.push({ seq: entry.seq, entity: entry.entity, what });
  }
}
