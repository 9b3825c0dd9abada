import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOf, keyParts, pairId, sideName, unitName, recordKey } from '../../src/core/ids.js';
import { keyOn, matchValues, maySayStill } from '../../src/core/identity.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import type { NativeFieldMap } from '../../src/core/record.js';
import { emptyState } from '../../src/core/register.js';
import type { MatchRule, PairRules } from '../../src/core/rules.js';
import type { EntityState, Shadow } from '../../src/core/state.js';
import { a, b, either, masterA, rulesOf, unitOf } from './sample.js';

// SPEC I15: records are the same by rules that both sides state, and what is blank states nothing.

const certain = (left: readonly string[], right: readonly string[]): MatchRule => ({
  kind: 'certain',
  fields: { [a]: left, [b]: right },
  text: `${left.join('+')} = ${right.join('+')}`,
});
const likely = (...units: readonly string[]): MatchRule => ({
  kind: 'likely',
  units: units.map(unitName),
  text: units.join(' + '),
});

const units = [
  unitOf('name', either(), { same: 'letters' }),
  unitOf('email', either()),
  unitOf('address', masterA(), { as: 'join', same: 'words', paths: { [a]: ['street', 'city'], [b]: ['address'] } }),
];
const rulesWith = (...match: readonly MatchRule[]): PairRules => rulesOf({ units, match });

/** Whether the two records are found to be the same by any rule. */
function areSame(rules: PairRules, left: NativeFieldMap, right: NativeFieldMap): boolean {
  const values = (side: typeof a, fields: NativeFieldMap): readonly string[] =>
    matchValues(rules, side, { key: recordKey(scalarText(fields['id'] ?? 'k')), fields, token: null }).map(
      ({ value }) => value,
    );
  const known = values(a, left);
  return values(b, right).some((value) => known.includes(value));
}

test.for<[string, MatchRule, NativeFieldMap, NativeFieldMap, boolean]>([
  ['equal fields', certain(['tax'], ['vat']), { tax: 'GB1' }, { vat: 'GB1' }, true],
  ['different fields', certain(['tax'], ['vat']), { tax: 'GB1' }, { vat: 'GB2' }, false],
  ['text is compared, so a number equals its text', certain(['n'], ['m']), { n: 42 }, { m: '42' }, true],
  ['leading zeros are part of an id', certain(['n'], ['m']), { n: '042' }, { m: '42' }, false],
  ['letter case is part of an id', certain(['n'], ['m']), { n: 'a' }, { m: 'A' }, false],
  ['both blank', certain(['tax'], ['vat']), { tax: '' }, { vat: null }, false],
  ['both blank in the same way', certain(['tax'], ['vat']), { tax: ' ' }, { vat: ' ' }, false],
  ['not returned', certain(['tax'], ['vat']), {}, { vat: 'GB1' }, false],
  ['keys are fields too', certain(['id'], ['ref']), { id: '7' }, { ref: '7' }, true],
  ['all parts equal', certain(['x', 'y'], ['v', 'w']), { x: '1', y: '2' }, { v: '1', w: '2' }, true],
  ['one part different', certain(['x', 'y'], ['v', 'w']), { x: '1', y: '2' }, { v: '1', w: '3' }, false],
  ['one part blank', certain(['x', 'y'], ['v', 'w']), { x: '1', y: '' }, { v: '1', w: '' }, false],
  ['parts do not run together', certain(['x', 'y'], ['v', 'w']), { x: '1', y: '23' }, { v: '12', w: '3' }, false],
  ['likely: equal as the unit says', likely('name'), { name: 'ADA LTD.' }, { name: 'Ada Ltd' }, true],
  ['likely: different', likely('name'), { name: 'Ada' }, { name: 'Bob' }, false],
  ['likely: all units equal', likely('name', 'email'), { name: 'Ada', email: 'x' }, { name: 'ADA', email: 'x' }, true],
  [
    'likely: one unit different',
    likely('name', 'email'),
    { name: 'Ada', email: 'x' },
    { name: 'Ada', email: 'y' },
    false,
  ],
  ['likely: one unit blank', likely('name', 'email'), { name: 'Ada', email: null }, { name: 'Ada', email: '' }, false],
  ['likely: nothing left of a name', likely('name'), { name: '---' }, { name: '...' }, false],
  [
    'likely: a side that cannot be read back says nothing',
    likely('address'),
    { street: 'x', city: 'y' },
    { address: 'x y' },
    false,
  ],
])('%s', ([, rule, left, right, same]) => {
  expect(areSame(rulesWith(rule), left, right)).toBe(same);
});

test('a value of one rule never equals a value of another', () => {
  const rules = rulesWith(certain(['x'], ['x']), certain(['y'], ['y']));
  expect(areSame(rules, { x: '1', y: '2' }, { x: '2', y: '1' })).toBe(false);
});

describe('keys', () => {
  test('a key stands for its parts, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (parts) => {
        expect(keyParts(keyOf(parts), parts.length)).toEqual(parts);
      }),
    );
  });

  test('different parts have different keys', () => {
    const parts = fc.array(fc.string({ maxLength: 3 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(parts, parts, (x, y) => {
        expect(keyOf(x) === keyOf(y)).toBe(x[0] === y[0] && x[1] === y[1]);
      }),
    );
  });

  test.for([
    ['[]', 2],
    ['["a"]', 2],
    ['["a",1]', 2],
    ['a', 2],
    ['{"a":1}', 2],
  ] as const)('%s is no key of %i parts', ([text, count]) => {
    expect(() => keyParts(recordKey(text), count)).toThrow(expect.objectContaining({ code: 'connector.bad_key' }));
  });

  test.for(['', 'A', '1a', 'a b', 'ä', 'a'.repeat(64)])('%j is no name of anything', (name) => {
    for (const parse of [pairId, sideName, unitName])
      expect(() => parse(name)).toThrow(expect.objectContaining({ code: 'config.bad_name' }));
  });
});

describe('the key of a record that does not exist yet', () => {
  const shadow = (key: string, raws: Shadow['raws'] = {}): Shadow => ({
    key: recordKey(key),
    presence: 'present',
    token: null,
    raws,
    tick: 1,
    atMs: 1,
    intent: null,
    refused: null,
    wrote: {},
  });
  const stateOf = (sides: EntityState['sides']): EntityState => ({ ...emptyState, sides });
  const twoParts = (rules: PairRules): PairRules => ({
    ...rules,
    sides: rules.sides.map((side) => (side.name === b ? { ...side, key: ['v', 'w'] } : side)),
  });

  test('is the key of the other side, when a rule says they are equal', () => {
    expect(keyOn(rulesWith(certain(['id'], ['id'])), stateOf({ [a]: shadow('7') }), b)).toBe('7');
  });

  test('is a mapped field of the other side, when a rule says so, be it text or a number', () => {
    const rules = rulesWith(certain(['email'], ['id']));
    expect(keyOn(rules, stateOf({ [a]: shadow('7', { [unitName('email')]: 'x@y' }) }), b)).toBe('x@y');
    expect(keyOn(rules, stateOf({ [a]: shadow('7', { [unitName('email')]: 42 }) }), b)).toBe('42');
  });

  test('has its parts in the order of the key, whatever the order of the rule', () => {
    const rules = twoParts(rulesWith(certain(['email', 'id'], ['w', 'v'])));
    const state = stateOf({ [a]: shadow('7', { [unitName('email')]: 'x' }) });
    expect(keyOn(rules, state, b)).toBe(keyOf(['7', 'x']));
  });

  test.for([
    ['no rule names the key', rulesWith(certain(['id'], ['email'])), stateOf({ [a]: shadow('7') })],
    ['only a likely rule does', rulesWith(likely('name')), stateOf({ [a]: shadow('7') })],
    [
      'a part is blank',
      rulesWith(certain(['email'], ['id'])),
      stateOf({ [a]: shadow('7', { [unitName('email')]: ' ' }) }),
    ],
    ['a part was never read', rulesWith(certain(['email'], ['id'])), stateOf({ [a]: shadow('7') })],
    [
      'the other record is gone',
      rulesWith(certain(['id'], ['id'])),
      stateOf({ [a]: { ...shadow('7'), presence: 'gone' } }),
    ],
    ['the rule has one part of two', twoParts(rulesWith(certain(['id'], ['v']))), stateOf({ [a]: shadow('7') })],
  ] as const)('is not known when %s', ([, rules, state]) => {
    expect(keyOn(rules, state, b)).toBeNull();
  });
});

test.for<[string, MatchRule, NativeFieldMap, NativeFieldMap, boolean]>([
  ['it says the same', certain(['tax'], ['vat']), { tax: '1' }, { tax: '1' }, true],
  ['it says something else', certain(['tax'], ['vat']), { tax: '1' }, { tax: '2' }, false],
  ['it says nothing any more', certain(['tax'], ['vat']), { tax: '1' }, { tax: null }, false],
  ['the field is not remembered', certain(['tax'], ['vat']), { tax: '1' }, {}, true],
  ['one of two fields is not remembered', certain(['x', 'tax'], ['v', 'w']), { x: '1', tax: '1' }, { x: '1' }, true],
  ['likely: spelled otherwise', likely('name'), { name: 'Ada Ltd' }, { name: 'ADA LTD.' }, true],
  ['likely: something else', likely('name'), { name: 'Ada' }, { name: 'Bob' }, false],
  ['likely: blank', likely('name', 'email'), { name: 'Ada', email: 'x' }, { name: 'Ada', email: '' }, false],
  ['likely: never read', likely('name', 'email'), { name: 'Ada', email: 'x' }, { name: 'Ada' }, true],
])('a record is found by what it says now: %s', ([, rule, before, now, isFound]) => {
  const rules = rulesWith(rule);
  const recordOf = (fields: NativeFieldMap) => ({ key: recordKey('k'), fields, token: null });
  const [value] = matchValues(rules, a, recordOf(before));
  expect(value !== undefined && maySayStill(rules, a, recordOf(now), value)).toBe(isFound);
});
