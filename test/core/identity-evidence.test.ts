import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceText, traitsOf, weigh, type Traits } from '../../src/core/identity/evidence.js';
import { jaroWinkler } from '../../src/core/identity/jaro-winkler.js';
import { judge, type Candidate } from '../../src/core/identity/judge.js';
import { apartName } from '../../src/core/identity.js';
import { entityId, recordKey, unitName } from '../../src/core/ids.js';
import type { MatchRule, WeighedRule } from '../../src/core/rules.js';
import { a, b, either, rulesOf, unitOf } from './sample.js';

const [name, phone, city] = [unitName('name'), unitName('phone'), unitName('city')];
const weighed: WeighedRule = {
  kind: 'weighed',
  units: [
    { unit: name, agree: 0.9 },
    { unit: phone, agree: 0.8 },
    { unit: city, agree: 0.9 },
  ],
  link: 12,
  ask: 5,
  margin: 4,
  text: 'weigh name + phone + city',
};
const rulesWith = (match: readonly MatchRule[]) =>
  rulesOf({
    match,
    units: [
      unitOf('name', either(), { same: 'letters' }),
      unitOf('phone', either()),
      unitOf('city', either(), { same: 'letters' }),
    ],
  });
const rare = () => 0.0001;
const traits = (own: { [unit: string]: string }): Traits => own;
const candidate = (id: number, ...records: Traits[]): Candidate => ({
  entity: entityId(id),
  traits: Object.fromEntries(records.map((record, index) => [`s${index}`, record])),
});
const anyTraits = fc.dictionary(fc.constantFrom(name, phone, city), fc.string({ minLength: 1, maxLength: 12 }));

// SPEC I15: what links records.
describe('likeness of two texts', () => {
  test.each([
    ['martha', 'marhta', 0.961],
    ['dixon', 'dicksonx', 0.813],
    ['dwayne', 'duane', 0.84],
    ['abc', 'xyz', 0],
    ['', 'a', 0],
  ])('%s and %s: %d, as in the literature', (left, right, expected) => {
    expect(jaroWinkler(left, right)).toBeCloseTo(expected, 3);
  });

  test('is the same both ways, lies between 0 and 1, and is 1 for equal texts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        const likeness = jaroWinkler(left, right);
        expect(jaroWinkler(right, left)).toBeCloseTo(likeness, 9);
        expect(likeness).toBeGreaterThanOrEqual(0);
        expect(likeness).toBeLessThanOrEqual(1);
        expect(jaroWinkler(left, left)).toBe(1);
      }),
    );
  });
});

describe('evidence', () => {
  test('is the same both ways', () => {
    fc.assert(
      fc.property(anyTraits, anyTraits, (left, right) => {
        expect(weigh(weighed, left, right, rare).bits).toBeCloseTo(weigh(weighed, right, left, rare).bits, 9);
      }),
    );
  });

  test('of a rare value weighs more than of a common one, by the ratio of their frequencies', () => {
    const one = traits({ name: 'acme' });
    const bits = (chance: number) => weigh(weighed, one, one, () => chance).bits;
    expect(bits(0.001) - bits(0.01)).toBeCloseTo(Math.log2(10), 9);
    expect(bits(1)).toBe(0);
  });

  test('is none where a side is blank, and against where values differ', () => {
    expect(weigh(weighed, traits({ name: 'acme' }), traits({ phone: '1' }), rare).parts).toEqual([]);
    expect(weigh(weighed, traits({ phone: '1' }), traits({ phone: '2' }), rare).bits).toBeLessThan(-2);
  });

  test('of numbers is equality or nothing: neighbouring phone numbers are not alike', () => {
    const [part] = weigh(weighed, traits({ phone: '02071234567' }), traits({ phone: '02071234568' }), rare).parts;
    expect(part?.level).toBe('differs');
    const [named] = weigh(weighed, traits({ name: 'brightonworks' }), traits({ name: 'brightonwork' }), rare).parts;
    expect(named?.level).toBe('alike');
  });

  test('is told in words, the heaviest first', () => {
    const evidence = weigh(weighed, traits({ name: 'acme', phone: '1' }), traits({ name: 'acme', phone: '2' }), rare);
    expect(evidenceText(evidence)).toBe('name equal +13.1, phone differs -3.3: 9.8 bits');
  });

  test('looks at units of the side only, in the form in which they compare', () => {
    const rules = rulesWith([{ kind: 'alike', unit: name, least: 0.9, text: 'name ~ 0.9' }]);
    expect(traitsOf(rules, a, { [name]: 'Acme, Ltd.', [phone]: '1' })).toEqual({ name: 'acmeltd' });
    expect(traitsOf(rules, a, { [name]: '  ' })).toEqual({});
  });
});

describe('a verdict', () => {
  const acme = traits({ name: 'acme', phone: '1', city: 'bath' });
  const verdictOf = (candidates: readonly Candidate[], rule: MatchRule = weighed) =>
    judge(rulesWith([rule]), acme, candidates, rare);

  test('is a likely link when one candidate carries enough evidence and is far ahead', () => {
    expect(
      verdictOf([candidate(1, acme), candidate(2, traits({ name: 'acme', phone: '9', city: 'rome' }))]),
    ).toMatchObject({
      kind: 'likely',
      entities: [1],
    });
  });

  test('is a question when two are equally like it, the older first', () => {
    expect(verdictOf([candidate(2, acme), candidate(1, acme)])).toMatchObject({ kind: 'ask', entities: [1, 2] });
  });

  test('is a question when the evidence is worth one and no more', () => {
    expect(verdictOf([candidate(1, traits({ name: 'acme', phone: '9' }))])).toMatchObject({
      kind: 'ask',
      entities: [1],
    });
  });

  test('is nothing below that', () => {
    expect(verdictOf([candidate(1, traits({ name: 'zebra', phone: '9', city: 'rome' }))])).toBeNull();
    expect(verdictOf([])).toBeNull();
  });

  test('is a question when the records of a candidate contradict each other', () => {
    const other = traits({ name: 'zebra', phone: '9', city: 'rome' });
    expect(verdictOf([candidate(1, acme, other)])).toMatchObject({ kind: 'ask', entities: [1] });
  });

  test('is always a question where the rule has no link, and under a guess', () => {
    expect(verdictOf([candidate(1, acme)], { ...weighed, link: null })).toMatchObject({ kind: 'ask' });
    const guess: MatchRule = { kind: 'alike', unit: name, least: 0.92, text: 'name ~ 0.92' };
    expect(verdictOf([candidate(1, traits({ name: 'acme' }))], guess)).toMatchObject({ kind: 'ask', entities: [1] });
    expect(verdictOf([candidate(1, traits({ name: 'zebra' }))], guess)).toBeNull();
  });

  test('does not depend on the order of the candidates', () => {
    const some = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9 }), anyTraits), { selector: ([id]) => id });
    fc.assert(
      fc.property(some, anyTraits, (given, own) => {
        const candidates = given.map(([id, one]) => candidate(id, one));
        const rules = rulesWith([weighed]);
        expect(judge(rules, own, [...candidates].reverse(), rare)).toEqual(judge(rules, own, candidates, rare));
      }),
    );
  });
});

test('two records have one name together, whichever comes first', () => {
  const [one, other] = [
    { side: a, key: recordKey('1') },
    { side: b, key: recordKey('1') },
  ];
  expect(apartName(one, other)).toBe(apartName(other, one));
  expect(apartName(one, other)).not.toBe(apartName(one, { ...other, key: recordKey('2') }));
});
