import { describe, expect, test } from 'vitest';
import { pairId } from '../../src/core/ids.js';
import type { Ledger } from '../faults/hub-account.js';
import { doubled, forgottenBySide, unaccounted, unlike } from './checker.js';
import type { Effect, Row } from './sides.js';

const row = (name: string, address = 'Street'): Row => ({ key: '1', name, phone: '555', address });
const everywhere = (...rows: readonly [Row, Row, Row]) => [
  { side: 'a' as const, rows: [rows[0]] },
  { side: 'b' as const, rows: [rows[1]] },
  { side: 'c' as const, rows: [rows[2]] },
];
const ledger = (kinds: { readonly [value: string]: string }): Ledger => ({
  size: 1,
  kindsOf: (value) => new Set(kinds[value] === undefined ? [] : [kinds[value]]),
});
const edit = (value: string, over: string) => ({
  side: 'a' as const,
  key: '1',
  unit: 'name' as const,
  value,
  over,
  isNew: false,
});
const effect = (given: Partial<Effect>): Effect => ({
  pair: 'p',
  side: 'c',
  by: 'parley',
  kind: 'update',
  key: '1',
  idempotencyKey: null,
  before: { name: 'x' },
  after: { name: 'y' },
  ...given,
});

describe('sides that do not agree', () => {
  test('a cell that differs is told, unless a person is asked about it', () => {
    const sides = everywhere(row('x'), row('x'), row('y'));
    expect(unlike(sides, new Set())).toHaveLength(1);
    expect(unlike(sides, new Set(['1 name']))).toEqual([]);
  });

  test('a record that a side lacks is told', () => {
    const [a, b] = everywhere(row('x'), row('x'), row('x'));
    expect(
      unlike(
        [a, b, { side: 'c' as const, rows: [] }].flatMap((one) => one ?? []),
        new Set(),
      ),
    ).toHaveLength(1);
  });

  test('an address that its master never had may differ, one that it has may not', () => {
    expect(unlike(everywhere(row('x', ''), row('x', 'own'), row('x', '')), new Set())).toEqual([]);
    expect(unlike(everywhere(row('x', 'a'), row('x', 'own'), row('x', 'a')), new Set())).toHaveLength(1);
  });
});

describe('an edit is accounted for', () => {
  const sides = everywhere(row('y'), row('y'), row('y'));
  test.for([
    ['it is what the sides hold', [edit('y', 'x')], { y: 'edited' }, 0],
    ['somebody had it before them and replaced it', [edit('x', 'w'), edit('y', 'x')], { y: 'edited' }, 0],
    ['it lost a decision that is in the ledger', [edit('x', 'w'), edit('y', 'w')], { x: 'asked', y: 'edited' }, 0],
    ['lost: it is nowhere', [edit('x', 'w'), edit('y', 'w')], { y: 'edited' }, 1],
    ['lost: the ledger only knows that it was made', [edit('x', 'w')], { x: 'edited' }, 1],
    ['lost: the sides hold it and the ledger does not know it', [edit('y', 'x')], {}, 1],
  ] as const)('%s', ([, edits, kinds, found]) => {
    expect(unaccounted(edits, sides, ledger(kinds))).toHaveLength(found);
  });
});

describe('effects of ours', () => {
  test.for([
    ['each once', [effect({ key: '1' }), effect({ key: '2' })], 0],
    ['a create that happened twice', [effect({ kind: 'create' }), effect({ kind: 'create' })], 1],
    ['a request that took effect twice', [effect({ idempotencyKey: 'k' }), effect({ idempotencyKey: 'k' })], 1],
    ['a write that changed nothing', [effect({ after: { name: 'x' } })], 1],
    ['what people do twice is theirs', [effect({ by: 'people', kind: 'create' }), effect({ kind: 'create' })], 0],
  ] as const)('%s', ([, effects, found]) => {
    expect(doubled(effects)).toHaveLength(found);
  });
});

test('an edit that its writer was told is done, and the side does not know, is told', () => {
  const written = { pair: pairId('p'), ...edit('y', 'x'), state: 'done' as const };
  expect(forgottenBySide([written], [edit('y', 'x')])).toEqual([]);
  expect(forgottenBySide([written], [])).toHaveLength(1);
  expect(forgottenBySide([written], [edit('y', 'other')])).toHaveLength(1);
  expect(forgottenBySide([{ ...written, state: 'unknown' }], [])).toEqual([]);
});
