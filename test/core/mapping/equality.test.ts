import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDecimal } from '../../../src/core/decimal.js';
import type { Json } from '../../../src/core/json.js';
import { canonicalText, isBlank, sameValue } from '../../../src/core/mapping/equality.js';
import { canonicalTimestamp } from '../../../src/core/mapping/timestamp.js';
import type { EqualityName } from '../../../src/core/rules.js';

const equalities: readonly EqualityName[] = ['exact', 'trimmed', 'letters', 'words', 'decimal', 'boolean', 'timestamp'];

// Texts that differ in what each equality ignores, with odd Unicode among them.
const bits = fc.constantFrom('a', 'A', 'ß', 'SS', 'ſ', 'Σ', 'ς', 'σ', 'é', 'e', '\u0301', 'ﬁ', 'ΐ', 'ŉ', 'İ', 'ı', 'ǰ');
const gaps = fc.constantFrom(
  ' ',
  '  ',
  '\u00a0',
  '\t',
  '\n',
  '-',
  '.',
  ',',
  '&',
  '´',
  '\u00ad',
  '\u200b',
  '1',
  '0',
  '+',
);
const text = fc.oneof(
  fc.array(fc.oneof(bits, gaps), { maxLength: 8 }).map((list) => list.join('')),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const countryText = fc.constantFrom('Costa Rica', 'United States', 'US', 'USA', 'at', 'Austria', 'Åland Islands');
const numberText = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
  fc.bigInt().map(String),
  fc.tuple(fc.integer(), fc.nat(999)).map(([whole, part]) => `${whole}.${String(part).padEnd(4, '0')}`),
);
const momentText = fc
  .record({
    ms: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
    form: fc.constantFrom('Z', '', '+02:00', '-0530', '+01'),
  })
  .map(({ ms, form }) => `${new Date(ms).toISOString().slice(0, -1)}${form}`);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  text,
  countryText,
  numberText,
  momentText,
  fc.boolean(),
  fc.integer(),
  fc.constant(null),
);
const value: fc.Arbitrary<Json> = fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 3 }));

describe.for(equalities)('same: %s', (same) => {
  test('the canonical form of a canonical form is itself', () => {
    fc.assert(
      fc.property(scalar, (given) => {
        const canonical = canonicalText(same, given);
        expect(canonicalText(same, canonical)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });

  test('the canonical form of every single character has itself as canonical form', () => {
    const odd: string[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const canonical = canonicalText(same, String.fromCodePoint(point));
      if (canonicalText(same, canonical) !== canonical) odd.push(point.toString(16));
    }
    expect(odd).toEqual([]);
  });

  test('equality is reflexive, symmetric and transitive', () => {
    fc.assert(
      fc.property(value, value, value, (x, y, z) => {
        expect(sameValue(same, x, x)).toBe(true);
        expect(sameValue(same, x, y)).toBe(sameValue(same, y, x));
        if (sameValue(same, x, y) && sameValue(same, y, z)) expect(sameValue(same, x, z)).toBe(true);
      }),
    );
  });

  test('all blanks are equal to each other', () => {
    const blanks: readonly Json[] = [null, '', ' ', '\t\n', [null, ''], ['  ']];
    for (const blank of blanks) {
      expect(isBlank(blank)).toBe(true);
      expect(sameValue(same, blank, null)).toBe(true);
    }
  });

  test('a group is equal to a group only member by member, whatever a member holds', () => {
    if (same === 'words') return;
    expect(sameValue(same, ['a\u0000b', 'c'], ['a', 'b\u0000c'])).toBe(false);
    expect(sameValue(same, ['a', null], [null, 'a'])).toBe(false);
  });
});

describe('the bag of words does not depend on order', () => {
  const word = fc.constantFrom(
    'high',
    'St',
    '1',
    'Bath',
    'Austria',
    'BA1',
    'Rica',
    'Costa',
    'CR',
    'south',
    'Sudan',
    'SD',
  );
  test('of words in a text', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.nat(), (words, random) => {
        const turned = [...words.slice(random % words.length), ...words.slice(0, random % words.length)];
        expect(sameValue('words', words.join(' '), turned.join(', '))).toBe(true);
      }),
    );
  });
  test('of words in a text and of names and codes of countries, wherever a text is cut into members', () => {
    const words = fc.array(fc.oneof(word, countryText), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(words, fc.array(fc.nat(), { minLength: 24, maxLength: 24 }), fc.nat(), (given, order, cut) => {
        const bag = given.flatMap((part) => part.split(' '));
        const mixed = bag
          .map((part, index) => [order[index] ?? 0, part] as const)
          .sort(([x], [y]) => x - y)
          .map(([, part]) => part);
        const at = cut % mixed.length;
        expect(sameValue('words', given, [mixed.slice(0, at).join(' '), mixed.slice(at).join(', ')])).toBe(true);
      }),
    );
  });
  test('what is added to both of two equal texts leaves them equal', () => {
    const words = fc.array(fc.oneof(word, countryText), { maxLength: 5 }).map((list) => list.join(' '));
    fc.assert(
      fc.property(words, words, words, (x, y, more) => {
        if (!sameValue('words', x, y)) return;
        expect(sameValue('words', `${x} ${more}`, `${more} ${y}`)).toBe(true);
      }),
    );
  });
  test('of members', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(word, countryText), { minLength: 1, maxLength: 6 }), (words) => {
        expect(sameValue('words', words, [...words].reverse())).toBe(true);
      }),
    );
  });
});

test.for<[EqualityName, Json, Json, boolean]>([
  ['exact', 'Ada', 'ada', false],
  ['exact', '1', 1, true],
  ['exact', 'Ada ', 'Ada', false],
  ['trimmed', ' Ada   Ltd\u00a0', 'Ada Ltd', true],
  ['trimmed', 'e\u0301', '\u00e9', true],
  ['trimmed', 'Ada', 'ada', false],
  ['letters', 'ADA LTD.', 'Ada Ltd', true],
  ['letters', 'A.D.A. Ltd', 'ada ltd', true],
  ['letters', 'Hewlett-Packard', 'Hewlett Packard', true],
  ['letters', 'Bob & Co', 'Bob and Co', false],
  ['letters', 'Bob & Co', 'Bob Co', true],
  ['letters', 'AT&T', 'ATT', true],
  ['letters', 'Straße', 'STRASSE', true],
  ['letters', 'STRAẞE', 'Strasse', true],
  ['letters', 'ΟΔΟΣ', 'οδος', true],
  ['letters', 'Cafe\u0301', 'Café', true],
  ['letters', 'Café', 'Cafe', false],
  ['letters', 'C+', 'C', false],
  ['letters', '3M', 'M3', false],
  ['letters', 'Ⅳ', 'iv', true],
  ['letters', '株式会社', '株式 会社', true],
  ['words', ['High St 1', 'Bath', 'United Kingdom'], 'Bath, High St 1, GB', true],
  ['words', ['1 Infinite Loop', 'Cupertino', 'United States'], 'Cupertino US 1 Infinite Loop', true],
  ['words', ['1 Infinite Loop', 'Cupertino', 'US'], ['United States', 'Cupertino', '1 infinite loop'], true],
  ['words', ['a', null, 'b'], 'b a', true],
  ['words', 'a a b', 'a b', false],
  ['words', ['Bath'], ['Bristol'], false],
  ['words', 'Wien Austria', 'Wien AT', true],
  ['words', 'Austria, Wien', ['Wien', 'AT'], true],
  ['words', 'Rica Costa', 'Costa Rica', true],
  ['words', 'San José, Rica Costa', ['San José', 'CR'], true],
  ['words', 'Sudan, South Africa', 'SD, South Africa', true],
  ['words', 'Sudan, South Africa', 'South Sudan, Africa', true],
  ['words', 'Sudan', 'South Sudan', false],
  ['words', 'Jamestown SH', 'St. Helena Jamestown', true],
  ['words', 'Costa', 'Costa Rica', false],
  ['decimal', '12.50', '12.5', true],
  ['decimal', 12.5, '12.500', true],
  ['decimal', '0.1', '0.10000000000000000001', false],
  ['decimal', '123456789012345678901234567890.10', '123456789012345678901234567890.1', true],
  ['decimal', '-0', '0', true],
  ['decimal', '+7', '7', true],
  ['decimal', '1e3', '1000', true],
  ['decimal', '1,5', '1.5', false],
  ['decimal', 'n/a', '0', false],
  ['boolean', 'Yes', true, true],
  ['boolean', 1, 't', true],
  ['boolean', 'off', false, true],
  ['boolean', 'maybe', false, false],
  ['boolean', null, false, false],
  ['timestamp', '2024-05-01T12:00:00Z', '2024-05-01 14:00:00+02:00', true],
  ['timestamp', '2024-05-01T12:00:00.120Z', '2024-05-01T12:00:00.12Z', true],
  ['timestamp', '2024-05-01T12:00:00.000001Z', '2024-05-01T12:00:00Z', false],
  ['timestamp', '2024-05-01T12:00:00', '2024-05-01 12:00:00', true],
  ['timestamp', '2024-05-01T12:00:00', '2024-05-01T12:00:00Z', false],
  ['timestamp', '2024-02-29T23:30:00-01', '2024-03-01T00:30:00Z', true],
  ['timestamp', 'soon', 'later', false],
])('%s: %j and %j are equal: %s', ([same, x, y, equal]) => {
  expect(sameValue(same, x, y)).toBe(equal);
});

test.for([
  ['007', '7'],
  ['1.10', '1.1'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['-0.00', '0'],
  ['1E-3', '0.001'],
  ['12345678901234567890123.4567890', '12345678901234567890123.456789'],
  ['', null],
  ['1 000', null],
  ['0x10', null],
  ['Infinity', null],
  ['1e99999', null],
] as const)('the decimal of %j is %j', ([given, canonical]) => {
  expect(canonicalDecimal(given)).toBe(canonical);
});

test('a decimal keeps every digit', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.nat(12), (digits, zeros) => {
      expect(canonicalDecimal(`${digits}.${'0'.repeat(zeros)}`)).toBe(String(digits));
    }),
  );
});

test.for([
  ['2024-05-01T12:00:00Z', '2024-05-01T12:00:00Z'],
  ['2024-05-01 12:00:00.120000+00', '2024-05-01T12:00:00.12Z'],
  ['2024-05-01 12:00:00.123456789+05:30', '2024-05-01T06:30:00.123456789Z'],
  ['2024-05-01 12:00:00', '2024-05-01 12:00:00'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['0099-12-31T23:30:00-01:00', '0100-01-01T00:30:00Z'],
  ['1901-01-01T00:00:00Z', '1901-01-01T00:00:00Z'],
  ['2024-02-30T00:00:00Z', null],
  ['2023-02-29T00:00:00Z', null],
  ['2024-13-01T00:00:00Z', null],
  ['2024-05-01T24:00:01Z', null],
  ['2024-05-01T12:60:00Z', null],
  ['2024-05-01', null],
  ['yesterday', null],
] as const)('the timestamp of %j is %j', ([given, canonical]) => {
  expect(canonicalTimestamp(given)).toBe(canonical);
});
