import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameValue } from '../../../src/core/mapping/equality.js';
import { readList, writeList } from '../../../src/core/mapping/list.js';
import { getValue, putValue, sameRaw } from '../../../src/core/mapping/mapping.js';
import type { ListForm, UnitRules } from '../../../src/core/rules.js';
import { a, b, either, unitOf } from '../sample.js';

// SPEC I18: a list that nobody edited is not written, however a side writes it.

const json: ListForm = { kind: 'json' };
const array: ListForm = { kind: 'array' };
const separated = (separator: string): ListForm => ({ kind: 'separated', separator });
const forms = [json, array, separated(';'), separated(', '), separated(' '), separated('|')];

const element = fc
  .oneof(fc.string({ minLength: 1, maxLength: 6 }), fc.constantFrom('a;b', '"a"', 'a, b', '{x}', 'NULL', 'a\\b', '"'))
  .filter((text) => text.trim() !== '')
  .map((text) => text.trim());
const elements = fc.uniqueArray(element, { maxLength: 5 });
const form = fc.constantFrom(...forms);
const listUnit = (of: ListForm): UnitRules => ({
  ...unitOf('u', either(), { as: 'list', same: 'list_exact' }),
  forms: { [a]: of, [b]: of },
});

describe('the laws of a lens', () => {
  test('PutGet: what is written comes back, also elements that hold the separator or look quoted', () => {
    fc.assert(
      fc.property(form, elements, (of, list) => {
        expect(readList(of, writeList(of, 'list_exact', list, undefined))).toEqual(list);
      }),
      { numRuns: 500 },
    );
  });

  test('GetPut: a raw text that can be read is put back as it is', () => {
    fc.assert(
      fc.property(
        form,
        fc.oneof(
          elements.map((list) => list.join(';')),
          fc.string(),
        ),
        (of, raw) => {
          const unit = listUnit(of);
          expect(putValue(unit, a, getValue(unit, a, raw), raw)).toBe(raw);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('stability: what was written once is not written again', () => {
    fc.assert(
      fc.property(form, elements, elements, (of, old, list) => {
        const unit = listUnit(of);
        const written = putValue(unit, a, list, writeList(of, 'list_exact', old, undefined));
        expect(putValue(unit, a, list, written)).toBe(written);
        expect(sameValue(unit.same, getValue(unit, a, written), list)).toBe(true);
      }),
    );
  });
});

test.for<[ListForm, unknown, readonly string[] | null]>([
  [json, '["a", "b"]', ['a', 'b']],
  [json, '[1, true, null, " "]', ['1', 'true']],
  [json, ['a'], ['a']],
  [json, '{"a": 1}', null],
  [json, '[["a"]]', null],
  [json, 'a;b', null],
  [array, '{}', []],
  [array, '{a,"b, c",NULL,"NULL"}', ['a', 'b, c', 'NULL']],
  [array, '{"say \\"x\\"",\\\\}', ['say "x"', '\\']],
  [array, '{{a},{b}}', null],
  [array, 'a,b', null],
  [separated('; '), 'a;b ;  c;', ['a', 'b', 'c']],
  [separated(';'), 'a;"b;c";d', ['a', 'b;c', 'd']],
  [separated(';'), '5" pipe; "half', ['5" pipe', '"half']],
  [separated(' '), ' a  b\t"c d" ', ['a', 'b', 'c d']],
  [separated(';'), null, []],
])('%j reads %j as %j', ([of, raw, list]) => {
  expect(readList(of, raw as never)).toEqual(list);
});

test.for<[ListForm, readonly string[], string | undefined, unknown]>([
  [separated('; '), ['c', 'a'], 'a;b', 'a; c'],
  [separated('; '), [], 'a;b', null],
  [json, ['b', 'a', 'c'], '["a","b"]', '["a","b","c"]'],
  [json, [], undefined, '[]'],
  [array, ['a b'], '{c}', '{"a b"}'],
  [array, [], '{c}', '{}'],
])('%j writes %j over %j as %j: what stays keeps its place', ([of, list, old, raw]) => {
  expect(writeList(of, 'list_exact', list, old)).toEqual(raw);
});

test('order and repeats say nothing, and elements compare as the unit says', () => {
  const unit = { ...listUnit(separated(';')), same: 'list_letters' as const };
  expect(sameRaw(unit, a, 'Red;blue', 'BLUE; red; red')).toBe(true);
  expect(sameRaw(unit, a, 'Red;blue', 'blue')).toBe(false);
  expect(writeList(separated(';'), 'list_letters', ['RED', 'new'], 'Red;blue')).toBe('Red;new');
});
