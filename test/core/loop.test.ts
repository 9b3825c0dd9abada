import { describe, expect, test } from 'vitest';
import { decideLoop } from '../../src/core/decide.js';
import { explainUnit } from '../../src/core/explain.js';
import type { SideName } from '../../src/core/ids.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf } from '../../src/core/register.js';
import { limitDefaults, type PairRules, type Policy, type UnitRules } from '../../src/core/rules.js';
import { standingOf } from '../../src/core/standing.js';
import { a, ask, b, c, e, either, masterA, rulesOf, u, unitOf } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, deliver, edit, hubAt, look, read, settleOnce, take, valueAt, type World } from './world.js';

// SPEC I22: a system that changes what it is given is stopped after a bounded number of writes, and a person is told.

const preferB: Policy = { kind: 'prefer', side: b, otherwise: ask };
const two = [a, b];
const three = [a, b, c];

function start(rules: PairRules, value = 'x', hasTokens = true): World {
  const records = Object.fromEntries(rules.sides.map(({ name }) => [name, { id: 'k', u: value }]));
  return agreedWorld({ rules, records, hasTokens });
}

/** Each side makes of what it is given what its program says, some time after it was written. */
function rounds(world: World, programs: { readonly [side: SideName]: (value: string) => string }, count = 20): World {
  let next = world;
  for (let round = 0; round < count; round += 1) {
    for (const { name } of next.rules.sides) next = read(next, name);
    for (const { name } of next.rules.sides) {
      const before = next.landed;
      next = deliver(next, name, 'answered');
      const program = programs[name];
      if (next.landed === before || program === undefined) continue;
      const value = valueAt(next, name) as string;
      if (program(value) !== value) next = edit(next, name, { id: 'k', u: program(value) });
    }
  }
  return next;
}

const standing = ({ state, rules }: World): string => standingOf(state, rules);
const unitIn = ({ rules }: World): UnitRules => rules.units[0] as UnitRules;
const asMultipleOf =
  (size: number) =>
  (value: string): string =>
    String(Math.floor(Number(value) / size) * size);

describe('a system that rewrites what is restored', () => {
  const rules = rulesOf({ units: [unitOf('u', masterA('restore'))] });
  const world = rounds(play(start(rules), 'b=wrong b?'), { [b]: () => 'wrong' });

  test('is restored a bounded number of times, and then a person is asked', () => {
    expect([standing(world), Object.keys(world.questions)]).toEqual(['tripped', ['u/tripped']]);
    expect(world.landed).toBe(limitDefaults.hops);
    expect(rounds(world, { [b]: () => 'wrong' }).landed).toBe(world.landed);
  });

  test('the chain is shown', () => {
    const note = world.questions['u/tripped']?.note ?? '';
    expect(note).toContain('5 changes in a row, each in answer to what was written there');
    expect(note.match(/b made it "wrong"/g)).toHaveLength(5);
    const [, status] = explainUnit(unitIn(world), registerOf(world.state, u), world.state);
    expect(status).toContain('Stopped: b changed it again and again');
    const fact = world.facts.findLast(({ kind }) => kind === 'asked');
    expect([fact?.rule, fact?.detail['chain']]).toEqual([
      'tripped: 5 changes in answer to our own writes (pairs/p.yaml:u)',
      Array.from({ length: 5 }, () => ({ side: b, value: 'wrong' })),
    ]);
  });

  test('goes on being read, and an edit of the master is agreed but not written', () => {
    const later = play(world, 'a=new a? b!');
    expect([registerOf(later.state, u).value, valueAt(later, b), standing(later)]).toEqual(['new', 'wrong', 'tripped']);
  });

  test.for([
    ['retry', 'on_its_way', 'x'],
    ['leave', 'override', 'wrong'],
  ] as const)('a person may %s', ([choice, stands, value]) => {
    const by = { name: 'jo', note: 'their night job is off' };
    const subject = { entity: e, state: world.state, hub: hubAt(world) };
    const { state, fact } = decideLoop(subject, unitIn(world), choice, by);
    const decided = settleOnce({ ...world, state });
    expect([standing(decided), decided.questions]).toEqual([stands, {}]);
    expect([fact.kind, fact.detail['note'], (fact.detail['chain'] as readonly unknown[]).length]).toEqual([
      'decided',
      by.note,
      5,
    ]);
    expect(valueAt(deliver(decided, b, 'answered'), b)).toBe(value);
  });
});

test('two normalisers without a common fixed point stop, although no value ever comes again', () => {
  const rules = rulesOf({ sides: three, units: [unitOf('u', either(preferB), { sides: three })] });
  const programs = { [b]: asMultipleOf(1000), [c]: asMultipleOf(7) };
  const world = rounds(play(start(rules, '0'), 'a=123456 a?'), programs);
  expect(standing(world)).toBe('tripped');
  expect(world.landed).toBeLessThanOrEqual((limitDefaults.hops + 1) * 2);
  const values = world.facts
    .filter(({ kind }) => kind === 'edited')
    .map(({ detail }) => (detail['units'] as { readonly u: { readonly to: string } }).u.to);
  expect(new Set(values).size).toBe(values.length);
});

test('a system that makes its own form of a value once is no loop', () => {
  const world = rounds(play(start(rulesOf({ sides: two })), 'a=Ada a?'), { [b]: (value) => value.toUpperCase() });
  expect([standing(world), valueAt(world, a), valueAt(world, b)]).toEqual(['agreed', 'ADA', 'ADA']);
});

test('people who edit in turn, each some time after the other’s value arrived, are no loop', () => {
  let world = start(rulesOf({ sides: two }));
  for (let turn = 0; turn < 12; turn += 1) {
    const [from, to] = turn % 2 === 0 ? two : [b, a];
    world = read(read({ ...world, nowMs: world.nowMs + limitDefaults.answerMs + 5_000 }, a), b);
    world = deliver(
      read(edit(world, from as SideName, { id: 'k', u: `v${turn}` }), from as SideName),
      to as SideName,
      'answered',
    );
  }
  expect([standing(world), valueAt(world, a), valueAt(world, b)]).toEqual(['agreed', 'v11', 'v11']);
});

test('an edit that answers nothing ends the chain', () => {
  const rules = rulesOf({ units: [unitOf('u', masterA('restore'))] });
  const almost = rounds(play(start(rules), 'b=wrong b?'), { [b]: () => 'wrong' }, 5);
  expect(registerOf(almost.state, u).loop?.chain.length).toBe(4);
  expect(registerOf(play(almost, 'a=new a?').state, u).loop).toBeNull();
});

describe('a write that leaves a record as it was, version and all', () => {
  const planned = play(start(rulesOf({ sides: two })), 'a=y a?');
  function without(world: World, isAfterYes: boolean): World {
    const sent = deliver(world, b, 'lost before');
    const { snapshot, tick, atMs } = look(sent, b);
    return take(sent, b, { snapshot, tick, atMs, isAfterYes });
  }
  const times = (isAfterYes: boolean): string =>
    standing([1, 2, 3, 4].reduce((world) => without(world, isAfterYes), planned));

  test('is made again as long as the request may have been lost', () => {
    expect(times(false)).toBe('on_its_way');
  });

  test('is given up after two when the side had said yes to it', () => {
    expect(times(true)).toBe('parked');
  });
});

test('a lost request whose record shows an edit of another field is no write without effect', () => {
  const rules = rulesOf({ sides: two, units: [unitOf('u', either()), unitOf('w', either())] });
  const met = start(rules);
  const withField = (world: World, value: string): World =>
    edit(world, b, { id: 'k', u: valueAt(world, b) ?? null, w: value });
  let world = play(met, 'a=y a?');
  for (const value of ['1', '2', '3', '4']) {
    world = deliver(world, b, 'lost before');
    world = deliver(withField(world, value), b, 'answered');
  }
  expect([standing(world), Object.keys(world.questions)]).toEqual(['on_its_way', []]);
});

describe('a system that truncates and returns nothing to prove it', () => {
  const rules = rulesOf({ sides: two });
  /** b keeps three characters, answers nothing, and its versions move with every write. */
  function truncating(world: World, writes: number): World {
    let next = world;
    for (let write = 0; write < writes; write += 1) {
      if (next.state.sides[b]?.intent == null) return next;
      next = deliver(next, b, 'lost after');
      next = edit(next, b, { id: 'k', u: (valueAt(next, b) as string).slice(0, 3) });
      next = deliver(next, b, 'answered');
    }
    return next;
  }
  const planned = play(start(rules, 'abc'), 'a=abcdef a?');

  test('is written twice, and then not again until the value changes', () => {
    const world = truncating(planned, 9);
    expect(world.landed - planned.landed).toBe(limitDefaults.tries);
    expect([standing(world), Object.keys(world.questions), valueAt(world, a)]).toEqual([
      'parked',
      ['u/parked'],
      'abcdef',
    ]);
    const [, , , atB] = explainUnit(unitIn(world), registerOf(world.state, u), world.state);
    expect(atB).toContain('b takes the value and shows no effect');
  });

  test('a new value is tried again, and the question about the old one is over', () => {
    const world = play(truncating(planned, 9), 'a=xy a?');
    expect([standing(world), world.questions]).toEqual(['on_its_way', {}]);
    expect(valueAt(deliver(world, b, 'answered'), b)).toBe('xy');
  });

  test.for([
    ['retry', 'on_its_way'],
    ['leave', 'override'],
  ] as const)('a person may %s', ([choice, stands]) => {
    const world = truncating(planned, 9);
    const subject = { entity: e, state: world.state, hub: hubAt(world) };
    const { state } = decideLoop(subject, unitIn(world), choice, { name: 'jo', note: null });
    const decided = settleOnce({ ...world, state });
    expect([standing(decided), decided.questions]).toEqual([stands, {}]);
  });

  test('an answer that was lost on its way is not counted: under the same token nothing was tried', () => {
    const lost = ['b!>', 'b!', 'b!>', 'b!', 'b!>', 'b!', 'b!'].reduce((world, step) => play(world, step), planned);
    expect([standing(lost), valueAt(lost, b)]).toEqual(['agreed', 'abcdef']);
  });
});

describe('a value that is back to what was there before our write', () => {
  const delivered = play(start(rulesOf({ sides: two })), 'a=y a? b!');
  const flagOf = (world: World): unknown => {
    const units = world.facts.findLast(({ kind }) => kind === 'edited')?.detail['units'];
    return (units as { readonly u: { readonly flag?: string } }).u.flag;
  };

  test('is taken over as an edit (R9) and flagged: perhaps an old form was saved', () => {
    const world = play(delivered, 'b=x b?');
    expect([registerOf(world.state, u).value, flagOf(world)]).toEqual(['x', 'stale_form?']);
  });

  test('another value, or the same much later, is not flagged', () => {
    expect(flagOf(play(delivered, 'b=z b?'))).toBeUndefined();
    const later = read({ ...delivered, nowMs: delivered.nowMs + limitDefaults.staleFormMs + 5_000 }, b);
    expect(flagOf(play(later, 'b=x b?'))).toBeUndefined();
  });
});

test('a stopped unit survives being stored', () => {
  const rules = rulesOf({ units: [unitOf('u', masterA('restore'))] });
  const { state } = rounds(play(start(rules), 'b=wrong b?'), { [b]: () => 'wrong' });
  expect(unpack(pack(state))).toEqual(state);
});
