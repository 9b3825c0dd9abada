import { describe, expect, test } from 'vitest';
import { madeAfter, showsAnother, showsSame } from '../../src/core/made.js';
import type { Json } from '../../src/core/json.js';
import type { NativeFieldMap } from '../../src/core/record.js';
import { observe } from '../../src/core/observe.js';
import { emptyState } from '../../src/core/register.js';
import { absorb } from '../../src/core/link.js';
import { entityId } from '../../src/core/ids.js';
import { observeReplaced } from '../../src/core/replaced.js';
import type { CreateRule, DeleteRule } from '../../src/core/rules.js';
import { settle } from '../../src/core/settle.js';
import { standingOf } from '../../src/core/standing.js';
import type { EntityState } from '../../src/core/state.js';
import { a, b, e, k, rulesOf, u } from './sample.js';
import { agreedWorld, deliver, edit, hubAt, look, read, take, type World } from './world.js';

// SPEC I15: semantics §1.11, "Id reuse". A key that shows another mark of its making stands for another record.

const world = ({ deletes = 'delete', creates = 'copy', at = '2024-01-01' }: Options = {}): World =>
  agreedWorld({
    rules: rulesOf({ deletes, creates, made: 'at' }),
    records: { [a]: { id: 'k', u: 'x', at }, [b]: { id: 'k', u: 'x', at: '7' } },
  });
type Options = { readonly deletes?: DeleteRule; readonly creates?: CreateRule; readonly at?: Json };

const shown = (fields: NativeFieldMap, key = k) => ({ key, fields, token: null });
const rules = world().rules;

describe('a mark', () => {
  test.each<readonly [known: Json, shows: Json | undefined, 'same' | 'other' | 'nothing']>([
    ['2024-01-01', '2024-01-01', 'same'],
    ['2024-01-01', '2024-01-02', 'other'],
    ['2024-01-01 10:00:00+00', '2024-01-01T12:00:00.000+02:00', 'same'],
    ['2024-01-01 10:00:00+00', '2024-01-01 10:00:00.000001+00', 'other'],
    [7, '7', 'same'],
    ['7', '7.0', 'same'],
    [7, 8, 'other'],
    [' A7', 'A7 ', 'same'],
    ['2024-01-01', undefined, 'nothing'],
    ['2024-01-01', null, 'nothing'],
    ['2024-01-01', ' ', 'nothing'],
    ['', '2024-01-02', 'nothing'],
  ])('%j, and then %j: %s', (known, shows, told) => {
    const { state } = world({ at: known });
    const snapshot = shown({ id: 'k', u: 'x', ...(shows === undefined ? {} : { at: shows }) });
    expect([showsSame(state, rules, a, snapshot), showsAnother(state, rules, a, snapshot)]).toEqual([
      told === 'same',
      told === 'other',
    ]);
  });

  test('of another field than the one that was read says nothing, and is learned', () => {
    const { state } = world();
    const renamed = { ...rules, sides: rules.sides.map((side) => ({ ...side, made: 'u' })) };
    expect(showsAnother(state, renamed, a, shown({ u: 'other' }))).toBe(false);
    expect(madeAfter(renamed, a, state.sides[a], shown({ u: 'other' }))).toEqual({
      made: { field: 'u', value: 'other' },
    });
  });

  test('of a record under another key says nothing', () => {
    expect(showsAnother(world().state, rules, a, shown({ at: 'other' }, 'l' as never))).toBe(false);
  });

  test('that is read for the first time is kept, and is no edit', () => {
    const [before, after] = [world({ at: '' }), read(edit(world({ at: '' }), a, { at: 'new' }), a)];
    expect(after.state.sides[a]?.made).toEqual({ field: 'at', value: 'new' });
    expect(after.facts).toHaveLength(before.facts.length);
    expect(after.state.units).toEqual(before.state.units);
  });

  test('that an answer to our create shows is known from then on', () => {
    const made = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x', at: '1' }, [b]: null } });
    expect(made.state.sides[b]?.made).toBeUndefined();
    expect(read(edit(made, b, { at: '9' }), b).state.sides[b]?.made).toEqual({ field: 'at', value: '9' });
  });
});

describe('a reading with another mark', () => {
  const anew = edit(world(), a, { u: 'stranger', at: '2025' });

  test('is no edit of the record that we know: its key is read again', () => {
    const after = read(anew, a);
    expect([after.state.sides[a]?.raws, after.facts.length]).toEqual([anew.state.sides[a]?.raws, anew.facts.length]);
  });

  test.each([
    ['delete', 'tombstone', ['delete'], []],
    ['ask', 'delete_held', [], ['delete']],
    ['restore', 'delete_held', [], ['delete']],
    ['ignore', 'live', [], []],
  ] as const)('under deletes: %s is the delete of the one that was there', (deletes, presence, writes, questions) => {
    const before = edit(world({ deletes }), a, { u: 'stranger', at: '2025' });
    const gone = replaced(before, '2025');
    expect([gone.state.presence.kind, gone.questions.map(({ kind }) => kind)]).toEqual([presence, questions]);
    expect(gone.facts.map(({ kind, detail }) => [kind, detail['made']])).toEqual([
      ['deleted', { field: 'at', from: '2024-01-01', to: '2025' }],
    ]);
    const settled = settle(e, gone.state, hubAt(before), 'write');
    expect(settled.writes.map(({ kind, side }) => [kind, side])).toEqual(writes.map((kind) => [kind, b]));
  });

  test('that began before the record was last read decides nothing', () => {
    expect(replaced(anew, '2025', -1).kind).toBe('unchanged');
  });

  test('says in the question who has the key now', () => {
    const [question] = replaced(edit(world({ deletes: 'ask' }), a, { at: '2025' }), '2025').questions;
    expect(question?.note).toBe(
      'a deleted this record; b still has it. Nothing was deleted elsewhere. Another record has its key in a now; it waits until this is decided.',
    );
  });
});

test('a write expects the mark, so that a record that was made anew with the same values is not written', () => {
  const changed = read(edit(world(), a, { u: 'y' }), a);
  expect(changed.writes.at(-1)?.expect).toEqual({ u: 'x', at: '7' });
  const raced = deliver(edit(changed, b, { at: '8' }), b, 'answered');
  expect([raced.landed, raced.real[b]?.fields?.['u']]).toEqual([changed.landed, 'x']);
});

test('a delete expects it too', () => {
  const gone = read(edit(world(), a, null), a);
  expect(gone.writes.at(-1)).toMatchObject({ kind: 'delete', side: b, expect: { u: 'x', at: '7' } });
});

describe('a record that was deleted everywhere, and is back with its mark', () => {
  const ended = (creates: CreateRule): World => {
    const deleted = deliver(read(edit(world({ creates }), a, null), a), b, 'answered');
    expect(standingOf(deleted.state, deleted.rules)).toBe('gone');
    return edit(deleted, a, { id: 'k', u: 'x', at: '2024-01-01' });
  };
  const back = (from: World): World => take(from, a, look(from, a));

  test('is made again under creates: copy', () => {
    const after = back(ended('copy'));
    expect([after.state.presence.kind, after.state.sides[b]?.intent?.kind]).toEqual(['live', 'create']);
  });

  test('is asked about under creates: ask', () => {
    const after = back(ended('ask'));
    expect([after.state.presence.kind, Object.keys(after.questions)]).toEqual(['delete_held', ['/delete']]);
  });

  test('is left where it is under creates: ignore', () => {
    const after = back(ended('ignore'));
    expect([after.state.presence.kind, after.state.sides[b]?.presence]).toEqual(['live', 'gone']);
    expect(standingOf(after.state, after.rules)).toBe('one_sided');
  });
});

test('a record that a person says is the one whose key it took is taken in', () => {
  const before = world({ deletes: 'ask' });
  const gone = replaced(before, '2025').state;
  const own = observe(entityId(2), emptyState, hubAt(before), a, {
    snapshot: shown({ id: 'k', u: 'x', at: '2025' }),
    readTick: before.tick,
    readAtMs: before.nowMs,
    beganAtMs: before.nowMs,
    complete: null,
  }).state;
  const { state } = absorb(e, gone, own, hubAt(before));
  expect(state.sides[a]).toMatchObject({ presence: 'present', made: { field: 'at', value: '2025' } });
});

test('one that waits for a key stands as waiting', () => {
  const state: EntityState = { ...world().state, hold: { kind: 'key', side: b, holder: e } };
  expect(standingOf(state, rules)).toBe('waiting');
  expect(Object.keys(state.units)).toEqual([u]);
});

function replaced(from: World, to: Json, readTick = from.tick) {
  return observeReplaced(e, from.state, hubAt(from), a, { shown: { field: 'at', value: to }, readTick });
}
