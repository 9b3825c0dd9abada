import { isEmptyVector, vectorText, type Vector } from '../core/clock/version-vector.js';
import type { Json } from '../core/json.js';
import type { Effect, Fact } from '../core/ledger/entry.js';

/** The units that effects are about, with their agreed values before or after; one that nobody had given a value is left out. */
export function documentOf(effects: readonly Effect[], when: 'before' | 'after'): Json {
  const document: { [unit: string]: Json } = {};
  for (const effect of effects) {
    const vv: Vector = when === 'before' ? effect.vvBefore : effect.vvAfter;
    if (!isEmptyVector(vv)) document[effect.unit] = effect[when];
  }
  return document;
}

export function vectorsText(effects: readonly Effect[], which: 'vvBefore' | 'vvAfter'): string {
  let text = '';
  for (const effect of effects) text += `${text === '' ? '' : '; '}${effect.unit} ${vectorText(effect[which])}`;
  return text;
}

export function actorText(fact: Fact): string {
  switch (fact.actor.kind) {
    case 'side':
      return `side:${fact.actor.side}`;
    case 'rule':
      return 'rule';
    case 'person':
      return `person:${fact.actor.name}`;
  }
}
