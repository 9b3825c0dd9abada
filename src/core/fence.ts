import { unitsOf, type Hub } from './hub.js';
import type { SideName, UnitName } from './ids.js';
import { isBackSoon } from './loop.js';
import { readUnit, sameRaw } from './mapping/mapping.js';
import type { Snapshot } from './record.js';
import { registerOf, withoutConfirmation } from './register.js';
import type { EntityState, Register, Shadow } from './state.js';

/**
 * A fenced reading is read again; but the pass that it belongs to is complete without it, and must not be taken as proof
 * that the side showed no edit (SPEC I3).
 */
export function unconfirmed(
  state: EntityState,
  hub: Hub,
  side: SideName,
  { snapshot, complete }: { readonly snapshot: Snapshot; readonly complete: { readonly tick: number } | null },
): EntityState {
  const units: { [unit: UnitName]: Register } = {};
  for (const unit of unitsOf(hub.rules, side)) {
    const register = registerOf(state, unit.name);
    const raw = readUnit(unit, side, snapshot.fields);
    const known = state.sides[side]?.raws[unit.name];
    const noop = register.noop[side];
    if (noop === undefined || raw === undefined) continue;
    // A pass that was complete before this reading showed what it confirmed, and that stays so.
    if (complete !== null && noop.tick <= complete.tick) continue;
    if (known !== undefined && sameRaw(unit, side, raw, known)) continue;
    units[unit.name] = withoutConfirmation(register, side, hub.tick);
  }
  return Object.keys(units).length === 0 ? state : { ...state, units: { ...state.units, ...units } };
}

/**
 * A record is missing, and what became of it is not dealt with yet: passes that were complete meanwhile did not show it, so
 * they are no proof that it was not edited before it went (SPEC I3).
 */
export function unproven(state: EntityState, hub: Hub, side: SideName): EntityState {
  const units: { [unit: UnitName]: Register } = {};
  for (const { name } of unitsOf(hub.rules, side)) {
    const register = registerOf(state, name);
    if (register.noop[side] !== undefined) units[name] = withoutConfirmation(register, side, hub.tick);
  }
  return Object.keys(units).length === 0 ? state : { ...state, units: { ...state.units, ...units } };
}

/**
 * A system without versions that shows, soon after our write, what was there before it: a lagging replica, or a person
 * (semantics §1.9). Taken as an edit it would undo the write; read again later, only a person's edit is still there.
 */
export function looksOld(
  shadow: Shadow | undefined,
  { snapshot, readAtMs }: { readonly snapshot: Snapshot; readonly readAtMs: number },
  hub: Hub,
  side: SideName,
): boolean {
  if (snapshot.token !== null || shadow?.presence !== 'present') return false;
  return unitsOf(hub.rules, side).some((unit) => {
    const wrote = shadow.wrote[unit.name];
    const old = shadow.raws[unit.name];
    if (wrote === undefined || old === undefined) return false;
    const raw = readUnit(unit, side, snapshot.fields);
    return raw !== undefined && !sameRaw(unit, side, raw, old) && isBackSoon(wrote, unit, raw, { atMs: readAtMs, hub });
  });
}
