import type { Vector } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import type { Effect } from './ledger/entry.js';
import type { UnitRules } from './rules.js';
import type { Register, Sibling } from './state.js';

/** What a decision did to a register, as its ledger entry states it: values and vectors before and after, no context. */
export function effectOf(unit: UnitRules, before: Register, after: Register): Effect {
  return {
    unit: unit.name,
    before: before.value,
    after: after.value,
    vvBefore: before.vv,
    vvAfter: after.vv,
    ctx: {},
  };
}

/** A context that rose by a complete pass: the fold of the ledger must know it (SPEC I17). */
export function confirmation(unit: UnitRules, { value, vv, delivered }: Register, side: SideName): Effect {
  const ctx = { [side]: delivered[side] as Vector };
  return { unit: unit.name, before: value, after: value, vvBefore: vv, vvAfter: vv, ctx };
}

/** The edits that a decision was made among, as the payload of its entry keeps them. */
export function editsOf(siblings: readonly Sibling[]): Json {
  return siblings.map(({ side, dot, value }) => ({ side, dot: dot.join(':'), value }));
}
