import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { Fact, LedgerEntry } from '../core/ledger/entry.js';
import type { Cut } from '../core/ledger/kept.js';
import type { Retirement } from './ledger-store.js';
import { pairFact } from './pair-fact.js';

/** Where the beginning of a ledger is: `before 2026-09-01 the history is in people-0-812.ledger.jsonl`. */
export function retiredText({ beforeMs, file }: Pick<Retirement, 'beforeMs' | 'file'>): string {
  return `before ${new Date(beforeMs).toISOString().slice(0, 10)} the history is in ${file}`;
}

/** What was asked needs entries that were taken out of the ledger. */
export function isRetired(pair: PairId, retirement: Retirement): ParleyError {
  return new ParleyError(
    'ledger.retired',
    `The ledger of ${pair} begins with entry ${retirement.cut}: ${retiredText(retirement)}. Nothing was changed.`,
    { hint: `Look there; parley ledger verify --offline ${retirement.file} says whether it is whole.` },
  );
}

const retainedRule = 'retained';

/** Whether an entry says that entries were retired. */
export function isRetained({ kind, rule }: Pick<LedgerEntry, 'kind' | 'rule'>): boolean {
  return kind === 'pair' && rule === retainedRule;
}

export type Retained = Cut & {
  /** Hex root of the log at the cut. */
  readonly root: string;
  readonly kept: { readonly from: number; readonly records: number };
  readonly file: string;
  readonly sha256: string;
};

/** That entries are retired, by whom, and what proves them. */
export function retainedFact(by: string, { cut, beforeMs, root, kept, file, sha256 }: Retained): Fact {
  const before = new Date(beforeMs).toISOString();
  return pairFact(retainedRule, { kind: 'person', name: by }, { before, cut, root, kept, file, sha256 });
}
