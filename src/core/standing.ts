import { includes } from './clock/version-vector.js';
import { unitsOf } from './hub.js';
import { contextOf, registerOf } from './register.js';
import { isBlank } from './mapping/equality.js';
import type { PairRules, UnitRules } from './rules.js';
import type { EntityState } from './state.js';

/**
 * Where an entity stands between its sides, one word each: they partition all entities, so that every difference
 * has exactly one reason. The first that fits, from what needs a person to what needs nothing.
 */
export const standings = [
  'gone',
  'held',
  'asked',
  'refused',
  'on_its_way',
  'undecided',
  'one_sided',
  'override',
  'agreed',
] as const;
export type Standing = (typeof standings)[number];

export function standingOf(state: EntityState, rules: PairRules): Standing {
  if (state.presence.kind === 'alias') return 'gone';
  const shadows = rules.sides.map(({ name }) => state.sides[name]);
  if (state.presence.kind === 'tombstone')
    return shadows.some((shadow) => shadow?.presence === 'present') ? 'on_its_way' : 'gone';
  if (state.presence.kind === 'delete_held' || state.hold?.kind === 'create' || state.hold?.kind === 'match')
    return 'held';
  const registers = rules.units.map((unit) => registerOf(state, unit.name));
  if (registers.some(({ status, proposal }) => status === 'asked' || proposal?.status === 'asked')) return 'asked';
  if (shadows.some((shadow) => shadow?.refused != null && shadow.intent === null)) return 'refused';
  if (shadows.some((shadow) => shadow?.intent != null)) return 'on_its_way';
  if (registers.some(({ status, proposal }) => status !== 'settled' || proposal !== null)) return 'undecided';
  if (rules.sides.some(({ name }) => isBehind(state, rules, name))) return 'undecided';
  if (shadows.some((shadow) => shadow?.presence !== 'present')) return 'one_sided';
  return rules.units.some((unit) => mayDiffer(unit, state)) ? 'override' : 'agreed';
}

/** Whether a rule or a person says that the sides differ in this unit, or the master has no opinion and another side has. */
export function mayDiffer(unit: UnitRules, state: EntityState): boolean {
  const register = registerOf(state, unit.name);
  if (register.override.length > 0) return true;
  const { authority } = unit;
  if (authority.kind !== 'master' || !isBlank(register.value)) return false;
  return Object.entries(state.sides).some(
    ([side, shadow]) => side !== authority.side && !isBlank(shadow.raws[unit.name] ?? null),
  );
}

/** A side that has the record and neither received the register's version nor is known to hold an equal value. */
function isBehind(state: EntityState, rules: PairRules, side: PairRules['sides'][number]['name']): boolean {
  if (state.sides[side]?.presence !== 'present') return false;
  return unitsOf(rules, side).some((unit) => {
    const register = registerOf(state, unit.name);
    if (register.override.includes(side) || includes(contextOf(register, side), register.vv)) return false;
    const noop = register.noop[side];
    return noop === undefined || !includes(noop.vv, register.vv);
  });
}
