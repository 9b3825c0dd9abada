import type { Hub } from './hub.js';
import type { SideName } from './ids.js';
import { limitsOf } from './rules.js';
import type { Pace, Register } from './state.js';

/**
 * Budgets of writes for each unit and side (semantics §1.8): what was written there so often within an hour waits until the
 * hour is over. It bounds what loops cost that no count of answers can tell, and nothing is lost: the value stays agreed, and the
 * side behind. Nothing is counted where the file names no budget.
 */
const hourMs = 3_600_000;

/** Our write of the unit was received by a side. An hour begins with its first write; those that are over are forgotten. */
export function withWritten(register: Register, side: SideName, hub: Hub): Register {
  if (limitsOf(hub.rules).unitWritesPerHour === null) return register;
  const running = Object.entries(register.paces ?? {}).filter(([, { sinceMs }]) => hub.nowMs - sinceMs < hourMs);
  const paces: { readonly [side: SideName]: Pace } = Object.fromEntries(running);
  const { sinceMs, count } = paces[side] ?? { sinceMs: hub.nowMs, count: 0 };
  return { ...register, paces: { ...paces, [side]: { sinceMs, count: count + 1, isSpent: false } } };
}

/** A write of the unit is due on a side: notes whether it has to wait. The same register when that was known. */
export function withPace(register: Register, side: SideName, hub: Hub): Register {
  const pace = register.paces?.[side];
  if (pace === undefined) return register;
  const most = limitsOf(hub.rules).unitWritesPerHour;
  const isSpent = most !== null && pace.count >= most && hub.nowMs - pace.sinceMs < hourMs;
  return isSpent === pace.isSpent
    ? register
    : { ...register, paces: { ...register.paces, [side]: { ...pace, isSpent } } };
}

/** Whether a due write of the unit waits for the end of the hour on a side. */
export function isPaced({ paces }: Register, side: SideName): boolean {
  return paces?.[side]?.isSpent ?? false;
}

/** When the hour of a side is over, in epoch milliseconds of the hub's clock. */
export function paceEndsMs({ paces }: Register, side: SideName): number {
  return (paces?.[side]?.sinceMs ?? 0) + hourMs;
}
