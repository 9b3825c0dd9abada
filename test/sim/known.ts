import type { Violation } from './oracle/violation.js';

/**
 * Promises that this version is known to break, each with a world under `regressions/` that breaks it and a row in the
 * Gaps of the specification. They are counted and printed, never hidden; what is fixed leaves the list.
 */
export type KnownDefect = { readonly invariant: string; readonly what: RegExp; readonly regression: string };

export const knownDefects: readonly KnownDefect[] = [];

export function isKnown({ invariant, what }: Violation): boolean {
  return knownDefects.some((defect) => defect.invariant === invariant && defect.what.test(what));
}
