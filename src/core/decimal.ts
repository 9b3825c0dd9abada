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

const modes = {
  'half-up': Decimal.ROUND_HALF_UP,
  'half-even': Decimal.ROUND_HALF_EVEN,
  down: Decimal.ROUND_DOWN,
} as const;

/**
 * A number with no more than `scale` digits after the point; `half-up` rounds halves away from zero. Null when it has no
 * more than these already, or is no number: then it stands as it was typed.
 */
export function roundedDecimal(text: string, scale: number, mode: keyof typeof modes): string | null {
  const canonical = canonicalDecimal(text);
  if (canonical === null || (canonical.split('.')[1] ?? '').length <= scale) return null;
  const rounded = new Decimal(canonical).toDecimalPlaces(scale, modes[mode]).toFixed();
  return rounded === '-0' ? '0' : rounded;
}

/** Sums and products of people's numbers are far shorter; a longer one is a runaway expression. */
const digitsMax = 1000;
const Exact = Decimal.clone({ precision: 2 * digitsMax });

/** An exact decimal number for arithmetic: no digit is lost, and none comes from nowhere. */
export class DecimalNumber {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }

  /** @throws Error when the text is not a number, or has more than 1,000 digits. */
  static parse(text: string): DecimalNumber {
    const canonical = canonicalDecimal(text);
    if (canonical === null) throw new Error('a value is no number');
    if (canonical.length > digitsMax) throw new Error(`a number has more than ${digitsMax} digits`);
    return new DecimalNumber(canonical);
  }

  plus(other: DecimalNumber): DecimalNumber {
    return DecimalNumber.parse(new Exact(this.text).plus(other.text).toFixed());
  }

  minus(other: DecimalNumber): DecimalNumber {
    return DecimalNumber.parse(new Exact(this.text).minus(other.text).toFixed());
  }

  times(other: DecimalNumber): DecimalNumber {
    return DecimalNumber.parse(new Exact(this.text).times(other.text).toFixed());
  }
}
