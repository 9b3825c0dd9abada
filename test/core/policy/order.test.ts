import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues, extremeOf, fallsBack, orderedTypes } from '../../../src/core/policy/order.js';
import type { LensName } from '../../../src/core/rules.js';
import { a, b, c, siblingOf } from '../sample.js';

const whole = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String);
const decimal = fc.tuple(whole, fc.nat(9999)).map(([left, right]) => `${left}.${right}`);
const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9998-12-31'), noInvalidDate: true });
const fraction = fc.integer({ min: 0, max: 999_999 }).map((micros) => String(micros).padStart(6, '0'));
const values: { readonly [type in (typeof orderedTypes)[number]]: fc.Arbitrary<string> } = {
  integer: whole,
  decimal,
  date: date.map((day) => day.toISOString().slice(0, 10)),
  timestamp: fc.tuple(date, fraction).map(([at, micros]) => `${at.toISOString().slice(0, 19)}.${micros}Z`),
};
const typed = fc
  .constantFrom(...orderedTypes)
  .chain((as) => fc.tuple(fc.constant(as), fc.array(values[as], { minLength: 3, maxLength: 3 })));

describe('the order of values', () => {
  test.for<[LensName, string | number, string | number, number | null]>([
    ['integer', '9', '10', -1],
    ['integer', '-3', '-2', -1],
    ['integer', 12, '3', 1],
    ['decimal', '10.0', '10', 0],
    ['decimal', '0.1', '0.09', 1],
    ['decimal', '12345678901234567890.1', '12345678901234567890.2', -1],
    ['decimal', 'n/a', '1', null],
    ['decimal', '', '1', null],
    ['date', '2026-02-28', '2026-03-01', -1],
    ['date', '2026-02-30', '2026-03-01', null],
    ['date', '01.03.2026', '2026-03-01', null],
    ['timestamp', '2026-03-01T10:00:00+02:00', '2026-03-01T09:00:00Z', -1],
    ['timestamp', '2026-03-01T10:00:00.1Z', '2026-03-01T10:00:00.09Z', 1],
    ['timestamp', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000001Z', -1],
    ['timestamp', '2026-03-01T10:00:00', '2026-03-01T10:00:00Z', null],
    ['text', '1', '2', null],
    ['boolean', 'false', 'true', null],
  ])('%s: %s beside %s → %s', ([as, left, right, order]) => {
    expect(compareValues(as, left, right)).toBe(order);
    expect(compareValues(as, right, left)).toBe(order === null ? null : 0 - order);
  });

  test('is an order: of any three values, what is not above the second is not above the third', () => {
    fc.assert(
      fc.property(typed, ([as, [x, y, z]]) => {
        const order = (left?: string, right?: string): number =>
          compareValues(as, left ?? null, right ?? null) as number;
        expect(order(x, x)).toBe(0);
        expect(order(x, y) + order(y, x)).toBe(0);
        if (order(x, y) <= 0 && order(y, z) <= 0) expect(order(x, z)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('the highest and the lowest sibling', () => {
  const sides = [a, b, c];
  const siblings = (list: readonly (string | null)[]) =>
    list.map((value, index) => siblingOf(sides[index] ?? a, 1, value));

  test('is at least as high as every other, and the lowest at least as low', () => {
    fc.assert(
      fc.property(typed, ([as, list]) => {
        const [high, low] = [extremeOf('highest', as, siblings(list)), extremeOf('lowest', as, siblings(list))];
        for (const value of list) {
          expect(compareValues(as, high?.value ?? null, value)).toBeGreaterThanOrEqual(0);
          expect(compareValues(as, low?.value ?? null, value)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test('of values that are equal in order the first side of the file gives its spelling', () => {
    expect(extremeOf('highest', 'decimal', siblings(['10.0', '10', '9']))?.value).toBe('10.0');
  });

  test.for([[['1', null]], [[null, '1']], [['1', 'many', '2']], [['many']]])('%j has none', ([list]) => {
    expect(extremeOf('highest', 'integer', siblings(list as (string | null)[]))).toBeNull();
    expect(extremeOf('lowest', 'integer', siblings(list as (string | null)[]))).toBeNull();
  });
});

test.for<['highest' | 'lowest', string | null, (string | null)[], boolean]>([
  ['highest', '5', ['4'], false],
  ['highest', '5', ['5.0'], false],
  ['highest', '5', ['4', '6'], true],
  ['highest', '5', [], false],
  ['highest', '5', [null], false],
  ['highest', null, ['4'], true],
  ['highest', 'n/a', ['4'], true],
  ['lowest', '5', ['4'], true],
  ['lowest', '3', ['4', '6'], false],
])('%s, monotone: %s in place of %j takes it back: %s', ([kind, value, replaced, falls]) => {
  expect(fallsBack(kind, 'decimal', value, replaced)).toBe(falls);
});
