import { includes, type Dot } from './clock/version-vector.js';
import { withRestored, withoutStray } from './guard.js';
import type { Hub } from './hub.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import { withLanded } from './loop.js';
import { getValue, isReadable, sameIn, sameRaw } from './mapping/mapping.js';
import { contextOf, withDelivered } from './register.js';
import { limitsOf, type UnitRules } from './rules.js';
import type { LateWrite, LateWrites, Register, Shadow } from './state.js';

/**
 * Writes that were given up and may still be made (semantics §1.6, zombie writes). A version or a comparison in the system
 * itself fences them; where there is none (W0, W1), a late one would take back what was written after it. So nothing else
 * is written to the unit until the system cannot make it any more and has been read since.
 */

/** The late writes that a reading which began at `beganAtMs` leaves open. */
export function stillLate(late: LateWrites | undefined, beganAtMs: number): { [unit: string]: LateWrite } {
  return Object.fromEntries(Object.entries(late ?? {}).filter(([, { untilMs }]) => untilMs > beganAtMs));
}

/** A write of a unit that nobody saw landing: from now on it may for as long as the limit says. */
export function givenUp(sent: Pick<LateWrite, 'raw' | 'vv'>, hub: Hub): LateWrite {
  return { raw: sent.raw, vv: sent.vv, untilMs: hub.nowMs + limitsOf(hub.rules).lateMs };
}

/** Whether a value has to wait: another one of the unit may still be written there. The same one again does no harm. */
export function waitsForLate(unit: UnitRules, side: SideName, { late }: Shadow, target: Json): boolean {
  const given = late?.[unit.name];
  return given !== undefined && !sameRaw(unit, side, target, given.raw);
}

/** Whether a unit waits for a late write of another value, for explanations. */
export function isWaitingForLate(unit: UnitRules, side: SideName, shadow: Shadow, register: Register): boolean {
  const given = shadow.late?.[unit.name];
  if (given === undefined || includes(contextOf(register, side), register.vv)) return false;
  return !isReadable(unit, side) || !sameIn(unit, getValue(unit, side, given.raw), register.value);
}

/**
 * The side shows what a write carried that had been given up: it was made after all, and is no edit. Where somebody had
 * edited the unit there meanwhile, their value was taken back by it; it is what is agreed or asked, and is written again.
 */
export function landedLate(
  unit: UnitRules,
  side: SideName,
  register: Register,
  { raw, vv }: LateWrite,
  nextDot: () => Dot,
): Register {
  const landed = withLanded(withDelivered(withoutStray(register, side), side, vv), side);
  const isBehind = !includes(contextOf(landed, side), landed.vv);
  if (isBehind || !isReadable(unit, side) || sameIn(unit, getValue(unit, side, raw), landed.value)) return landed;
  return withRestored(landed, {}, nextDot());
}
