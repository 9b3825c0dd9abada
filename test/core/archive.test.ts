import { describe, expect, test } from 'vitest';
import { acknowledge } from '../../src/core/acknowledge.js';
import { decideDelete } from '../../src/core/decide.js';
import type { SideName } from '../../src/core/ids.js';
import type { SideRules } from '../../src/core/rules.js';
import { settle } from '../../src/core/settle.js';
import { standingOf } from '../../src/core/standing.js';
import { a, b, c, e, either, hubOf, isKeptEdit, k, rulesOf, unitOf, type RulesOptions } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, edit, heal, hubAt, read, settleOnce, valueAt, type World } from './world.js';

// Semantics §2.4, column archive: what an archived record is, how it comes back, and what ends it. SPEC I16.

const archive: SideRules['archive'] = {
  set: { state: { kind: 'value', value: 'archived' }, archived_at: { kind: 'now' } },
  restore: { state: 'live' },
};
const record = { id: 'k', u: 'x', state: 'live', archived_at: null };

function linked(options: RulesOptions = {}): World {
  const sides = options.sides ?? [a, b];
  const records = Object.fromEntries(sides.map((side) => [side, record]));
  return agreedWorld({ rules: rulesOf({ deletes: 'archive', archive, ...options }), records });
}
const archived = (options: RulesOptions = {}): World => heal(play(linked(options), 'a=- a?'));
const shown = (world: World, side: SideName = b) => [
  valueAt(world, side),
  valueAt(world, side, 'state'),
  valueAt(world, side, 'archived_at') === null ? null : 'a moment',
];
const standing = (world: World) => standingOf(world.state, world.rules);

test('an archived record is written once, keeps what it held, and stands as archived', () => {
  const world = archived();
  expect([shown(world), standing(world), world.questions]).toEqual([['x', 'archived', 'a moment'], 'archived', {}]);
  const again = heal(settleOnce(world));
  expect([again.landed, again.facts.length]).toEqual([world.landed, world.facts.length]);
});

test('what an archived record shows is no edit, not even of the field that says so', () => {
  const world = archived({ units: [unitOf('u', either()), unitOf('state', either())] });
  const edited = heal(edit(world, b, { u: 'y' }));
  expect([shown(edited), standing(edited), edited.facts.length]).toEqual([
    ['y', 'archived', 'a moment'],
    'archived',
    world.facts.length,
  ]);
  // Back where it was deleted: what was typed in the archive counts now, and had not been seen by whoever made it anew.
  const back = heal(edit(edited, a, record));
  expect([shown(back)[1], isKeptEdit(back.facts, 'y')]).toEqual(['live', true]);
});

test('a record that is back where it was deleted is taken out of the archive, and gets what changed', () => {
  const world = heal(edit(archived(), a, { ...record, u: 'z' }));
  expect([shown(world), shown(world, a)[0], standing(world)]).toEqual([['z', 'live', null], 'z', 'agreed']);
});

test('a field of a unit holds again what it held before, whatever the archive wrote there', () => {
  const units = [unitOf('u', either()), unitOf('state', either())];
  const mapped: SideRules['archive'] = { set: { state: { kind: 'value', value: 'archived' } }, restore: {} };
  const world = archived({ units, archive: mapped });
  expect(valueAt(world, b, 'state')).toBe('archived');
  const back = heal(edit(world, a, record));
  expect([valueAt(back, b, 'state'), valueAt(back, a, 'state'), standing(back)]).toEqual(['live', 'live', 'agreed']);
});

test('people who take a record out of the archive are asked what follows', () => {
  const world = heal(edit(archived(), b, { state: 'live', archived_at: null }));
  expect([Object.keys(world.questions), standing(world), shown(world)]).toEqual([
    ['/delete'],
    'held',
    ['x', 'live', null],
  ]);
  const restored = decideDelete({ entity: e, state: world.state, hub: hubAt(world) }, 'restore', by);
  const end = heal(settleOnce({ ...world, state: restored.state, questions: {} }));
  expect([shown(end, a)[0], standing(end)]).toEqual(['x', 'agreed']);
});

const by = { name: 'jo', note: null };

test('a person who deletes it for good has the archived record deleted too', () => {
  const world = archived();
  const { state } = decideDelete({ entity: e, state: world.state, hub: hubAt(world) }, 'delete', by);
  const end = heal(settleOnce({ ...world, state }));
  expect([valueAt(end, b), standing(end)]).toEqual([undefined, 'gone']);
});

test('an archived record that people delete is gone, and nobody is asked', () => {
  const world = heal(edit(archived(), b, null));
  expect([standing(world), world.questions]).toEqual(['gone', {}]);
});

describe.for([
  ['answered', ''],
  ['whose answer was lost', '<'],
  ['that was lost on the way', '>'],
] as const)('a write %s', ([, answer]) => {
  test('archives once', () => {
    const world = heal(play(linked(), `a=- a? b!${answer} b!`));
    expect([shown(world), world.landed, standing(world)]).toEqual([['x', 'archived', 'a moment'], 1, 'archived']);
  });
  test('takes out of the archive once', () => {
    const before = archived();
    const world = heal(play(read(edit(before, a, record), a), `b!${answer} b!`));
    expect([shown(world), world.landed - before.landed, standing(world)]).toEqual([['x', 'live', null], 1, 'agreed']);
  });
});

test.for([
  ['archives', play(linked(), 'a=- a?'), record],
  [
    'takes out of the archive',
    read(edit(archived(), a, record), a),
    { ...record, state: 'archived', archived_at: 'x' },
  ],
] as const)(
  'a write that %s, and that its side takes without effect, is asked about and not made again',
  ([, world, fields]) => {
    const outcome = { kind: 'accepted', record: { key: k, fields, token: '9' } } as const;
    const told = acknowledge(e, world.state, hubAt(world), b, { outcome, sentAtMs: world.nowMs });
    expect(told.questions.map(({ kind, note }) => [kind, note?.includes('archive')])).toEqual([['refused', true]]);
    expect(settle(e, told.state, hubAt(world), 'write').writes).toEqual([]);
  },
);

test('with three sides each of the others archives, and each is taken out again', () => {
  const options = { sides: [a, b, c], units: [unitOf('u', either(), { sides: [a, b, c] })] };
  const world = archived(options);
  expect([shown(world)[1], shown(world, c)[1]]).toEqual(['archived', 'archived']);
  const back = heal(edit(world, a, record));
  expect([shown(back)[1], shown(back, c)[1], standing(back)]).toEqual(['live', 'live', 'agreed']);
});

test('nothing is archived or taken out of the archive while writes are held', () => {
  const world = read(edit(linked(), a, null), a, 'hold');
  expect([world.state.sides[b]?.intent, shown(world)[1]]).toEqual([null, 'live']);
  const back = read(edit(archived(), a, record), a, 'hold');
  expect(settle(e, back.state, hubOf(back.rules), 'hold').writes).toEqual([]);
});
