import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../../src/core/json.js';
import { isBlank, sameValue } from '../../../src/core/mapping/equality.js';
import { getValue, isReadable, putValue, readUnit, writeUnit } from '../../../src/core/mapping/mapping.js';
import type { EqualityName, LensName, UnitRules } from '../../../src/core/rules.js';
import { a, b, either, masterA, unitOf } from '../sample.js';

// SPEC I18: no edit means no write, because put gives back what get was given.

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom(
    '1.50',
    '1.5',
    'Yes',
    'true',
    '2024-01-01T00:00:00Z',
    '2024-01-01 01:00:00+01',
    'US',
    'United States',
    ' ',
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const lenses: readonly (readonly [LensName, readonly EqualityName[]])[] = [
  ['text', ['exact', 'trimmed', 'letters', 'words']],
  ['integer', ['decimal', 'exact']],
  ['decimal', ['decimal', 'exact']],
  ['boolean', ['boolean', 'exact']],
  ['date', ['exact', 'trimmed']],
  ['timestamp', ['timestamp', 'exact']],
];
const units: readonly (readonly [string, UnitRules, fc.Arbitrary<Json>])[] = lenses.flatMap(([as, list]) =>
  list.flatMap((same): [string, UnitRules, fc.Arbitrary<Json>][] => [
    [`${as} as ${same}`, unitOf('u', either(), { as, same }), scalar],
    [
      `a group of ${as} as ${same}`,
      unitOf('u', either(), { as, same, paths: { [a]: ['x', 'y'], [b]: ['v', 'w'] } }),
      fc.tuple(scalar, scalar),
    ],
  ]),
);

describe.for(units)('%s', ([, unit, raw]) => {
  test('GetPut: what was read is put back unchanged', () => {
    fc.assert(
      fc.property(raw, (old) => {
        expect(putValue(unit, b, getValue(unit, a, old), old)).toBe(old);
      }),
    );
  });

  test('PutGet: what was put is read back equal, whatever the side held', () => {
    fc.assert(
      fc.property(raw, fc.option(raw, { nil: undefined }), (value, old) => {
        const back = getValue(unit, b, putValue(unit, b, value, old));
        expect(sameValue(unit.same, back, value)).toBe(true);
      }),
    );
  });

  test('PutPut: a value in between leaves nothing that counts behind', () => {
    fc.assert(
      fc.property(raw, raw, raw, (first, second, old) => {
        const twice = putValue(unit, b, second, putValue(unit, b, first, old));
        expect(sameValue(unit.same, twice, putValue(unit, b, second, old))).toBe(true);
      }),
    );
  });

  test('an equal value is never rewritten: one put reaches a fixpoint', () => {
    fc.assert(
      fc.property(raw, raw, (value, old) => {
        const once = putValue(unit, b, value, old);
        expect(putValue(unit, b, value, once)).toBe(once);
        if (sameValue(unit.same, value, old)) expect(once).toBe(old);
      }),
    );
  });

  test('writing a raw value into fields and reading them gives it back', () => {
    fc.assert(
      fc.property(raw, (value) => {
        expect(canonicalJson(readUnit(unit, a, writeUnit(unit, a, value)) ?? null)).toBe(canonicalJson(value));
      }),
    );
  });
});

describe('several fields joined into one', () => {
  const unit = unitOf('u', masterA(), {
    as: 'join',
    same: 'words',
    paths: { [a]: ['street', 'city', 'country'], [b]: ['address'] },
  });

  test('the joined side cannot be read back, the side of the parts can', () => {
    expect([isReadable(unit, a), isReadable(unit, b)]).toEqual([true, false]);
  });

  test.for<[Json, Json | undefined, Json]>([
    [['High St 1', 'Bath', 'United Kingdom'], undefined, 'High St 1 Bath United Kingdom'],
    [['High St 1', 'Bath', 'United Kingdom'], 'Bath, High St 1, GB', 'Bath, High St 1, GB'],
    [['High St 1', null, ' '], 'elsewhere', 'High St 1'],
    [[7, ' Bath ', null], undefined, '7 Bath'],
    [[null, '', ' '], 'somewhere', null],
    [null, 'somewhere', null],
  ])('%j put where %j stands is %j', ([value, old, raw]) => {
    expect(putValue(unit, b, value, old)).toBe(raw);
  });

  test('putting twice is putting once', () => {
    fc.assert(
      fc.property(fc.tuple(scalar, scalar, scalar), fc.option(scalar, { nil: undefined }), (value, old) => {
        const once = putValue(unit, b, value, old);
        expect(putValue(unit, b, value, once)).toBe(once);
      }),
    );
  });
});

test('a field that was not returned is no reading of its unit, and one missing member is enough', () => {
  const group = unitOf('u', either(), { paths: { [a]: ['x', 'y'], [b]: ['v', 'w'] } });
  expect(readUnit(group, a, { x: '1' })).toBeUndefined();
  expect(readUnit(unitOf('u', either()), a, {})).toBeUndefined();
  expect(readUnit(group, a, { x: '1', y: null })).toEqual(['1', null]);
});

test('a side that takes no part in a unit reads nothing and writes nothing', () => {
  const unit = unitOf('u', either(), { sides: [a] });
  expect(readUnit(unit, b, { u: 'x' })).toBeUndefined();
  expect(writeUnit(unit, b, 'x')).toEqual({});
});

test('a blank is written as null in every member of a group', () => {
  const group = unitOf('u', either(), { paths: { [a]: ['x', 'y'], [b]: ['v', 'w'] } });
  const raw = putValue(group, b, null, ['1', '2']);
  expect(isBlank(raw)).toBe(true);
  expect(writeUnit(group, b, raw)).toEqual({ v: null, w: null });
});
