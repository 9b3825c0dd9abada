import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkExpression, createEvaluate } from '../../src/contract/expression.js';
import type { Json } from '../../src/core/json.js';
import type { Expression, LensName } from '../../src/core/rules.js';

const one = (as: LensName) => ({ as, isList: false });
const many = (as: LensName) => ({ as, isList: true });
const evaluate = createEvaluate();
const over = (text: string, as: LensName, result: LensName = as): Expression => ({
  text,
  variables: { base: one(as), values: many(as) },
  result: one(result),
});

test.for<[string, LensName, Json, Json[], Json]>([
  ['max(values)', 'integer', '0', ['9', '10', '3'], '10'],
  ['min(values)', 'decimal', '0', ['1.50', '1.5', '2'], '1.5'],
  ['base + values[0] - base', 'decimal', '0.1', ['0.2', '9'], '0.2'],
  ['values[0] * 3', 'decimal', '0', ['99999999999999999999.99'], '299999999999999999999.97'],
  ['values[0] > decimal("1.5") ? values[0] : base', 'decimal', '1', ['2'], '2'],
  ['values.exists(v, v) || base', 'boolean', false, [false, true], true],
  ['values.all(v, v)', 'boolean', false, [false, true], false],
  ['max(values)', 'date', '', ['2026-01-02', '2025-12-31'], '2026-01-02'],
  ['values[0].startsWith("a") ? values[0] : values[1]', 'text', '', ['b', 'a'], 'a'],
  ['values[0]', 'list', [], [['a', 'b'], ['c']], ['a', 'b']],
])('%s over %s: base %j, values %j → %j', ([text, as, base, values, result]) => {
  const expression = over(text, as);
  expect(checkExpression(expression)).not.toHaveProperty('fault');
  expect(evaluate(expression, { base, values })).toEqual({ value: result });
});

test.for<[string, LensName, Json, Json[]]>([
  ['base + 1', 'decimal', null, []],
  ['base + 1', 'decimal', 'n/a', []],
  ['values[2]', 'integer', '0', ['1', '2']],
  ['base', 'integer', '1234567890123456789', []],
  ['max(values)', 'integer', '0', []],
  ['max(values)', 'integer', '0', Array.from({ length: 101 }, () => '1')],
])('%s over %s: base %j, values %j fails and says so, without a value', ([text, as, base, values]) => {
  const given = evaluate(over(text, as), { base, values });
  expect(given).toHaveProperty('failure');
  expect(JSON.stringify(given)).not.toContain('n/a');
});

describe('refused before it is ever evaluated', () => {
  test.for<[string, LensName, number, string]>([
    ['nme == "a"', 'boolean', 0, 'Unknown variable: nme'],
    ['base + ', 'integer', 7, 'Unexpected token'],
    ['base == 1', 'integer', 0, 'gives bool, not int'],
    ['base + "a"', 'integer', 0, 'no such overload'],
    ['base.matches("(a+)+$") ? base : base', 'text', 0, 'regular expressions'],
    ['values.map(v, values.map(w, w)[0])[0]', 'text', 14, 'a loop within a loop'],
    [`${'base + '.repeat(200)}base`, 'integer', 0, ''],
    [`${'('.repeat(100)}base${')'.repeat(100)}`, 'integer', 0, ''],
    [`"${'x'.repeat(2000)}"`, 'text', 0, 'longer than'],
    ['base.constructor', 'text', 0, ''],
  ])('%s over %s, at %i: %s', ([text, as, at, message]) => {
    const checked = checkExpression(over(text, as));
    expect(checked).toHaveProperty('fault');
    if (!('fault' in checked)) return;
    expect(checked.fault.message).toContain(message);
    if (message !== '') expect(checked.fault.at).toBe(at);
    expect(evaluate(over(text, as), { base: '1', values: [] })).toHaveProperty('failure');
  });
});

test('it says what it reads, each name once', () => {
  const checked = checkExpression({
    text: 'state == "signed" && (amount > 5 || state == "held")',
    variables: { state: one('text'), amount: one('decimal'), other: one('text') },
    result: one('boolean'),
  });
  expect(checked).toEqual({ reads: ['state', 'amount'] });
});

test('any text is refused or evaluated, and nothing is thrown', () => {
  const word = fc.constantFrom(
    'base',
    'values',
    '+',
    '<',
    '(',
    ')',
    '[',
    ']',
    '0',
    '"a"',
    '?',
    ':',
    'max',
    '.',
    'v',
    ',',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 3 })), { maxLength: 12 }), (words) => {
      const expression = over(words.join(' '), 'decimal');
      checkExpression(expression);
      const given = evaluate(expression, { base: '1', values: ['2', '3'] });
      expect(Object.keys(given)).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});
