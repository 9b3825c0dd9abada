import type { Fact } from '../core/ledger/entry.js';

/** A fact about the pair itself. */
export function pairFact(rule: string, actor: Fact['actor'], detail: Fact['detail']): Fact {
  return { kind: 'pair', entity: null, side: null, actor, rule, dot: null, effects: [], detail, lo: null, hi: null };
}
