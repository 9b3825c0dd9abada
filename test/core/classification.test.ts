import { describe, expect, test } from 'vitest';
import { acknowledge, type Outcome } from '../../src/core/acknowledge.js';
import { hasDot } from '../../src/core/clock/version-vector.js';
import type { Json } from '../../src/core/json.js';
import { observe, type Observed } from '../../src/core/observe.js';
import { contextOf, registerOf } from '../../src/core/register.js';
import type { EntityState } from '../../src/core/state.js';
import { a, b, e, either, hubOf, k, rulesOf, u, unitOf } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, hubAt, valueAt, type World } from './world.js';

// SPEC I3, I5, I10: the class of one reading, one row each; the first that matches decides.

const rules = rulesOf();
const start = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
/** A changed the value to y; the write to b carries it and is planned, under way, or done. */
const planned = play(start, 'a=y a?');
const underWay = play(planned, 'b!>');
const delivered = play(planned, 'b!');

/** The answer of b to a look: what it shows and under which token; `same` is the one of the shadow. */
function reading(world: World, value: Json, token: 'same' | 'new' | 'none', readTick = 99): Observed {
  const known = world.state.sides[b]?.token ?? null;
  const fields = value === 'not returned' ? { id: 'k' } : { id: 'k', u: value };
  return observe(e, world.state, hubAt(world), b, {
    snapshot: { key: k, fields, token: token === 'same' ? known : token === 'new' ? 'new' : null },
    readTick,
    readAtMs: world.nowMs,
    beganAtMs: world.nowMs,
    complete: world.complete[b] ?? null,
  });
}

/** What a reading was found to be, in the words of the table. */
function classOf(world: World, { kind, state }: Observed): string {
  if (kind === 'stale') return 'stale';
  if (kind === 'unchanged') return 'nothing';
  const [old, next] = [registerOf(world.state, u), registerOf(state, u)];
  const [was, is] = [world.state.sides[b], state.sides[b]];
  const ended = was?.intent !== null && is?.intent === null ? 'the write is planned anew; ' : '';
  const proven = hasDot(contextOf(next, b), ['a#1', 2]) && !hasDot(contextOf(old, b), ['a#1', 2]);
  const isEdit = (state.counters['b#1'] ?? 0) > (world.state.counters['b#1'] ?? 0);
  if (proven && !isEdit) return 'landed';
  if (!isEdit) return `${ended}no edit`;
  return `${ended}${next.siblings.length === 1 ? 'edit that dominates' : 'concurrent edit'}`;
}

test.for([
  ['O0', 'begun before the last accepted reading', delivered, 'z', 'new', 'stale'],
  ['O1', 'the field was not returned', delivered, 'not returned', 'new', 'no edit'],
  ['O4', 'equal, same token, no write', delivered, 'y', 'same', 'nothing'],
  [
    'O6a',
    'different under the same token, as after another history of the system',
    delivered,
    'z',
    'same',
    'edit that dominates',
  ],
  ['O4', 'equal, new token, no write', delivered, 'y', 'new', 'no edit'],
  ['O4', 'equal, no token, behind', planned, 'x', 'none', 'no edit'],
  ['O4', 'under way, same token: it did not land', underWay, 'x', 'same', 'the write is planned anew; no edit'],
  ['O5', 'under way, shows what we wrote', underWay, 'y', 'new', 'landed'],
  ['O5', 'under way, shows what we wrote, no token', underWay, 'y', 'none', 'landed'],
  [
    'E6',
    'under way, shows the old value under a new token',
    underWay,
    'x',
    'new',
    'the write is planned anew; no edit',
  ],
  ['E6', 'under way, shows the old value, no token', underWay, 'x', 'none', 'the write is planned anew; no edit'],
  ['O6a', 'changed, and b had everything', delivered, 'z', 'new', 'edit that dominates'],
  ['O6b', 'changed to what the others hold', planned, 'y', 'new', 'concurrent edit'],
  ['O6c', 'changed, and b was behind', planned, 'z', 'new', 'concurrent edit'],
  ['O6c', 'under way, shows something else', underWay, 'z', 'new', 'the write is planned anew; concurrent edit'],
] as const)('%s: %s', ([row, , world, value, token, expected]) => {
  expect(classOf(world, reading(world, value, token, row === 'O0' ? 0 : 99))).toBe(expected);
});

test('O6b: equal siblings are no conflict, and nobody is asked', () => {
  const world = play(planned, 'b=y b?');
  expect([world.questions, registerOf(world.state, u).status]).toEqual([{}, 'settled']);
});

test('O4: an equal value in another spelling is the newest raw value, and still no edit', () => {
  const letters = rulesOf({ units: [unitOf('u', either(), { same: 'letters' })] });
  const world = agreedWorld({ rules: letters, records: { [a]: { id: 'k', u: 'Ada' }, [b]: { id: 'k', u: 'ADA' } } });
  const respelt = play(world, 'b=Ada. b?');
  expect(respelt.state.sides[b]?.raws[u]).toBe('Ada.');
  expect(respelt.state.counters).toEqual(world.state.counters);
  const later = play(respelt, 'a=Bob a?');
  expect(later.writes.findLast((write) => write?.side === b)?.expect).toEqual({ u: 'Ada.' });
});

test('a reading never throws and changes the state only when it says so', () => {
  for (const world of [start, planned, underWay, delivered])
    for (const value of ['x', 'y', 'z', null, 7, ['x'], { x: 1 }, 'not returned'] as const)
      for (const token of ['same', 'new', 'none'] as const)
        for (const tick of [0, world.tick, 99]) {
          const seen = reading(world, value, token, tick);
          if (seen.kind === 'changed') continue;
          expect(seen.facts).toEqual([]);
          if (seen.kind === 'unchanged') expect(seen.state).toBe(world.state);
          else expect(withoutNoops(seen.state)).toEqual(withoutNoops(world.state));
        }
});

/** What a fenced reading keeps from being confirmed is all that it may touch. */
function withoutNoops(state: EntityState): EntityState {
  return { ...state, units: { [u]: { ...registerOf(state, u), noop: {} } } };
}

describe('the answer to a write', () => {
  const answer = (world: World, outcome: Outcome): EntityState =>
    acknowledge(e, world.state, hubAt(world), b, { outcome, sentAtMs: world.nowMs }).state;
  const image = (value: Json) => ({ key: k, fields: { id: 'k', u: value }, token: 'new' });
  const isProven = (state: EntityState): boolean => hasDot(contextOf(registerOf(state, u), b), ['a#1', 2]);

  test('accepted: what the side now holds is the shadow of the delivered version, whatever we sent', () => {
    const state = answer(planned, { kind: 'accepted', record: image('Y!') });
    expect([isProven(state), state.sides[b]?.raws[u], state.counters['b#1']]).toEqual([true, 'Y!', 1]);
    expect(registerOf(state, u).value).toBe('y');
  });

  test('accepted without a record: what we sent is the shadow', () => {
    const state = answer(planned, { kind: 'accepted', record: null });
    expect([isProven(state), state.sides[b]?.raws[u], state.sides[b]?.intent]).toEqual([true, 'y', null]);
  });

  test('accepted, and another field is not as it was read: that may be how an earlier attempt left it, and is read again', () => {
    const two = rulesOf({ units: [unitOf('u', either()), unitOf('v', either())] });
    const fields = { id: 'k', u: 'x', v: 'new' };
    const world = play(agreedWorld({ rules: two, records: { [a]: fields, [b]: fields } }), 'a=y a?');
    const record = { key: k, fields: { id: 'k', u: 'y', v: 'old' }, token: 'of then' };
    const outcome = { kind: 'accepted', record } as const;
    const told = acknowledge(e, world.state, hubAt(world), b, { outcome, sentAtMs: world.nowMs });
    expect([isProven(told.state), told.readsAgain, told.facts]).toEqual([true, true, []]);
    expect(told.state.sides[b]).toMatchObject({ raws: { u: 'y', v: 'new' }, token: null });
  });

  test('stale: nothing is proven, and what is there is an edit like any other', () => {
    const state = answer(planned, { kind: 'stale', record: image('z') });
    expect([isProven(state), registerOf(state, u).siblings.map(({ value }) => value)]).toEqual([false, ['y', 'z']]);
  });

  test('stale with what was expected, because another field moved: the write is planned anew', () => {
    const state = answer(planned, { kind: 'stale', record: image('x') });
    expect([isProven(state), state.sides[b]?.intent, registerOf(state, u).value]).toEqual([false, null, 'y']);
  });

  test('stale and gone: a delete was observed', () => {
    expect(answer(planned, { kind: 'stale', record: null }).presence.kind).toBe('delete_held');
  });

  test('refused: nothing is proven, the value stays, and the same write is remembered', () => {
    const state = answer(planned, { kind: 'refused', code: 'x', message: 'no' });
    expect([isProven(state), registerOf(state, u).value, state.sides[b]?.refused]).toEqual([
      false,
      'y',
      'update; u a#1:2 b#1:1',
    ]);
  });

  test('an answer to a write that is no longer under way changes nothing', () => {
    const outcome = { kind: 'accepted', record: null } as const;
    const { state } = acknowledge(e, start.state, hubOf(rules), b, { outcome, sentAtMs: 1000 });
    expect(state).toBe(start.state);
  });
});

describe('a lost answer', () => {
  test.for([
    ['it landed', 'a=y a? b!< b!', 'y', 1],
    ['it never arrived', 'a=y a? b!> b! b!', 'y', 1],
    ['it landed and b changed it since', 'a=y a? b!< b=z b!', 'z', 1],
    ['it never arrived and b changed it meanwhile', 'a=y a? b!> b=z b!', 'z', 0],
  ] as const)('%s: b is looked at before anything else, and the write is made once', ([, steps, value, writes]) => {
    const world = play(start, steps);
    expect([valueAt(world, b), world.landed - start.landed]).toEqual([value, writes]);
  });

  test('while b has not been looked at, nothing else is written to it', () => {
    const world = play(start, 'a=y a? b!< a=w a? a=v a? .');
    expect(world.state.sides[b]?.intent?.delivery).toBe(play(start, 'a=y a?').state.sides[b]?.intent?.delivery);
    expect(world.writes.filter((write) => write?.side === b)).toHaveLength(
      start.writes.filter((write) => write?.side === b).length + 1,
    );
  });
});
