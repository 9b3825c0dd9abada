import { describe, expect, test } from 'vitest';
import { answerRefused, questionsBack, unmerged } from '../../src/core/duplicate.js';
import { entityId, recordKey } from '../../src/core/ids.js';
import { mergeInto, mustWait, rekeyed, type Merged } from '../../src/core/merge.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf, withSide } from '../../src/core/register.js';
import { settle } from '../../src/core/settle.js';
import { standingOf } from '../../src/core/standing.js';
import type { EntityState, Shadow } from '../../src/core/state.js';
import { a, b, c, e, rulesOf, u } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, edit, hubAt, newWorld, read, settleOnce, vanish, type World } from './world.js';

// SPEC I16, D14-D16: what is no longer shown and was not deleted.

const rules = rulesOf({ deletes: 'delete' });
const both = (value: string): World =>
  agreedWorld({ rules, records: { [a]: { id: 'k', u: value }, [b]: { id: 'k', u: value } } });
const other = entityId(2);
const kept = recordKey('kept');
const archivedMark = { kind: 'value', value: 'archived' } as const;

/** Side a makes one record of two; `into` is what was known of the one that it keeps. */
function merged(from: World, into: EntityState): Merged {
  return mergeInto({ entity: e, state: from.state }, { entity: other, state: into }, hubAt(from), a, kept);
}

const alone = (): EntityState =>
  read(newWorld({ rules, records: { [a]: { id: 'k', u: 'w' }, [b]: null } }), a, 'hold').state;

describe('D14: merged in a', () => {
  test('nothing is deleted on b, whatever the file says of deletes', () => {
    const { state, alias } = merged(both('x'), both('w').state);
    for (const one of [state, alias]) expect(settle(other, one, hubAt(both('x')), 'write').writes).toEqual([]);
  });

  test('what there is twice now is frozen, and a person is asked', () => {
    const { alias, questions } = merged(both('x'), both('w').state);
    expect([alias.sides[b]?.presence, questions.map(({ kind }) => kind)]).toEqual(['duplicate', ['duplicate']]);
    expect(standingOf(alias, rules)).toBe('held');
  });

  // SPEC I14, I23: an alias breaks nothing and waits for nothing, and what was asked about it as a whole is over.
  test('what was broken together is asked no more, and nothing waits', () => {
    const from = both('x');
    const broken = { units: [u], rules: ['u > 1'], vv: '' };
    const waits = [{ unit: u, side: b, on: 'a:p' }];
    const { alias, closes } = merged({ ...from, state: { ...from.state, broken, waits } }, both('w').state);
    expect([alias.broken, alias.waits]).toEqual([null, []]);
    expect(closes).toContainEqual({ unit: null, kind: 'invariant' });
  });

  test('a record without a counterpart gets the one of the record that went, and the value of the merge', () => {
    const { state, alias, moved } = merged(both('x'), alone());
    expect([moved.map(({ side }) => side), alias.sides[b]]).toEqual([[b], undefined]);
    const [write] = settle(other, state, hubAt(both('x')), 'write').writes;
    expect([write?.kind, write?.fields, write?.expect]).toEqual(['update', { u: 'w' }, { u: 'x' }]);
  });

  test('an edit that the merging side had not received clashes with what was merged', () => {
    const edited = play(both('x'), 'b=y b?');
    const { state } = merged({ ...edited, sent: new Set() }, alone());
    const settled = settle(other, state, hubAt(edited), 'write');
    expect([settled.writes, settled.questions.map(({ kind }) => kind)]).toEqual([[], ['clash']]);
  });

  test('where people had deleted the record of the one that went it is not made again, and they are asked about the kept one', () => {
    const asking = rulesOf({ deletes: 'ask' });
    const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };
    const held = vanish(agreedWorld({ rules: asking, records }), b, 'deleted');
    const { state, asks, moved } = merged(held, alone());
    expect([state.presence.kind, state.sides[b]?.presence, moved.map(({ side }) => side)]).toEqual([
      'delete_held',
      'gone',
      [b],
    ]);
    expect([asks.map(({ kind }) => kind), settle(other, state, hubAt(held), 'write').writes]).toEqual([['delete'], []]);
  });

  test('merged into one that was deleted before anybody heard of it, it is deleted on a person’s word only', () => {
    const held = vanish(both('x'), a, 'merged_and_deleted');
    expect([held.state.presence.kind, settle(e, held.state, hubAt(held), 'write').writes]).toEqual(['delete_held', []]);
    expect(vanish(both('x'), a, 'deleted').state.presence.kind).toBe('tombstone');
  });

  test('a delete that somebody left as it is stays so', () => {
    const leaving = rulesOf({ deletes: 'ignore' });
    const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };
    const left = vanish(agreedWorld({ rules: leaving, records }), b, 'deleted');
    const { state, asks } = merged(left, alone());
    expect([state.presence.kind, state.sides[b]?.presence, asks]).toEqual(['live', 'gone', []]);
    expect(settle(other, state, hubAt(left), 'write').writes).toEqual([]);
  });

  test('the record of a side on which it is out of scope goes along, and gets the value of the merge when it is back', () => {
    const away = vanish(both('x'), b, 'out_of_scope');
    const { state, moved } = merged(away, alone());
    expect([moved.map(({ side }) => side), state.sides[b]?.presence]).toEqual([[b], 'outside']);
    expect(settle(other, state, hubAt(away), 'write').writes).toEqual([]);
    const after = { ...away, state, tick: away.tick + 1 };
    const back = read(edit(after, b, { u: 'x' }), b);
    expect(back.state.sides[b]?.intent?.units[u]?.raw).toBe('w');
    const edited = read(edit(after, b, { u: 'z' }), b);
    expect([edited.state.sides[b]?.intent, Object.keys(edited.questions)]).toEqual([null, ['u/clash']]);
  });

  test('out of scope beside one that counts, it is nobody’s business until it is back: then it is a duplicate', () => {
    const away = vanish(both('x'), b, 'out_of_scope');
    const { alias, questions, moved } = merged(away, both('w').state);
    expect([alias.sides[b]?.presence, questions, moved]).toEqual(['outside', [], []]);
    expect(standingOf(alias, rules)).toBe('gone');
    const back = read(edit({ ...away, state: alias }, b, { u: 'y' }), b);
    expect([back.state.sides[b]?.presence, standingOf(back.state, rules)]).toEqual(['duplicate', 'held']);
    expect(questionsBack(alias, back.state).map(({ kind, label }) => [kind, label])).toEqual([['duplicate', 'b:k']]);
    expect(questionsBack(back.state, back.state)).toEqual([]);
    expect(settle(e, back.state, hubAt(back), 'write').writes).toEqual([]);
  });

  test('archived beside one that counts, it stays in its archive, and is a duplicate once it is taken out', () => {
    const three = rulesOf({
      sides: [a, b, c],
      deletes: 'archive',
      archive: { set: { state: archivedMark }, restore: {} },
    });
    const record = { id: 'k', u: 'x', state: 'live' };
    const deleted = play(
      agreedWorld({ rules: three, records: { [a]: record, [b]: record, [c]: record } }),
      'c=- c? b! a!< b?',
    );
    expect([deleted.state.sides[b]?.presence, deleted.state.sides[a]?.presence]).toEqual(['archived', 'present']);
    const { state, alias, questions } = merged({ ...deleted, sent: new Set() }, alone());
    expect([alias.sides[b]?.presence, questions, state.sides[b]]).toEqual(['archived', [], undefined]);
    const back = read(edit({ ...deleted, state: alias }, b, { u: 'x', state: 'live' }), b);
    expect([back.state.sides[b]?.presence, standingOf(back.state, three)]).toEqual(['duplicate', 'held']);
  });

  test('the values of the entity that went are in the ledger', () => {
    const edited = play(both('x'), 'b=y b?');
    const [fact] = merged(edited, both('w').state).facts;
    expect(fact?.kind).toBe('merged');
    expect(JSON.stringify(fact?.detail['siblings'])).toContain('"value":"y"');
  });

  test('into a record that nobody had read, the entity goes on under its key', () => {
    const world = both('x');
    const { state, facts } = rekeyed({ entity: e, state: world.state }, hubAt(world), a, kept);
    expect([state.sides[a]?.key, state.sides[b]?.key]).toEqual([kept, recordKey('k')]);
    expect([facts[0]?.kind, facts[0]?.detail['into']]).toEqual(['merged', kept]);
    expect(registerOf(state, u)).toEqual(registerOf(world.state, u));
  });

  test('a merge waits while a write to the record is in doubt', () => {
    const doubtful = play(both('x'), 'b=y b? a!<');
    expect([mustWait(doubtful.state, hubAt(doubtful)), mustWait(both('x').state, hubAt(both('x')))]).toEqual([
      true,
      false,
    ]);
  });

  test('taken back, the entity has its records again', () => {
    const { alias } = merged(both('x'), both('w').state);
    const state = unmerged(alias, a);
    expect([state.presence.kind, state.sides[b]?.presence]).toEqual(['live', 'present']);
    expect(unpack(pack(alias))).toEqual(alias);
  });

  test('what was agreed without a write, and no pass had confirmed, nobody has received who makes the record anew', () => {
    const noop = play(both('x'), 'b=y b? b=x b?');
    const { alias } = merged(noop, both('w').state);
    expect([registerOf(noop.state, u).noop[a] === undefined, registerOf(alias, u).noop[a]]).toEqual([false, undefined]);
  });

  test('taken back while its values clashed, it is asked about again: the merge had closed the question', () => {
    const clashing = play(both('x'), 'a=y b=z a? b?');
    const back = unmerged(merged(clashing, both('w').state).alias, a);
    const { questions, state } = settle(e, back, hubAt(clashing), 'write');
    expect([questions.map(({ kind }) => kind), registerOf(state, u).status]).toEqual([['clash'], 'asked']);
  });

  test.for([
    ['retry', ['delete'], 'on_its_way'],
    ['leave', [], 'override'],
  ] as const)('%s, said of a duplicate whose delete was refused', ([choice, kinds, standing]) => {
    const { alias } = merged(both('x'), both('w').state);
    const state = withSide(alias, b, { ...(alias.sides[b] as Shadow), refused: 'delete' });
    const hub = hubAt(both('x'));
    const decided = answerRefused({ entity: e, state, hub }, b, choice, { name: 'anna', note: null });
    expect([decided.writes.map(({ kind }) => kind), standingOf(decided.state, rules)]).toEqual([kinds, standing]);
  });
});

describe.for([
  ['D15', 'hidden', 'hidden', 'hidden'],
  ['D16', 'out_of_scope', 'outside', 'one_sided'],
] as const)('%s: %s on a', ([, kind, presence, standing]) => {
  test('nothing is written or deleted, and it is said', () => {
    const world = vanish(both('x'), a, kind);
    expect([world.state.sides[a]?.presence, standingOf(world.state, rules)]).toEqual([presence, standing]);
    expect(world.facts.at(-1)?.kind).toBe(presence);
    const after = play(edit(world, b, { u: 'y' }), 'b?');
    expect([after.state.sides[a]?.intent, Object.keys(after.questions)]).toEqual([null, []]);
  });

  test('said again it is no news', () => {
    const world = vanish(both('x'), a, kind);
    expect(vanish(world, a, kind)).toBe(world);
  });

  test('back, it receives what changed meanwhile', () => {
    const away = play(edit(vanish(both('x'), a, kind), b, { u: 'y' }), 'b?');
    const back = settleOnce(read(edit(away, a, { u: 'x' }), a));
    expect(back.state.sides[a]?.intent?.units[u]?.raw).toBe('y');
  });

  test('what was edited there meanwhile is an edit when it is back', () => {
    const back = read(edit(vanish(both('x'), a, kind), a, { u: 'z' }), a);
    expect(back.state.sides[b]?.intent?.units[u]?.raw).toBe('z');
  });
});

test('D15: a hidden record that is then found deleted is a deletion', () => {
  const world = vanish(vanish(both('x'), a, 'hidden'), a, 'deleted');
  expect([world.state.presence.kind, world.state.sides[b]?.intent?.kind]).toEqual(['tombstone', 'delete']);
});

test('D16: out of scope is a deletion where the file says so', () => {
  const sides = rules.sides.map((side) => ({ ...side, outOfScope: 'delete' as const }));
  const world = vanish({ ...both('x'), rules: { ...rules, sides } }, a, 'out_of_scope');
  expect(world.state.presence.kind).toBe('tombstone');
});

test('D16: what happens to a record that takes no part is nobody’s business', () => {
  const world = vanish(both('x'), a, 'out_of_scope');
  expect(vanish(world, a, 'deleted')).toBe(world);
});

/** Out of scope on a, and b's record was deleted meanwhile: nobody had it, and nothing was decided about a's. */
const endedWhileAway = (deletes: 'ask' | 'delete'): World => {
  const start = agreedWorld({
    rules: rulesOf({ deletes }),
    records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } },
  });
  return play(vanish(play(start, 'a=y a? b!'), a, 'out_of_scope'), 'b=- b?');
};

test('D16: back after its counterpart was deleted, the delete is held', () => {
  const away = endedWhileAway('ask');
  const back = read(edit(away, a, { u: 'y' }), a);
  expect([away.state.presence.kind, back.state.presence.kind]).toEqual(['tombstone', 'delete_held']);
  expect(settle(e, back.state, hubAt(back), 'write').writes).toEqual([]);
});

test('D16: back after a delete that follows everywhere, it is deleted, unless it was edited meanwhile', () => {
  const away = endedWhileAway('delete');
  const kindOf = (world: World): string => world.state.presence.kind;
  expect(kindOf(read(edit(away, a, { u: 'y' }), a))).toBe('tombstone');
  expect(kindOf(read(edit(away, a, { u: 'z' }), a))).toBe('delete_held');
});
