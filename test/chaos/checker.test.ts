import { describe, expect, test } from 'vitest';
import { pairId } from '../../src/core/ids.js';
import type { Ledger } from '../faults/hub-account.js';
import { forgottenBySide, unaccounted, unlike, untold } from './checker.js';
import { doubled } from './effects.js';
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
  atMs: 5,
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
  atMs: 0,
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

const nobody = {
  restored: new Map<string, number>(),
  deleted: new Set<string>(),
  met: new Set(['c 1']),
  readAtMs: new Map<string, readonly number[]>(),
};
const said = (...keys: readonly string[]) => ({ ...nobody, deleted: new Set(keys) });
const gone = (value: string, by: Effect['by']): Effect => effect({ kind: 'delete', by, before: row(value), after: {} });

describe('an edit is accounted for', () => {
  const sides = everywhere(row('y'), row('y'), row('y'));
  test.for([
    ['it is what the sides hold', [edit('y', 'x')], { y: 'edited' }, 0],
    ['somebody had it before them and replaced it', [edit('x', 'w'), edit('y', 'x')], { y: 'edited' }, 0],
    ['it lost a decision that is in the ledger', [edit('x', 'w'), edit('y', 'w')], { x: 'asked', y: 'edited' }, 0],
    ['it was left where it was made, and the ledger says so', [edit('y', 'x')], { y: 'stray' }, 0],
    ['lost: it is nowhere', [edit('x', 'w'), edit('y', 'w')], { y: 'edited' }, 1],
    ['lost: the ledger only knows that it was made', [edit('x', 'w')], { x: 'edited' }, 1],
    ['lost: the sides hold it and the ledger does not know it', [edit('y', 'x')], {}, 1],
  ] as const)('%s', ([, edits, kinds, found]) => {
    const accounts = { edits, effects: [], sides, ledger: ledger(kinds), told: nobody };
    expect(unaccounted(accounts)).toHaveLength(found);
  });
});

describe('what a new record says where another side decides', () => {
  const typed = (value: string, over: string, isNew = false) => ({
    ...edit(value, over),
    side: 'b' as const,
    unit: 'address' as const,
    isNew,
  });
  const kept = everywhere(row('x', ''), row('x', 'second'), row('x', ''));
  test.for([
    [
      'stays there, also when its maker changed it before we met it',
      [typed('first', '', true), typed('second', 'first')],
      {},
      0,
    ],
    [
      'is lost when it was changed after we met it, and the ledger does not know',
      [typed('first', '', true), typed('second', 'first')],
      { first: 'linked' },
      1,
    ],
    ['is lost when it was changed by us', [typed('first', '', true), typed('third', 'first')], {}, 1],
    ['is lost when the record is not new', [typed('second', 'first')], {}, 1],
  ] as const)('%s', ([, edits, kinds, found]) => {
    const accounts = { edits, effects: [], sides: kept, ledger: ledger(kinds), told: nobody };
    expect(unaccounted(accounts)).toHaveLength(found);
  });
});

describe('what a person puts where we had made a record with a blank, and another side decides', () => {
  const made = (given: Partial<Effect>): Effect =>
    effect({ side: 'b', kind: 'create', before: {}, after: {}, ...given });
  const typed = { ...edit('typed', ''), side: 'b' as const, unit: 'address' as const };
  const told = (...readAtMs: readonly number[]) => ({ ...nobody, readAtMs: new Map([['b 1', readAtMs]]) });
  const there = everywhere(row('x', ''), row('x', 'typed'), row('x', ''));
  const elsewhere = everywhere(row('x', ''), row('x', 'other'), row('x', ''));
  const decided = everywhere(row('x', 'of a'), row('x', 'typed'), row('x', 'of a'));
  test.for([
    ['stays there when our first reading of the record showed it', [made({})], told(7), there, 0],
    ['is lost when we had read the record before', [made({})], told(3), there, 1],
    ['is lost when our write had been answered, so that no reading was the first', [made({})], nobody, there, 1],
    ['is lost when it is not there any more', [made({})], told(7), elsewhere, 1],
    ['is lost when the other side has a value', [made({})], told(7), decided, 1],
    ['is lost when we had put a value there', [made({ after: { address: 'ours' } })], told(7), there, 1],
    ['is lost when people had made the record', [made({ by: 'people' })], told(7), there, 1],
    ['is lost when it was on another record', [made({ key: '2' })], told(7), there, 1],
    ['is lost when we made it later', [made({ atMs: 6 })], told(7), there, 1],
    ['is lost when we had read it when it was made before', [made({}), made({ atMs: 4 })], told(2), there, 1],
  ] as const)('%s', ([, effects, heard, sides, found]) => {
    expect(unaccounted({ edits: [typed], effects, sides, ledger: ledger({}), told: heard })).toHaveLength(found);
  });
});

describe('an edit of a record that was deleted is accounted for', () => {
  test.for([
    ['somebody deleted the record with the edit before them', [gone('x', 'people')], { x: 'edited' }, nobody, 0],
    ['a person was asked, and said that it goes', [gone('x', 'parley')], { x: 'edited' }, said('1'), 0],
    ['lost: we deleted it, and nobody had said so', [gone('x', 'parley')], { x: 'edited' }, nobody, 1],
    ['lost: a person said so, but did not know the edit', [gone('x', 'parley')], {}, said('1'), 1],
    ['lost: what was deleted held another value', [gone('w', 'parley')], { x: 'edited' }, said('1'), 1],
    ['lost: the word was about another record', [gone('x', 'parley')], { x: 'edited' }, said('2'), 1],
    ['lost: somebody deleted another value', [gone('w', 'people')], { x: 'edited' }, nobody, 1],
  ] as const)('%s', ([, effects, kinds, told, found]) => {
    const accounts = { edits: [edit('x', 'w')], effects, sides: [], ledger: ledger(kinds), told };
    expect(unaccounted(accounts)).toHaveLength(found);
  });
});

test('a record that is asked about as a whole may be on one side only', () => {
  const here = [
    { side: 'a' as const, rows: [row('x')] },
    { side: 'b' as const, rows: [] },
  ];
  expect(unlike(here, new Set(['1 record']))).toEqual([]);
  expect(unlike(here, new Set(['2 record', '1 name']))).toHaveLength(1);
});

describe('effects of ours', () => {
  const create = effect({ kind: 'create', before: {} });
  const ends = effect({ kind: 'delete', by: 'people', after: {} });
  test.for([
    ['each once', [create, effect({ key: '2' })], 0],
    ['a create that happened twice', [create, create], 1],
    ['a request that took effect twice', [effect({ idempotencyKey: 'k' }), effect({ idempotencyKey: 'k' })], 1],
    ['a write that changed nothing', [effect({ after: { name: 'x' } })], 1],
    ['what people do twice is theirs', [effect({ by: 'people', kind: 'create' }), ends], 0],
    ['a record that we made is deleted, and made again', [create, ends, create], 1],
    ['a record that was there before us is deleted, and made', [ends, create], 1],
    ['a record that people had made is made again', [effect({ by: 'people', kind: 'create' }), ends, create], 1],
  ] as const)('%s', ([, effects, found]) => {
    expect(doubled(effects, nobody)).toHaveLength(found);
  });

  test('what a person brings back is made again, once for each word', () => {
    const once = { ...nobody, restored: new Map([['1', 1]]) };
    expect(doubled([ends, create], once)).toEqual([]);
    expect(doubled([create, ends, create], once)).toEqual([]);
    expect(doubled([ends, create, ends, create], once)).toHaveLength(1);
  });

  test('a record that came and went before we looked was never there', () => {
    expect(doubled([ends, create], { ...nobody, met: new Set() })).toEqual([]);
    expect(doubled([ends, create, ends, create], { ...nobody, met: new Set() })).toHaveLength(1);
  });
});

test('an edit that its writer was told is done, and the side does not know, is told', () => {
  const written = { pair: pairId('p'), ...edit('y', 'x'), state: 'done' as const };
  expect(forgottenBySide([written], [edit('y', 'x')])).toEqual([]);
  expect(forgottenBySide([written], [])).toHaveLength(1);
  expect(forgottenBySide([written], [edit('y', 'other')])).toHaveLength(1);
  expect(forgottenBySide([{ ...written, state: 'unknown' }], [])).toEqual([]);
});

test('so is a record that was made or deleted, and the side does not know', () => {
  const turned = { pair: pairId('p'), side: 'c' as const, key: '1', kind: 'delete' as const };
  expect(untold([turned], [gone('x', 'people')])).toEqual([]);
  expect(untold([turned], [])).toHaveLength(1);
  expect(untold([turned], [gone('x', 'parley')])).toHaveLength(1);
});
