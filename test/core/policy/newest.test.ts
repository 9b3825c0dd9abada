import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateNothing } from '../../../src/core/expression.js';
import { scalarText } from '../../../src/core/mapping/mapping.js';
import { newestOf } from '../../../src/core/policy/newest.js';
import { resolve, withOpinion } from '../../../src/core/policy/resolve.js';
import { a, ask, b, c, newest, preferA, siblingOf } from '../sample.js';

const day = 86_400_000;
const spans = (...list: readonly (readonly [number, number])[]) =>
  list.map(([lo, hi], index) => siblingOf([a, b, c][index] ?? a, 1, `v${index}`, { lo, hi }));

test.for([
  [
    'b begins after a ends',
    [
      [1, 2],
      [3, 4],
    ],
    'v1',
  ],
  [
    'a begins after b ends',
    [
      [3, 4],
      [1, 2],
    ],
    'v0',
  ],
  [
    'they overlap',
    [
      [1, 3],
      [2, 4],
    ],
    null,
  ],
  [
    'they touch',
    [
      [1, 2],
      [2, 3],
    ],
    null,
  ],
  [
    'the same moment',
    [
      [2, 2],
      [2, 2],
    ],
    null,
  ],
  [
    'one within the other',
    [
      [1, 9],
      [4, 5],
    ],
    null,
  ],
  [
    'exact moments, in order',
    [
      [1, 1],
      [2, 2],
    ],
    'v1',
  ],
  [
    'the later one is too wide',
    [
      [1, 2],
      [3, 4 + day],
    ],
    null,
  ],
  [
    'the earlier one is too wide',
    [
      [1, 2 + day],
      [3 + day, 4 + day],
    ],
    null,
  ],
  [
    'as wide as is allowed',
    [
      [0, day],
      [day + 1, 2 * day + 1],
    ],
    'v1',
  ],
  [
    'the last of three',
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    'v2',
  ],
  [
    'two of three overlap at the end',
    [
      [1, 2],
      [3, 5],
      [4, 6],
    ],
    null,
  ],
  [
    'two of three overlap, and the third is later',
    [
      [1, 4],
      [3, 5],
      [6, 7],
    ],
    'v2',
  ],
] as const)('%s', ([, list, winner]) => {
  expect(newestOf(spans(...list), day)?.value ?? null).toBe(winner);
});

const span = fc.tuple(fc.nat(20), fc.nat(5)).map(([lo, width]) => [lo, lo + width] as const);

test('whoever wins certainly came after all others, and the order of asking does not matter', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 2, maxLength: 3 }), (list) => {
      const siblings = spans(...list);
      const winner = newestOf(siblings, day);
      expect(newestOf([...siblings].reverse(), day)).toBe(winner);
      for (const other of siblings)
        if (winner !== null && other !== winner) expect(winner.lo).toBeGreaterThan(other.hi);
    }),
  );
});

test.for([
  [
    'ask never decides',
    ask,
    [
      [1, 2],
      [3, 4],
    ],
    'ask',
  ],
  [
    'prefer takes the preferred side',
    preferA,
    [
      [1, 2],
      [3, 4],
    ],
    'v0 prefer a',
  ],
  [
    'newest takes the newest',
    newest,
    [
      [1, 2],
      [3, 4],
    ],
    'v1 newest',
  ],
  [
    'newest without an answer asks',
    newest,
    [
      [1, 3],
      [2, 4],
    ],
    'ask',
  ],
  [
    'newest falls back as it says',
    { ...newest, otherwise: preferA },
    [
      [1, 3],
      [2, 4],
    ],
    'v0 prefer a',
  ],
  [
    'prefer a side that is not there falls back',
    { ...preferA, side: c, otherwise: newest },
    [
      [1, 2],
      [3, 4],
    ],
    'v1 newest',
  ],
] as const)('resolving: %s', ([, policy, list, expected]) => {
  const resolution = resolve(policy, spans(...list), {
    unit: { as: 'text', same: 'exact' },
    steps: [],
    evaluate: evaluateNothing,
  });
  expect(resolution.kind === 'winner' ? `${scalarText(resolution.sibling.value)} ${resolution.rule}` : 'ask').toBe(
    expected,
  );
});

test.for([
  ['value', [null, 'x'], [null, 'x']],
  ['ignore', [null, 'x'], ['x']],
  ['fill', ['', 'x'], ['x']],
  ['ignore', [null, ' '], [null, ' ']],
] as const)('blank: %s leaves of %o the opinions %o', ([rule, values, left]) => {
  const siblings = values.map((value, index) => siblingOf([a, b][index] ?? a, 1, value));
  expect(
    withOpinion(siblings, { kind: 'either', policy: { kind: 'ask' }, blank: rule }).map(({ value }) => value),
  ).toEqual(left);
});
