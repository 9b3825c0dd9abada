import type { LedgerEntry, LedgerPayload } from '../core/ledger/entry.js';
import type { ExportLine } from '../core/ledger/export.js';
import { cutOf } from '../core/ledger/kept.js';
import type { EntryChecker, LedgerProblem } from './check-entry.js';

/** Entries `kept` that an export tells ahead of their place: they begin the fold, and have to stand in the log as well. */
export class KeptForward {
  readonly #checker: EntryChecker;
  readonly #problems: LedgerProblem[];
  readonly #leaves = new Map<number, string>();

  constructor(checker: EntryChecker, problems: LedgerProblem[]) {
    this.#checker = checker;
    this.#problems = problems;
  }

  begin({ entry, sealed }: Extract<ExportLine, { line: 'kept' }>, cut: number): void {
    const stored = { entry, sealed, payload: null };
    this.#checker.checkRow(stored, entry.seq);
    this.#leaves.set(entry.seq, entry.leaf);
    if (sealed === null || !this.#checker.checkValues(stored, sealed)) return;
    const payload = { nonce: sealed.nonce, ...(JSON.parse(sealed.text) as Omit<LedgerPayload, 'nonce'>) };
    if (cutOf(entry, payload) === cut) this.#checker.begin(stored, payload);
    else this.#report(entry.seq, 'the entry keeps nothing of what was retired');
  }

  see({ seq, leaf }: LedgerEntry): void {
    const told = this.#leaves.get(seq);
    if (told === undefined) return;
    if (told !== leaf) this.#report(seq, 'the entry is not the one that was told ahead');
    this.#leaves.delete(seq);
  }

  /** Those behind the end of the file stand in the next one. */
  end(size: number): void {
    for (const seq of this.#leaves.keys())
      if (seq < size) this.#report(seq, 'an entry that was told ahead does not stand in the log');
  }

  #report(seq: number, what: string): void {
    this.#problems.push({ seq, entity: null, what });
  }
}
