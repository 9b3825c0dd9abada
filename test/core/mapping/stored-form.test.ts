import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainUnit } from '../../../src/core/explain.js';
import { holdsValue, putValue } from '../../../src/core/mapping/mapping.js';
import { storedRaw } from '../../../src/core/mapping/stored-form.js';
import type { Json } from '../../../src/core/json.js';
import { registerOf } from '../../../src/core/register.js';
import type { StoredForm, UnitRules } from '../../../src/core/rules.js';
import { a, b, c, either, masterA, preferA, rulesOf, u, unitOf } from '../sample.js';
import { agreedWorld, deliver, edit, heal, newWorld, read, valueAt, type World } from '../world.js';

// Semantics §1.7, declared normalisers: what a side makes of a value is that value there, and no edit of anybody.

const forms = fc.oneof<fc.Arbitrary<StoredForm>[]>(
  fc.record({ scale: fc.nat(4), round: fc.constantFrom('half-up', 'half-even', 'down') }, { requiredKeys: ['scale'] }),
  fc.record({ fraction: fc.nat(9) }),
  fc.record(
    {
      length: fc.integer({ min: 1, max: 8 }),
      case: fc.constantFrom('upper', 'lower'),
      spaces: fc.constantFrom('trim', 'collapse'),
    },
    { requiredKeys: [] },
  ),
);
const scalars = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'ßtraße  eins',
    ' ab  c ',
    'İstanbul',
    '12.345',
    '-0.004',
    '1e3',
    '12.5',
    '2026-01-02T03:04:05.678901Z',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constant(null),
);
const stored = (unit: UnitRules, form: StoredForm): UnitRules => ({ ...unit, stores: { [b]: [form] } });

test('a value that was stored is stored as it is', () => {
  fc.assert(
    fc.property(forms, scalars, (form, raw) => {
      const unit = stored(unitOf('u', either()), form);
      const once = storedRaw(unit, b, raw);
      expect(storedRaw(unit, b, once)).toEqual(once);
      expect(storedRaw(unit, a, raw)).toBe(raw);
    }),
    { numRuns: 2000 },
  );
});

test('a side that holds what it makes of a value is not written, and what is written is what it will hold', () => {
  fc.assert(
    fc.property(forms, scalars, scalars, (form, value, old) => {
      const unit = stored(unitOf('u', either()), form);
      const raw = putValue(unit, b, value, old);
      expect(holdsValue(unit, b, value, raw)).toBe(true);
      expect(putValue(unit, b, value, raw)).toBe(raw);
      if (raw !== old) expect(storedRaw(unit, b, raw)).toEqual(raw);
    }),
    { numRuns: 2000 },
  );
});

test.for<[StoredForm, Json, Json]>([
  [{ scale: 2 }, '12.345', '12.35'],
  [{ scale: 2 }, '-12.345', '-12.35'],
  [{ scale: 2, round: 'half-even' }, '12.345', '12.34'],
  [{ scale: 2, round: 'down' }, '12.349', '12.34'],
  [{ scale: 2 }, '12.3', '12.3'],
  [{ scale: 0 }, -0.4, 0],
  [{ scale: 0 }, '-0.4', '0'],
  [{ scale: 2 }, 'on request', 'on request'],
  [{ scale: 2 }, 1.005, 1.01],
  [{ length: 5 }, 'Müller', 'Mülle'],
  [{ length: 2 }, '👩👩👩', '👩👩'],
  [{ length: 4, spaces: 'trim' }, ' abc def', 'abc'],
  [{ spaces: 'collapse' }, ' a \t b ', 'a b'],
  [{ length: 3, case: 'upper' }, 'aßb', 'ASS'],
  [{ fraction: 0 }, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z'],
  [{ fraction: 3 }, '2026-01-02 03:04:05.678901+02', '2026-01-02 03:04:05.678+02'],
  [{ fraction: 3 }, '2026-01-02', '2026-01-02'],
  [{ length: 3 }, null, null],
])('%j makes of %j: %j', ([form, value, expected]) => {
  expect(storedRaw(stored(unitOf('u', either()), form), b, value)).toEqual(expected);
});

test('members of a group are stored one by one', () => {
  const unit = {
    ...unitOf('u', either(), { paths: { [a]: ['x', 'y'], [b]: ['x', 'y'] } }),
    stores: { [b]: [{ length: 2 }, {}] },
  };
  expect(storedRaw(unit, b, ['abc', 'def'])).toEqual(['ab', 'def']);
});

const short: StoredForm = { length: 5 };
const unitStored = stored(unitOf('u', either(), { sides: [a, b] }), short);
const rules = rulesOf({ units: [unitStored] });
const records = (left: Json, right: Json) => ({ [a]: { id: 'k', u: left }, [b]: { id: 'k', u: right } });
const quiet = { questions: {}, landed: 0 };

describe('a side that keeps five characters', () => {
  test.for([
    [a, b],
    [b, a],
  ])('at first contact holds what it makes of the longer text, whichever is read first: %s', (order) => {
    let world = newWorld({ rules, records: records('abcdefgh', 'abcde') });
    for (const side of order) world = read(world, side);
    world = heal(world);
    expect(world).toMatchObject(quiet);
    expect(registerOf(world.state, u)).toMatchObject({ value: 'abcdefgh', status: 'settled' });
  });

  test('is a clash all the same where the file does not say so', () => {
    const world = heal(newWorld({ rules: rulesOf(), records: records('abcdefgh', 'abcde') }));
    expect(Object.keys(world.questions)).toEqual(['u/clash']);
  });

  test('is asked about what it cannot have made of the other text', () => {
    const world = heal(newWorld({ rules, records: records('abcdefgh', 'abcdx') }));
    expect(Object.keys(world.questions)).toEqual(['u/clash']);
  });

  test('is written what it will hold, and stays quiet, also when the answer is lost', () => {
    const start = edit(agreedWorld({ rules, records: records('x', 'x') }), a, { u: 'abcdefgh' });
    const planned = read(start, a);
    for (const world of [deliver(planned, b, 'answered'), deliver(planned, b, 'lost after')]) {
      const after = heal(world);
      expect([valueAt(after, a), valueAt(after, b)]).toEqual(['abcdefgh', 'abcde']);
      expect(after).toMatchObject({ questions: {}, landed: start.landed + 1 });
      expect(heal(after).facts.length).toBe(after.facts.length);
      expect(explainUnit(unitStored, registerOf(after.state, u), after.state)).toContain(
        'b has received everything. It holds what it makes of the value when it stores it.',
      );
    }
  });

  test('typing what it would hold while the longer text is under way is no clash', () => {
    const both = edit(edit(agreedWorld({ rules, records: records('x', 'x') }), a, { u: 'abcdefgh' }), b, {
      u: 'abcde',
    });
    const after = heal(both);
    expect([valueAt(after, a), valueAt(after, b)]).toEqual(['abcdefgh', 'abcde']);
    expect(after.questions).toEqual({});
  });

  test("may edit what it holds, and its edit is everybody's value", () => {
    const long = heal(edit(agreedWorld({ rules, records: records('x', 'x') }), a, { u: 'abcdefgh' }));
    const after = heal(edit(long, b, { u: 'abcdz' }));
    expect([valueAt(after, a), valueAt(after, b)]).toEqual(['abcdz', 'abcdz']);
    expect(after.questions).toEqual({});
  });
});

test("a master's value is not put back on a side that holds what it makes of it", () => {
  const mastered = rulesOf({ units: [stored(unitOf('u', masterA()), short)] });
  const start = heal(newWorld({ rules: mastered, records: records('abcdefgh', 'abcde') }));
  expect(start).toMatchObject(quiet);
  const strayed = heal(edit(start, b, { u: 'other' }));
  expect(valueAt(strayed, b)).toBe('abcde');
  expect(strayed.facts.some(({ kind }) => kind === 'stray')).toBe(true);
});

test('with three sides that keep different lengths the longest text is agreed, in every order of readings', () => {
  const three = {
    ...unitOf('u', either(preferA), { sides: [a, b, c] }),
    stores: { [a]: [{ length: 2 }], [b]: [{ length: 4 }] },
  };
  const all = rulesOf({ sides: [a, b, c], units: [three] });
  const held = { [a]: { id: 'k', u: 'ab' }, [b]: { id: 'k', u: 'abcd' }, [c]: { id: 'k', u: 'abcdef' } };
  for (const order of [
    [a, b, c],
    [c, b, a],
    [b, a, c],
    [c, a, b],
  ]) {
    let world: World = newWorld({ rules: all, records: held });
    for (const side of order) world = read(world, side);
    world = heal(world);
    expect(world).toMatchObject({ questions: {} });
    expect([a, b, c].map((side) => valueAt(world, side))).toEqual(['ab', 'abcd', 'abcdef']);
  }
});
