import type { EntityId, SideName } from '../ids.js';
import type { MatchRule, PairRules } from '../rules.js';
import { evidenceText, isAlike, weigh, type Chance, type Traits } from './evidence.js';

/** An entity that a record may stand for, with the traits of each record it has. */
export type Candidate = { readonly entity: EntityId; readonly traits: { readonly [side: SideName]: Traits } };

/**
 * `likely`: one candidate carries enough evidence and is far enough ahead; a plan lists the link. `ask`: a person says
 * which, if any. Null: none of them is worth a question.
 */
export type Verdict = {
  readonly kind: 'likely' | 'ask';
  readonly entities: readonly EntityId[];
  readonly rule: string;
} | null;

/** People compare a handful; a longer list is no question any more. */
const askedMax = 5;

/**
 * What the rules of likeness make of a record and its candidates (semantics §1.12, steps 2 to 4); the first rule that
 * has anything to say decides. Never links by itself. Deterministic: equal weights are ordered by entity.
 */
export function judge(rules: PairRules, traits: Traits, candidates: readonly Candidate[], chance: Chance): Verdict {
  for (const rule of rules.match) {
    const verdict = judgeBy(rule, traits, candidates, chance);
    if (verdict !== null) return verdict;
  }
  return null;
}

function judgeBy(rule: MatchRule, traits: Traits, candidates: readonly Candidate[], chance: Chance): Verdict {
  if (rule.kind === 'alike') {
    const found = candidates.filter((one) => Object.values(one.traits).some((own) => isAlike(rule, traits, own)));
    const entities = found.map(({ entity }) => entity).sort((a, b) => a - b);
    return entities.length === 0 ? null : { kind: 'ask', entities: entities.slice(0, askedMax), rule: rule.text };
  }
  if (rule.kind !== 'weighed') return null;
  const weighed = candidates
    .map(({ entity, traits: records }) => {
      const all = Object.values(records).map((own) => weigh(rule, traits, own, chance));
      const sorted = all.sort((a, b) => b.bits - a.bits);
      return { entity, best: sorted[0], worst: sorted.at(-1) };
    })
    .filter(({ best }) => best !== undefined && best.bits >= rule.ask)
    .sort((a, b) => (b.best?.bits ?? 0) - (a.best?.bits ?? 0) || a.entity - b.entity);
  const [first, second] = weighed;
  if (first?.best === undefined) return null;
  const text = `${rule.text} (${evidenceText(first.best)})`;
  const lead = first.best.bits - (second?.best?.bits ?? Number.NEGATIVE_INFINITY);
  // A record that is like one record of an entity and unlike another contradicts what was linked: a person looks.
  const isContradicted = (first.worst?.bits ?? 0) < rule.ask;
  if (rule.link !== null && first.best.bits >= rule.link && lead >= rule.margin && !isContradicted)
    return { kind: 'likely', entities: [first.entity], rule: text };
  return { kind: 'ask', entities: weighed.slice(0, askedMax).map(({ entity }) => entity), rule: text };
}
