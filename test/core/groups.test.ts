import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import type { NativeFieldMap } from '../../src/core/record.js';
import { registerOf } from '../../src/core/register.js';
import type { Authority } from '../../src/core/rules.js';
import { a, ask, b, either, masterA, newest, preferA, rulesOf, u, unitOf } from './sample.js';
import { agreedWorld, deliver, edit, heal, read, valueAt, type World } from './world.js';

// SPEC I4, I13: a group is one value, and edits that follow one another are never asked about.

const group = (authority: Authority) =>
  unitOf('u', authority, { paths: { [a]: ['amount', 'currency'], [b]: ['sum', 'unit'] } });
const start = (authority: Authority): World =>
  agreedWorld({
    rules: rulesOf({ units: [group(authority)] }),
    records: { [a]: { id: 'k', amount: '10', currency: 'EUR' }, [b]: { id: 'k', sum: '10', unit: 'EUR' } },
  });
const values = (world: World): readonly Json[] => {
  const shown = (side: typeof a, fields: readonly string[]): string =>
    fields.map((field) => scalarText(valueAt(world, side, field) ?? null)).join(' ');
  return [shown(a, ['amount', 'currency']), shown(b, ['sum', 'unit'])];
};
const clash = (authority: Authority): World =>
  read(read(edit(edit(start(authority), a, { amount: '20' }), b, { unit: 'USD' }), a), b);

test('two sides that change different members of a group have changed the same thing', () => {
  const world = clash(either(ask));
  expect(world.questions['u/clash']?.label).toBe('20, EUR | 10, USD');
  expect(values(heal(world))).toEqual(['20 EUR', '10 USD']);
});

test.for([
  ['prefer', either(preferA)],
  ['master', masterA()],
] as const)('%s takes the whole group of one side, never a mixture', ([, authority]) => {
  expect(values(heal(clash(authority)))).toEqual(['20 EUR', '20 EUR']);
});

test('a change of one member is written with all members, and expects all of them', () => {
  const world = read(edit(start(either()), a, { amount: '20' }), a);
  expect(world.writes.findLast((write) => write?.side === b)).toMatchObject({
    fields: { sum: '20', unit: 'EUR' },
    expect: { sum: '10', unit: 'EUR' },
  });
});

test('a group of which a member was not returned was not read', () => {
  const world = start(either());
  const fields: NativeFieldMap = { id: 'k', amount: '99' };
  const partial: World = { ...world, real: { ...world.real, [a]: { fields, version: 9, fed: 0 } } };
  expect(registerOf(read(partial, a).state, u).value).toEqual(['10', 'EUR']);
});

describe('edits that follow one another', () => {
  const turns = ['a', 'b', 'b', 'a', 'a', 'b', 'a', 'b'] as const;
  test.for([
    ['ask', either(ask)],
    ['prefer', either(preferA)],
    ['newest', either(newest)],
  ] as const)('%s: each had seen the one before, so nobody is asked and the last one stands', ([, authority]) => {
    const rules = rulesOf({ units: [unitOf('u', authority)] });
    let world = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
    for (const [index, side] of turns.entries()) {
      const from = side === 'a' ? a : b;
      const other = side === 'a' ? b : a;
      world = deliver(read(edit(world, from, { u: `v${index}` }), from), other, 'answered');
      expect(world.questions).toEqual({});
      expect([world.real[a]?.fields?.['u'], world.real[b]?.fields?.['u']]).toEqual([`v${index}`, `v${index}`]);
    }
    expect(world.facts.filter(({ kind }) => kind === 'resolved' || kind === 'asked')).toEqual([]);
  });
});
