import type { EntityId, RecordKey, SideName } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import { isAlone } from '../../../src/core/merge.js';
import type { UnitOptions } from '../options.js';
import type { Tables } from '../store/tables.js';
import type { SimSystem } from '../system.js';
import { canonical, rawOf } from '../truth.js';
import { stateIn } from './state-in.js';

/** Where a record stands that was merged into one of which the hub knows nothing else: it goes on there. */
export function keyNow(system: SimSystem, id: EntityId, key: RecordKey, tables: Tables): RecordKey {
  const into = system.row(key) === null ? system.state.merged.get(key) : undefined;
  if (into === undefined) return key;
  const side = system.options.name as SideName;
  const isOthers = [...tables.entities.keys()].some((other) => {
    const state = stateIn(tables, other);
    const isThere = other !== id && state.presence.kind !== 'alias' && state.sides[side]?.key === into;
    return isThere && !isAlone(state, side);
  });
  return isOthers ? key : keyNow(system, id, into, tables);
}

/** Whether a record held, when it was merged into another, the very version of the hub that stands there now. */
export function heldVersion(system: SimSystem, key: RecordKey, unit: UnitOptions, raw: Json): boolean {
  const lost = system.state.gone.get(key);
  const isHeld = lost !== undefined && canonical(unit, rawOf(unit, lost.fields)) === canonical(unit, raw);
  return isHeld && lost.registers[unit.name]?.authors === 0n;
}

/**
 * Whether a record took the place of another one, and the hub still counts that one as there: where deletes are found by
 * listing keys nobody told it, and until they are listed the record is a stranger (SPEC, A record is created or deleted).
 */
export function isUntold(system: SimSystem, key: RecordKey, tables: Tables): boolean {
  const { options, state } = system;
  if (options.deletes !== 'listing') return false;
  const lost = [...state.merged].filter(([from, into]) => into === key && system.row(from) === null);
  const isThere = (from: RecordKey): boolean =>
    [...tables.entities.keys()].some((id) => {
      const shadow = stateIn(tables, id).sides[options.name as SideName];
      return shadow?.key === from && (shadow.presence === 'present' || shadow.presence === 'duplicate');
    });
  return lost.some(([from]) => isThere(from) || isUntold(system, from, tables));
}
