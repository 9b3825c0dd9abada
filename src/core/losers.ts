import { isMaster, unitsOf, type Hub } from './hub.js';
import type { SideName } from './ids.js';
import { ruleText, type Behind } from './intent.js';
import type { Fact } from './ledger/entry.js';
import { isBlankRaw, putValue, sameRaw } from './mapping/mapping.js';
import { registerOf } from './register.js';
import type { EntityState } from './state.js';

/**
 * On first contact the value of a side that does not decide is replaced: it is kept in the ledger (§2.3, R16). So is one
 * that nothing ever replaced, when its record is deleted: no entry has named it, and no other side has it.
 */
export function losersOf(
  hub: Hub,
  side: SideName,
  behind: readonly Behind[],
  how: 'first contact' | 'deleted' = 'first contact',
): Fact | null {
  const lost = behind.filter(
    ({ unit, register, old }) =>
      // Under a condition, too: a side that was not master when it was first read said nothing to the register then.
      unit.authority.kind !== 'either' &&
      !isMaster(unit, side) &&
      old !== undefined &&
      !isBlankRaw(unit, side, old) &&
      register.delivered[side] === undefined &&
      // It held an equal value when the two met, so nothing of its own is lost with what the master says since.
      register.noop[side] === undefined,
  );
  if (lost.length === 0) return null;
  const units = Object.fromEntries(
    lost.map(({ unit, old, target }) => [
      unit.name,
      { to: old ?? null, how, restored: how === 'deleted' ? null : target },
    ]),
  );
  return {
    kind: 'stray',
    entity: null,
    side,
    actor: { kind: 'rule' },
    rule: ruleText((lost[0] as Behind).unit),
    dot: null,
    effects: [],
    detail: { units },
    lo: null,
    hi: hub.nowMs,
  };
}

/** What a side holds that differs from what is agreed. */
export function ownValues(state: EntityState, hub: Hub, side: SideName): readonly Behind[] {
  return unitsOf(hub.rules, side).flatMap((unit) => {
    const [register, old] = [registerOf(state, unit.name), state.sides[side]?.raws[unit.name]];
    const target = putValue(unit, side, register.value, old);
    return old === undefined || sameRaw(unit, side, target, old) ? [] : [{ unit, register, old, target }];
  });
}
