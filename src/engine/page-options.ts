import type { Evaluate } from '../core/expression.js';
import type { Source } from '../core/ledger/entry.js';
import type { PairRules } from '../core/rules.js';
import type { Hasher } from './ports.js';
import type { RunChange } from './store.js';

/** What a page decides by, and where what it writes comes from. */
export type PageOptions = {
  readonly rules: PairRules;
  readonly source: Source;
  readonly run: { readonly id: number; readonly kind: RunChange['kind'] };
  readonly plan?: number | null;
  readonly delivery?: number | null;
  readonly hasher: Hasher;
  readonly evaluate?: Evaluate | undefined;
};
