import { isDeepStrictEqual } from 'node:util';
import type { EntityId } from '../../../src/core/ids.js';
import type { EntityState, Register, Shadow } from '../../../src/core/state.js';
import type { UnitOptions } from '../options.js';
import { thousandths } from '../truth.js';

/** What a total was at some moment, and what people had added on each side by what the hub had seen of it then. */
type Anchor = { readonly total: number; readonly added: Added };
type Added = { readonly [side: string]: number };
export type SumState = ReadonlyMap<string, Anchor>;

/** Units of which the edits are added up: who was overwritten says nothing about them, and the total everything. */
export function isSum({ authority }: UnitOptions): boolean {
  return authority.kind === 'delta';
}

/**
 * Holds a total against what people really added (I2 of numbers that are added up). Each addition that the hub has seen
 * is in the total once: from a moment when nothing was open the total moves by exactly these. What a person decides, and
 * records that come and go, begin a new count. The answer is what is wrong, or null, and the state after it.
 */
export function checkedSum(
  state: SumState,
  { id, unit, is }: { readonly id: EntityId; readonly unit: UnitOptions; readonly is: EntityState },
  register: Register,
  added: Added,
): { readonly state: SumState; readonly wrong: string | null } {
  const name = `${id} ${unit.name}`;
  const total = thousandths(register.value);
  const shadows = Object.values(is.sides) as readonly Shadow[];
  const isCertain = shadows.every(({ intent }) => intent === null);
  // A blank takes with it what was typed before it and never read.
  const isWhole = shadows.every(
    ({ presence, raws }) => presence === 'present' && thousandths(raws[unit.name as never] ?? null) !== null,
  );
  if (register.status !== 'settled' || total === null || is.presence.kind !== 'live' || !isWhole)
    return { state: without(state, name), wrong: null };
  const anchor = state.get(name);
  if (anchor === undefined || !isDeepStrictEqual(Object.keys(anchor.added), Object.keys(added)))
    return { state: isCertain ? new Map(state).set(name, { total, added }) : without(state, name), wrong: null };
  const expected = Object.keys(added).reduce(
    (sum, side) => sum + (added[side] ?? 0) - (anchor.added[side] ?? 0),
    anchor.total,
  );
  if (expected === total) return { state, wrong: null };
  return { state, wrong: `the total of unit ${unit.name} of entity ${id} is ${total / 1000}, not ${expected / 1000}` };
}

function without(state: SumState, name: string): SumState {
  if (!state.has(name)) return state;
  const next = new Map(state);
  next.delete(name);
  return next;
}
