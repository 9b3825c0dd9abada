import type { Sibling } from '../state.js';

/**
 * The sibling that was certainly made last (semantics §1.10), or null when that cannot be known.
 *
 * Each edit lies in an interval [lo, hi] of the hub's clock: the last read that showed the old value, the first that
 * showed the new one. One edit is later than another only if its interval begins after the other's ends; intervals
 * that overlap are indistinguishable, and the caller falls back. An interval wider than `widthMaxMs` says too little
 * to take an edit from anybody, so it also falls back. A system's own stamps are not consulted: they cannot win.
 */
export function newestOf(siblings: readonly Sibling[], widthMaxMs: number): Sibling | null {
  if (siblings.some((sibling) => sibling.hi - sibling.lo > widthMaxMs)) return null;
  for (const candidate of siblings) {
    if (siblings.every((other) => other === candidate || candidate.lo > other.hi)) return candidate;
  }
  return null;
}
