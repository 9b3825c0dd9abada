import { describe, expect, test } from 'vitest';
import { decideCreate, decideDelete, type Subject } from '../../src/core/decide.js';
import type { SideName } from '../../src/core/ids.js';
import { observeGone } from '../../src/core/presence.js';
import type { RulesOptions } from './sample.js';
import { a, b, c, e, either, masterA, rulesOf, unitOf } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, heal, hubAt, newWorld, settleOnce, valueAt, type World } from './world.js';

// SPEC I16: nothing is deleted without a confirmed delete that had seen what it deletes, or a person's word.

const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };
const start = (options: RulesOptions = {}): World => agreedWorld({ rules: rulesOf(options), records });

/** What stands: presence, and the kind of write planned for each side. */
function stands(world: World): string {
  const writes = world.rules.sides.flatMap(({ name }) => {
    const intent = world.state.sides[name]?.intent;
    return intent == null ? [] : [`${intent.kind} ${name}`];
  });
  const asked = Object.keys(world.questions).map((question) => `asked ${question.replace('/', '')}`);
  return [world.state.presence.kind, ...asked, ...writes].join(', ');
}

test.for([
  ['deleted, unchanged', 'ask', 'a=- a? b?', 'delete_held, asked delete'],
  ['deleted, unchanged', 'delete', 'a=- a? b?', 'tombstone, delete b'],
  ['deleted, unchanged', 'ignore', 'a=- a? b?', 'live'],
  ['unchanged, deleted', 'ask', 'b=- a? b?', 'delete_held, asked delete'],
  ['unchanged, deleted', 'delete', 'b=- a? b?', 'tombstone, delete a'],
  ['unchanged, deleted', 'ignore', 'b=- a? b?', 'live'],
  ['deleted after it had received the edit', 'delete', 'b=y b? a! a=- a?', 'tombstone, delete b'],
  ['deleted before it received the edit', 'delete', 'b=y b? a=- a?', 'delete_held, asked delete'],
  ['deleted before it received the edit', 'ask', 'b=y b? a=- a?', 'delete_held, asked delete'],
  ['deleted by both', 'ask', 'a=- b=- a? b?', 'tombstone'],
  ['deleted by both', 'delete', 'a=- b=- a? b?', 'tombstone'],
  ['deleted by both while a clash is open', 'ask', 'a=y b=z a? b? a=- b=- a? b?', 'tombstone'],
  ['deleted by both', 'ignore', 'a=- b=- a? b?', 'tombstone'],
  ['held, and it is back', 'ask', 'a=- a? a=x a?', 'live'],
  ['deleted, and back before the delete was written', 'delete', 'a=- a? a=x a?', 'live'],
  ['deleted, and back with an edit', 'delete', 'a=- a? a=y a?', 'live, update b'],
  ['deleted, and back while the delete is under way', 'delete', 'a=- a? b!> a=x a? b! b!', 'live'],
  ['deleted, and back when the delete had landed unheard', 'delete', 'a=- a? b!< a=x a? b!', 'live, create b'],
  ['a pending write finds nothing', 'ask', 'b=y b? a=- a!', 'delete_held, asked delete'],
  ['a pending write finds nothing', 'delete', 'b=y b? a=- a!', 'delete_held, asked delete'],
] as const)('%s, deletes: %s, after %s → %s', ([, deletes, steps, result]) => {
  expect(stands(play(start({ deletes }), steps))).toBe(result);
});

test.for([
  ['a delete of one side, deletes: delete', 'delete', 'a=- a?', undefined, undefined],
  ['a held delete', 'ask', 'a=- a?', undefined, 'x'],
  ['an ignored delete', 'ignore', 'a=- a?', undefined, 'x'],
  ['an edit that the delete had not seen', 'delete', 'b=y b? a=- a?', undefined, 'y'],
  ['a record that came back', 'delete', 'a=- a? a=x a?', 'x', 'x'],
  ['a record that came back after the delete had landed unheard', 'delete', 'a=- a? b!< a=x a?', 'x', 'x'],
] as const)('%s ends with a %s, b %s', ([, deletes, steps, endA, endB]) => {
  const healed = heal(play(start({ deletes }), steps));
  expect([valueAt(healed, a), valueAt(healed, b)]).toEqual([endA, endB]);
});

describe('a person decides about a held delete', () => {
  const held = play(start(), 'a=- a?');
  const decide = (choice: 'delete' | 'restore' | 'leave'): World => {
    const subject: Subject = { entity: e, state: held.state, hub: hubAt(held) };
    const { state, fact } = decideDelete(subject, choice, { name: 'jo', note: null });
    return settleOnce({ ...held, state, facts: [...held.facts, fact], questions: {} });
  };
  test.for([
    ['delete', 'tombstone, delete b', undefined, undefined],
    ['restore', 'live, create a', 'x', 'x'],
    ['leave', 'live', undefined, 'x'],
  ] as const)('%s → %s', ([choice, result, endA, endB]) => {
    const world = decide(choice);
    expect(stands(world)).toBe(result);
    const healed = heal(world);
    expect([valueAt(healed, a), valueAt(healed, b)]).toEqual([endA, endB]);
  });

  test('delete, while a clash was open: the record goes everywhere, and nobody is asked about its values any more', () => {
    const clash = play(start(), 'a=y b=z a? b? a=- a?');
    expect(stands(clash)).toBe('delete_held, asked uclash, asked delete');
    const subject: Subject = { entity: e, state: clash.state, hub: hubAt(clash) };
    const { state } = decideDelete(subject, 'delete', { name: 'jo', note: null });
    const { '/delete': _decided, ...questions } = clash.questions;
    expect(stands(settleOnce({ ...clash, state, questions }))).toBe('tombstone, delete b');
  });

  test('what was left goes on being read and is not created again by itself', () => {
    const later = heal(play(decide('leave'), 'b=z b?'));
    expect([valueAt(later, a), valueAt(later, b), stands(later)]).toEqual([undefined, 'z', 'live']);
  });

  test('a delete that b answers by saying it is not what was decided on deletes nothing', () => {
    const raced = play(decide('delete'), 'b=z b!');
    expect(valueAt(raced, b)).toBe('z');
  });
});

describe('a record that is new on one side', () => {
  const fresh = (options: RulesOptions = {}): World =>
    newWorld({ rules: rulesOf(options), records: { [a]: { id: 'k', u: 'x' }, [b]: null } });

  test.for([
    ['copy', 'a? b?', 'live, create b', 'x'],
    ['ask', 'a? b?', 'live, asked create', undefined],
    ['ignore', 'a? b?', 'live', undefined],
    ['copy', 'a? a=- a?', 'tombstone', undefined],
    ['ask', 'a? a=- a?', 'tombstone', undefined],
    ['copy', 'a? b!< a=- a? b! b!', 'tombstone', undefined],
    ['copy', 'a? a=y a?', 'live, create b', 'y'],
    ['copy', 'a? b!> a=y a? b! b!', 'live', 'y'],
  ] as const)('creates: %s, after %s → %s, b ends with %s', ([creates, steps, result, end]) => {
    const world = play(fresh({ creates }), steps);
    expect(stands(world)).toBe(result);
    expect(valueAt(heal(world), b)).toBe(end);
  });

  test('a create that finds a record under its key is not made: the two are read as on first contact', () => {
    const world = play(fresh(), 'a? b=z b!');
    expect([world.landed, Object.keys(world.questions), valueAt(world, b)]).toEqual([0, ['u/clash'], 'z']);
  });

  test('a create whose answer was lost is made once', () => {
    const world = heal(play(fresh(), 'a? b!<'));
    expect([world.landed, valueAt(world, b)]).toEqual([1, 'x']);
  });

  test('without a rule that gives its key, a person is asked', () => {
    const world = play(fresh({ match: [] }), 'a?');
    expect(world.questions['/create']?.note).toContain('No rule under "match" gives the key');
    expect(stands(settleOnce(world))).toBe('live, asked create');
  });

  test('copied at a person’s word, or left where it is', () => {
    const asked = play(fresh({ creates: 'ask' }), 'a?');
    const decide = (choice: 'copy' | 'leave'): World => {
      const { state } = decideCreate({ entity: e, state: asked.state, hub: hubAt(asked) }, choice, {
        name: 'jo',
        note: null,
      });
      return heal(settleOnce({ ...asked, state, questions: {} }));
    };
    expect([valueAt(decide('copy'), b), valueAt(decide('leave'), b)]).toEqual(['x', undefined]);
  });
});

test('a reading that is older than what is known deletes nothing, and a second one of the same delete says nothing', () => {
  const world = start();
  const old = observeGone(e, world.state, hubAt(world), a, { readTick: 0 });
  expect([old.kind, old.state]).toEqual(['stale', world.state]);
  const gone = observeGone(e, world.state, hubAt(world), a, { readTick: 99 });
  expect(observeGone(e, gone.state, hubAt(world), a, { readTick: 100 }).kind).toBe('unchanged');
});

describe('three sides', () => {
  const sides: readonly SideName[] = [a, b, c];
  const three = (deletes: 'ask' | 'delete'): World =>
    agreedWorld({
      rules: rulesOf({ sides, deletes, units: [unitOf('u', either(), { sides })] }),
      records: { ...records, [c]: { id: 'k', u: 'x' } },
    });

  test('a delete that is decided reaches both others', () => {
    const healed = heal(play(three('delete'), 'a=- a?'));
    expect(sides.map((side) => valueAt(healed, side))).toEqual([undefined, undefined, undefined]);
  });

  test.for([
    ['delete', 'a=- a? c=- c?', 'tombstone, delete b'],
    ['delete', 'a=- a? c=- c? b=- b?', 'tombstone'],
    ['delete', 'a=- a? b! c=- c?', 'tombstone'],
    ['ask', 'a=- a? c=- c?', 'delete_held, asked delete'],
    ['ask', 'a=- a? c=- c? a=x a?', 'delete_held, asked delete'],
    ['ask', 'a=- a? c=- c? c=x c?', 'delete_held, asked delete'],
    ['ask', 'a=- a? c=- c? a=x a? c=x c?', 'live'],
  ] as const)('deletes: %s, another side deletes it too, after %s → %s', ([deletes, steps, result]) => {
    expect(stands(play(three(deletes), steps))).toBe(result);
  });

  test('a person’s delete stands when another side deletes the record meanwhile', () => {
    const held = play(three('ask'), 'a=- a?');
    const { state } = decideDelete({ entity: e, state: held.state, hub: hubAt(held) }, 'delete', {
      name: 'jo',
      note: null,
    });
    const decided = settleOnce({ ...held, state, questions: {} });
    expect(stands(play(decided, 'c=- c?'))).toBe('tombstone, delete b');
  });

  test('the question names every side that deleted it, and every side that still has it', () => {
    const { questions } = play(three('ask'), 'a=- a? c=- c?');
    expect(questions['/delete']?.note).toContain('a and c deleted this record; b still has it.');
  });

  test('a delete that is held keeps the record in both others, and they go on agreeing', () => {
    const healed = heal(play(three('ask'), 'a=- a? b=y b?'));
    expect(sides.map((side) => valueAt(healed, side))).toEqual([undefined, 'y', 'y']);
  });
});

test('what is made or deleted again goes under another name, and each attempt of it under the same', () => {
  const namesAfter = (deletes: 'restore' | 'delete', steps: string): readonly string[] => {
    const from = start({ deletes });
    const made = play(from, steps).writes.slice(from.writes.length);
    return made.flatMap((write) =>
      write === undefined || write.kind === 'update' ? [] : [`${write.side} ${write.version}`],
    );
  };
  const created = namesAfter('restore', 'a=- a? a! a=- a? a!');
  expect([created.length, new Set(created).size]).toEqual([2, 2]);
  const attempts = namesAfter('restore', 'a=- a? a!> a! a!');
  expect([attempts.length > 1, new Set(attempts).size]).toEqual([true, 1]);
  const deleted = namesAfter('delete', 'a=- a? a=x a? a=- a?');
  expect([deleted.length, new Set(deleted).size]).toEqual([2, 2]);
});

test('a value that only a side that does not decide ever had is kept in the ledger when its record is deleted', () => {
  const rules = rulesOf({ deletes: 'delete', units: [unitOf('v', either()), unitOf('u', masterA('restore'))] });
  const met = agreedWorld({ rules, records: { [a]: { id: 'k', v: '1' }, [b]: { id: 'k', v: '1', u: 'own' } } });
  const losersOf = (world: World) =>
    world.facts.filter(({ kind }) => kind === 'stray').map(({ side, detail }) => [side, detail['units']]);
  expect(losersOf(met)).toEqual([]);
  const deleted = play(met, 'a=- a?');
  expect(losersOf(deleted)).toEqual([[b, { u: { to: 'own', how: 'deleted', restored: null } }]]);
  expect(losersOf(heal(deleted))).toHaveLength(1);
});
