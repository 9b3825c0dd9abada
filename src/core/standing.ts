import { includes } from './clock/version-vector.js';
import { unitsOf } from './hub.js';
import { contextOf, registerOf } from './register.js';
import { isTripped, parkedSides } from './loop.js';
import { isPaced } from './pace.js';
import { isBlank } from './mapping/equality.js';
import type { SideName } from './ids.js';
import { isBlankRaw } from './mapping/mapping.js';
import type { PairRules, UnitRules } from './rules.js';
import type { EntityState, Register, Shadow } from './state.js';

/**
 * Where an entity stands between its sides, one word each: they partition all entities, so that every difference
 * has exactly one reason. The first that fits, from what needs a person to what needs nothing.
 */
export const standings = [
  'gone',
  'archived',
  'held',
  'asked',
  'tripped',
  'parked',
  'refused',
  'hidden',
  'on_its_way',
  'waiting',
  'paced',
  'undecided',
  'one_sided',
  'override',
  'agreed',
] as const;
export type Standing = (typeof standings)[number];

export function standingOf(state: EntityState, rules: PairRules): Standing {
  const { presence, hold } = state;
  if (presence.kind === 'alias') return standingOfAlias(state);
  if (presence.kind === 'tombstone') return standingOfTombstone(state, rules);
  if (presence.kind === 'delete_held' || hold?.kind === 'create' || hold?.kind === 'match') return 'held';
  let [isAsked, isRefused, isOnItsWay, isUndecided, isOneSided] = [state.broken !== null, false, false, false, false];
  let [hasTripped, hasParked, isHidden] = [false, false, false];
  for (const { name } of rules.units) {
    const register = registerOf(state, name);
    const { status, proposal } = register;
    if (status === 'asked' || proposal?.status === 'asked') isAsked = true;
    if (isTripped(register)) hasTripped = true;
    if (parkedSides(register).length > 0) hasParked = true;
    if (status !== 'settled' || proposal !== null) isUndecided = true;
  }
  for (const { name } of rules.sides) {
    const shadow = state.sides[name];
    if (shadow?.intent != null) isOnItsWay = true;
    else if (shadow?.refused != null) isRefused = true;
    // Another value waits until a write that was given up cannot be made any more.
    if (shadow?.late !== undefined && isBehind(state, rules, name)) isOnItsWay = true;
    if (shadow?.presence === 'hidden') isHidden = true;
    else if (shadow?.presence !== 'present') isOneSided = true;
  }
  if (isAsked) return 'asked';
  if (hasTripped) return 'tripped';
  if (hasParked) return 'parked';
  if (isRefused) return 'refused';
  if (isHidden) return 'hidden';
  if (isOnItsWay) return 'on_its_way';
  if (state.waits.length > 0 || hold?.kind === 'key') return 'waiting';
  if (rules.sides.some(({ name }) => isPacedOn(state, rules, name))) return 'paced';
  if (isUndecided || rules.sides.some(({ name }) => isBehind(state, rules, name))) return 'undecided';
  if (isOneSided) return 'one_sided';
  return rules.units.some((unit) => mayDiffer(unit, state)) ? 'override' : 'agreed';
}

/** An alias is over, unless it still has a record beside the one that counts. */
function standingOfAlias({ sides, hold }: EntityState): Standing {
  const duplicates = Object.values(sides).filter(({ presence }: Shadow) => presence === 'duplicate');
  if (duplicates.length === 0) return 'gone';
  if (duplicates.some(({ intent }: Shadow) => intent !== null)) return 'on_its_way';
  if (duplicates.some(({ refused }: Shadow) => refused !== null)) return 'refused';
  return hold?.kind === 'left' ? 'override' : 'held';
}

/** Deleted for good, and made so everywhere that it can be; or archived there. */
function standingOfTombstone({ sides, hold }: EntityState, rules: PairRules): Standing {
  const shadows = rules.sides.flatMap(({ name }) => sides[name] ?? []);
  const isThere = shadows.some(({ presence }) => presence === 'present');
  if (isThere && hold?.kind === 'children') return hold.isAsked ? 'held' : 'waiting';
  if (isThere || shadows.some(({ intent }) => intent !== null)) return 'on_its_way';
  const last = (['hidden', 'archived'] as const).find((word) => shadows.some(({ presence }) => presence === word));
  return last ?? 'gone';
}

/** Whether a rule or a person says that the sides differ in this unit, or the master has no opinion and another side has. */
export function mayDiffer(unit: UnitRules, state: EntityState): boolean {
  const register = registerOf(state, unit.name);
  if (register.override.length > 0) return true;
  const { authority } = unit;
  if (authority.kind === 'either' || !isBlank(register.value)) return false;
  // By a condition: whichever way it goes, a side that holds something where nothing was agreed may differ.
  const master = authority.kind === 'master' ? authority.side : null;
  return Object.entries(state.sides).some(
    ([side, shadow]) => side !== master && !isBlankRaw(unit, side as SideName, shadow.raws[unit.name] ?? null),
  );
}

/** A due write to a side waits because its unit was written there as often as the file allows within an hour. */
function isPacedOn(state: EntityState, rules: PairRules, side: SideName): boolean {
  if (state.sides[side]?.presence !== 'present') return false;
  return unitsOf(rules, side).some((unit) => {
    const register = registerOf(state, unit.name);
    return register.status === 'settled' && isPaced(register, side) && hasMissed(register, side);
  });
}

/** A side that has the record and neither received the register's version nor is known to hold an equal value. */
function isBehind(state: EntityState, rules: PairRules, side: PairRules['sides'][number]['name']): boolean {
  if (state.sides[side]?.presence !== 'present') return false;
  return unitsOf(rules, side).some((unit) => hasMissed(registerOf(state, unit.name), side));
}

function hasMissed(register: Register, side: SideName): boolean {
  if (register.override.includes(side) || includes(contextOf(register, side), register.vv)) return false;
  const noop = register.noop[side];
  return noop === undefined || !includes(noop.vv, register.vv);
}
