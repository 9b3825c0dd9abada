import { describe, expect, test } from 'vitest';
import type { SideRules } from '../../src/core/rules.js';
import type { SideName } from '../../src/core/ids.js';
import { a, b, isKeptEdit, rulesOf, type RulesOptions } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, heal, newWorld, valueAt, type World } from './world.js';

// The rows of the record level, by their numbers in docs/SPEC.md: what ends up on both sides, and what is asked.

type Words = Pick<RulesOptions, 'deletes' | 'edited' | 'archive'>;
const archive: SideRules['archive'] = {
  set: { state: { kind: 'value', value: 'archived' } },
  restore: { state: 'live' },
};
const words: readonly (readonly [string, Words])[] = [
  ['ask', { deletes: 'ask' }],
  ['delete', { deletes: 'delete' }],
  ['delete, edited: delete', { deletes: 'delete', edited: 'delete' }],
  ['delete, edited: restore', { deletes: 'delete', edited: 'restore' }],
  ['restore', { deletes: 'restore' }],
  ['ignore', { deletes: 'ignore' }],
  ['archive', { deletes: 'archive', archive }],
];

const both = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };
const linked = (options: RulesOptions): World => agreedWorld({ rules: rulesOf(options), records: both });
const alone = (options: RulesOptions): World =>
  newWorld({ rules: rulesOf(options), records: { [a]: { id: 'k', u: 'x' }, [b]: null } });

/** `x x` both hold x; `- x` only b has it; `x*` it is archived; `?` stands behind when a person is asked. */
function ending(world: World): string {
  const end = heal(world);
  const held = [a, b]
    .map((side) => ((valueAt(end, side) as string | undefined) ?? '-') + (isArchived(end, side) ? '*' : ''))
    .join(' ');
  return Object.keys(end.questions).length === 0 ? held : `${held} ?`;
}

const isArchived = (world: World, side: SideName): boolean => valueAt(world, side, 'state') === 'archived';

const rows: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['D1', 'a deleted, b unchanged', 'a=- a? b?', ['- x ?', '- -', '- -', '- -', 'x x', '- x', '- x*']],
  ['D2', 'b deleted, a unchanged', 'b=- a? b?', ['x - ?', '- -', '- -', '- -', 'x x', 'x -', 'x* -']],
  [
    'D3',
    'a deleted, having received b’s edit',
    'b=y b? a! a=- a?',
    ['- y ?', '- -', '- -', '- -', 'y y', '- y', '- y*'],
  ],
  [
    'D4',
    'a deleted, not having received b’s edit',
    'b=y b? a=- a?',
    ['- y ?', '- y ?', '- -', 'y y', 'y y', '- y', '- y*'],
  ],
  [
    'D5',
    'b edited after the delete was decided',
    'a=- a? b=y b?',
    ['- y ?', '- y ?', '- -', 'y y', 'y y', '- y', '- y*'],
  ],
  [
    'D6',
    'b edited, and the delete runs into it',
    'a=- a? b=y b!',
    ['- y ?', '- y ?', '- -', 'y y', 'y y', '- y', '- y*'],
  ],
  ['D7', 'both deleted', 'a=- b=- a? b?', ['- -', '- -', '- -', '- -', '- -', '- -', '- -']],
  [
    'D8',
    'deleted, and back before anything was written',
    'a=- a? a=x a?',
    ['x x', 'x x', 'x x', 'x x', 'x x', 'x x', 'x x'],
  ],
  ['D9', 'deleted, and back with another value', 'a=- a? a=z a?', ['z z', 'z z', 'z z', 'z z', 'z z', 'z z', 'z z']],
  ['D10', 'a pending write finds nothing', 'b=y b? a=- a!', ['- y ?', '- y ?', '- -', 'y y', 'y y', '- y', '- y*']],
];

describe.for(rows)('%s: %s', ([, , steps, expected]) => {
  test.for(words.map(([name, options], index) => [name, options, expected[index]] as const))(
    'deletes: %s',
    ([, options, end]) => {
      expect(ending(play(linked(options), steps))).toBe(end);
    },
  );
});

describe.for([
  ['D11', 'created, and deleted before the create was sent', 'a? a=- a?'],
  ['D12', 'created, and deleted while the create is in doubt', 'a? b!< a=- a?'],
  ['D13', 'created, and deleted when the create had not arrived', 'a? b!> a=- a?'],
] as const)('%s: %s', ([name, , steps]) => {
  test.for(words.filter(([, { deletes }]) => deletes === 'delete' || deletes === 'archive'))(
    'a new record, deletes: %s',
    ([, options]) => {
      const end = name === 'D12' && options.deletes === 'archive' ? '- x*' : '- -';
      expect(ending(play(alone(options), steps))).toBe(end);
    },
  );
});

test('an edit that a delete wins over stays in the ledger', () => {
  const world = heal(play(linked({ deletes: 'delete', edited: 'delete' }), 'b=y b? a=- a?'));
  expect(isKeptEdit(world.facts, 'y')).toBe(true);
});

test('a delete that an edit wins over stays in the ledger', () => {
  const world = heal(play(linked({ deletes: 'delete', edited: 'restore' }), 'b=y b? a=- a?'));
  const deleted = world.facts.find(({ kind }) => kind === 'deleted');
  expect([deleted?.side, deleted?.detail['outcome']]).toEqual([a, 'restore']);
});

test('a record that people make anew, with a blank, before it is made again from what was agreed is filled', () => {
  const anew = play(linked({ deletes: 'restore' }), 'a=- a? a=~ a!');
  expect(ending(anew)).toBe('x x');
});
