import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTexts } from '../../../src/core/policy/text.js';
import { a, b, c, siblingOf } from '../sample.js';

const merge = (base: string | null, texts: readonly string[], by: 'lines' | 'words'): string | null =>
  mergeTexts(
    texts.map((text, index) => siblingOf([a, b, c][index] ?? a, 1, text, { base })),
    [],
    by,
  );

test.for<[string, 'lines' | 'words', string | null, readonly string[], string | null]>([
  ['different lines', 'lines', '1\n2\n3\n4\n', ['A\n2\n3\n4\n', '1\n2\n3\nB\n'], 'A\n2\n3\nB\n'],
  ['a line added at each end', 'lines', '1\n2\n3\n', ['0\n1\n2\n3\n', '1\n2\n3\n4\n'], '0\n1\n2\n3\n4\n'],
  ['the same change', 'lines', '1\n2\n', ['A\n2\n', 'A\n2\n'], 'A\n2\n'],
  ['the same change and another', 'lines', '1\n2\n3\n', ['A\n2\n3\n', 'A\n2\nB\n'], 'A\n2\nB\n'],
  ['the same line', 'lines', '1\n2\n', ['A\n2\n', 'B\n2\n'], null],
  ['one line of text', 'lines', 'Net 30 days', ['Net 45 days', 'Net 30 days, from receipt'], null],
  [
    'words of one line',
    'words',
    'Net 30 days or less',
    ['Net 45 days or less', 'Net 30 days or more'],
    'Net 45 days or more',
  ],
  ['the same word', 'words', 'Net 30 days', ['Net 45 days', 'Net 60 days'], null],
  [
    'three sides',
    'lines',
    '1\n2\n3\n4\n5\n',
    ['A\n2\n3\n4\n5\n', '1\n2\nB\n4\n5\n', '1\n2\n3\n4\nC\n'],
    'A\n2\nB\n4\nC\n',
  ],
  ['no text that both had', 'lines', null, ['1\n', '2\n'], null],
  ['an empty text that both had', 'lines', ' ', ['1\n', '2\n'], null],
])('%s, by %s', ([, by, base, texts, merged]) => {
  expect(merge(base, texts, by)).toBe(merged);
});

test('siblings that began with different texts are not merged', () => {
  const siblings = [siblingOf(a, 1, 'A\n2\n', { base: '1\n2\n' }), siblingOf(b, 1, '3\nB\n', { base: '3\n2\n' })];
  expect(mergeTexts(siblings, [], 'lines')).toBeNull();
});

test('a text of too many parts is not merged', () => {
  const long = Array.from({ length: 2001 }, (_, index) => `${index}\n`).join('');
  expect(merge(long, [`x\n${long}`, `${long}y\n`], 'lines')).toBeNull();
});

test('what only one side changed is taken as it is, and no line comes from nowhere', () => {
  const text = fc.array(fc.constantFrom('1\n', '2\n', '3\n', '4\n'), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(text, text, text, (base, x, y) => {
      const [from, one, other] = [base.join(''), x.join(''), y.join('')];
      expect(merge(from, [one, from], 'lines')).toBe(one);
      expect(merge(from, [from, one], 'lines')).toBe(one);
      const merged = merge(from, [one, other], 'lines');
      for (const line of merged?.split(/(?<=\n)/u) ?? []) expect([...x, ...y, '']).toContain(line);
    }),
    { numRuns: 300 },
  );
});
