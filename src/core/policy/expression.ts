import { inDomain, type Evaluate } from '../expression.js';
import type { Json } from '../json.js';
import { sameValue } from '../mapping/equality.js';
import { baseBetween } from '../lineage.js';
import type { Expression, UnitRules } from '../rules.js';
import type { Sibling, Step } from '../state.js';

/**
 * What an expression makes of the siblings (semantics §2.2, `expr`): `base` is the value that all of them had, blank when
 * they had none in common, and `values` are theirs in side order. Null when it fails, or gives what is no value of the type.
 */
export function evaluateSiblings(
  expression: Expression,
  siblings: readonly Sibling[],
  { unit, steps, evaluate }: { unit: Pick<UnitRules, 'as' | 'same'>; steps: readonly Step[]; evaluate: Evaluate },
): Json {
  const bases = siblings.flatMap((one) =>
    siblings.filter((other) => other !== one).map((other) => baseBetween(steps, one, other)),
  );
  const [first = null] = bases;
  const base = bases.every((other) => sameValue(unit.same, other, first)) ? first : null;
  const given = evaluate(expression, { base, values: siblings.map(({ value }) => value) });
  return 'failure' in given ? null : inDomain(unit.as, given.value);
}
