import { includes } from './clock/version-vector.js';
import type { SideName } from './ids.js';
import { sameJson, type Json } from './json.js';
import { waitsOn } from './mapping/mapping.js';
import type { Wait } from './reference.js';
import { contextOf, registerOf, withSide } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register } from './state.js';

/** References that a side is to be written and cannot be; of a unit that is asked about, those that may yet turn out equal. */
export function waitsIn(unit: UnitRules, side: SideName, register: Register, old: Json | undefined): readonly Wait[] {
  if (unit.as !== 'reference' || register.override.includes(side)) return [];
  const values = register.siblings.map(({ value }) => value);
  if (register.status !== 'settled') return waitsOn(unit, side, values, old);
  return includes(contextOf(register, side), register.vv) ? [] : waitsOn(unit, side, [register.value], old);
}

/** The state with what waits now. */
export function withWaits(state: EntityState, waits: readonly Wait[]): EntityState {
  return sameJson(state.waits, waits) ? state : { ...state, waits };
}

/** Whether a reference that waits is one without which a record may not be made. */
export function isRequired(units: readonly UnitRules[], waits: readonly Wait[]): boolean {
  return waits.some((wait) =>
    units.some(({ name, reference }) => name === wait.unit && reference?.isRequired === true),
  );
}

/** Whether a reference without which a record may not be made is not decided yet: it would be made with a blank (SPEC I14). */
export function isUndecided(units: readonly UnitRules[], state: EntityState): boolean {
  return units.some(({ name, reference }) => {
    const isAsked = registerOf(state, name).status !== 'settled' || state.broken?.units.includes(name) === true;
    return isAsked && reference?.isRequired === true;
  });
}

/** A create that was planned and not sent is taken back. */
export function withoutIntent(state: EntityState, side: SideName): EntityState {
  const shadow = state.sides[side];
  return shadow?.intent == null ? state : withSide(state, side, { ...shadow, intent: null });
}
