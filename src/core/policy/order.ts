import { compareDecimals } from '../decimal.js';
import type { Json } from '../json.js';
import { isBlank } from '../mapping/equality.js';
import { canonicalTimestamp } from '../mapping/timestamp.js';
import type { LensName } from '../rules.js';
import type { Sibling } from '../state.js';

/** The types whose values have an order that people mean; text is not one of them. */
export const orderedTypes = ['integer', 'decimal', 'date', 'timestamp'] as const satisfies readonly LensName[];

/**
 * Which of two values comes first by their type: below zero for the left one, zero for neither. Null when the two have
 * no order: a blank, a text that is no value of the type, a moment with a zone beside one without. Never a guess.
 */
export function compareValues(as: LensName, left: Json, right: Json): number | null {
  const [one, other] = [textOf(left), textOf(right)];
  if (one === null || other === null) return null;
  switch (as) {
    case 'integer':
    case 'decimal':
      return compareDecimals(one, other);
    case 'date':
      return isDate(one) && isDate(other) ? compareTexts(one, other) : null;
    case 'timestamp':
      return compareMoments(canonicalTimestamp(one), canonicalTimestamp(other));
    default:
      return null;
  }
}

/**
 * The sibling with the highest (lowest) value, or null when some two have no order (semantics §2.2). A function of the
 * set: of several that are equal in order the first in side order wins.
 */
export function extremeOf(kind: 'highest' | 'lowest', as: LensName, siblings: readonly Sibling[]): Sibling | null {
  let best: Sibling | undefined;
  for (const sibling of siblings) {
    // Also the only one is compared, with itself: what has no order cannot win by being alone.
    const order = compareValues(as, sibling.value, (best ?? sibling).value);
    if (order === null) return null;
    if (best === undefined || (kind === 'highest' ? order > 0 : order < 0)) best = sibling;
  }
  return best ?? null;
}

/**
 * Whether an edit takes a monotone value back: it is below (above, for `lowest`) something that its author had before
 * them, or has no order beside it. Told from the editor's own history alone, so that the order of readings of different
 * sides does not matter.
 */
export function fallsBack(kind: 'highest' | 'lowest', as: LensName, value: Json, replaced: readonly Json[]): boolean {
  return replaced.some((before) => {
    if (isBlank(before)) return false;
    const order = compareValues(as, value, before);
    return order === null || (kind === 'highest' ? order < 0 : order > 0);
  });
}

function textOf(value: Json): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && canonicalTimestamp(`${text} 00:00:00`) !== null;

const compareTexts = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

/** Canonical moments: to the second as text, then by as many fractional digits as the longer one has. */
function compareMoments(left: string | null, right: string | null): number | null {
  if (left === null || right === null) return null;
  const [one, other] = [momentParts(left), momentParts(right)];
  if (one === null || other === null || one.zone !== other.zone) return null;
  const digits = Math.max(one.fraction.length, other.fraction.length);
  return compareTexts(one.second + one.fraction.padEnd(digits, '0'), other.second + other.fraction.padEnd(digits, '0'));
}

function momentParts(text: string): { second: string; fraction: string; zone: string } | null {
  const match = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z?)$/.exec(text);
  return match === null ? null : { second: match[1] as string, fraction: match[2] ?? '', zone: match[3] as string };
}
