import type { PairId } from '../core/ids.js';
import { cutOf } from '../core/ledger/kept.js';
import { emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import type { EntryChecker, LedgerProblem } from './check-entry.js';
import type { CheckpointWatch } from './checkpoint-watch.js';
import type { EnginePorts } from './engine.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { isRetained } from './retired.js';

const leavesPerPage = 20_000;
const pageSize = 5_000;

/**
 * The part of a log whose entries were retired (SPEC I17): its leaves, which lead to every root that was signed; the entries that keep
 * forward what it came to; and the entry that says that it was done, with the root at the cut.
 */
export class RetiredPart {
  readonly #ports: Pick<EnginePorts, 'store' | 'hasher'>;
  readonly #pair: PairId;
  readonly #of: Retirement;
  readonly #problems: LedgerProblem[];
  #root: string | null = null;
  #said: unknown;

  constructor(ports: Pick<EnginePorts, 'store' | 'hasher'>, pair: PairId, of: Retirement, problems: LedgerProblem[]) {
    this.#ports = ports;
    this.#pair = pair;
    this.#of = of;
    this.#problems = problems;
  }

  /** Where the log stands behind it; begins the fold of every entity that was kept. */
  async begin(checker: EntryChecker, watch: CheckpointWatch): Promise<LogHead> {
    const { store, hasher } = this.#ports;
    const { cut, keptFrom, keptTo } = this.#of;
    let head: LogHead = emptyLog;
    while (head.size < cut) {
      const leaves = await store.leaves(this.#pair, head.size, Math.min(leavesPerPage, cut - head.size));
      if (leaves.length === 0) {
        this.#report(head.size, 'leaves of retired entries are missing from here on');
        break;
      }
      head = watch.append(head, leaves);
    }
    this.#root = rootOf(head, (left, right) => hasher.sha256Node(1, left, right));
    for (let next = keptFrom; next < keptTo; ) {
      const page = await store.ledger(this.#pair, next, Math.min(pageSize, keptTo - next));
      const last = page.at(-1);
      if (last === undefined) break;
      for (const stored of page) {
        const { entry, payload } = stored;
        if (entry.seq < keptTo && payload !== null && cutOf(entry, payload) === cut) checker.begin(stored, payload);
      }
      next = last.entry.seq + 1;
    }
    return head;
  }

  see({ entry, payload }: StoredEntry): void {
    if (entry.seq === this.#of.keptTo && isRetained(entry)) this.#said = payload?.detail['root'];
  }

  end(): void {
    const { keptTo, cut } = this.#of;
    if (this.#said === undefined) this.#report(keptTo, 'no entry here says that the entries before were retired');
    else if (this.#said !== this.#root) this.#report(keptTo, `the first ${cut} leaves are not those that were retired`);
  }

  #report(seq: number, what: string): void {
    this.#problems.push({ seq, entity: null, what });
  }
}
