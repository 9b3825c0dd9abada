import type { EnginePorts } from './engine.js';
import { Page } from './page.js';
import type { PairTransaction, SavedRevision } from './store.js';

/** A page for facts about the pair itself. */
export function controlPage(
  ports: Pick<EnginePorts, 'hasher' | 'evaluate'>,
  transaction: PairTransaction,
  rules: SavedRevision['rules'],
  run: { id: number; kind: 'poll' | 'plan' | 'apply' | 'decide' | 'verify' },
): Page {
  return new Page(transaction, { rules, source: 'control', run, hasher: ports.hasher, evaluate: ports.evaluate });
}
