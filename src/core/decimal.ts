import { Decimal } from 'decimal.js';

/**
 * The one text of a decimal number: no exponent, no leading or trailing zeros, no plus sign; every digit kept.
 * Null when the text is not a number, so that the caller compares it as text and never as a zero.
 */
export function canonicalDecimal(text: string): string | null {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i.test(trimmed)) return null;
  const fixed = new Decimal(trimmed).toFixed();
  return fixed === '-0' ? '0' : fixed;
}

/** Below zero when the left number is smaller. Null when one of the texts is not a number. */
export function compareDecimals(left: string, right: string): number | null {
  const [one, other] = [canonicalDecimal(left), canonicalDecimal(right)];
  return one === null || other === null ? null : new Decimal(one).comparedTo(new Decimal(other));
}
