import { describe, expect, test } from 'vitest';
import { hasDot } from '../../src/core/clock/version-vector.js';
import { unproven } from '../../src/core/fence.js';
import { observe } from '../../src/core/observe.js';
import { confirmedContext, contextOf, registerOf } from '../../src/core/register.js';
import type { Policy } from '../../src/core/rules.js';
import { a, ask, b, c, e, either, k, rulesOf, u, unitOf } from './sample.js';
import { outcome, play } from './steps.js';
import { agreedWorld, deliver, edit, finishRead, hubAt, look, read, take, type World } from './world.js';

// SPEC I3, I4: a delivery that needed no write is confirmed by a complete pass that showed no edit, and stays confirmed.

const sides = [a, b, c];
const preferC: Policy = { kind: 'prefer', side: c, otherwise: ask };

function three(policy: Policy): World {
  const rules = rulesOf({ sides, units: [unitOf('u', either(policy), { sides })] });
  const records = Object.fromEntries(sides.map((side) => [side, { id: 'k', u: 'x' }]));
  return agreedWorld({ rules, records });
}

describe('two deliveries without a write in a row', () => {
  // c goes to y and back; b holds x, so nothing is written to b, and a pass of b confirms that b had what c has.
  const confirmed = play(three(preferC), 'c=y c? c=x c? b?');

  test('the second keeps what a complete pass had confirmed of the first', () => {
    const resolved = play(confirmed, 'a=w a?');
    expect(outcome(resolved)).toBe('x > a');
    expect(hasDot(contextOf(registerOf(resolved.state, u), b), ['c#1', 3])).toBe(true);
    const raised = resolved.facts.findLast(({ kind, side }) => kind === 'confirmed' && side === b);
    expect(raised?.effects[0]?.ctx).toEqual({ [b]: contextOf(registerOf(resolved.state, u), b) });
  });

  test('an edit is not put back to the very value that its author replaced', () => {
    expect(outcome(play(confirmed, 'a=w a? b=z b?'))).toBe('w|z asked');
  });

  test('a first one says nothing', () => {
    expect(three(preferC).facts.filter(({ kind }) => kind === 'confirmed')).toEqual([]);
  });

  test('without a pass in between nothing is confirmed, and doubt keeps the context low', () => {
    const doubtful = play(three(preferC), 'c=y c? c=x c? a=w a?');
    expect(hasDot(contextOf(registerOf(doubtful.state, u), b), ['c#1', 3])).toBe(false);
  });
});

describe('a pass that showed an edit which was fenced', () => {
  /** A goes to y and back before b hears of it; a pass of b begins, and an answer comes before it is committed. */
  function fenced(value: string): World {
    const before = play(agreedWorld({ rules: rulesOf(), records: both }), 'a=y a? a=x a?');
    const changed = edit(before, b, { u: value });
    const pass = look(changed, b);
    // The answer to a write does not show the edit yet: a reading that begins later and is committed first.
    const answer = { snapshot: { key: k, fields: { id: 'k', u: 'x' }, token: 'other' }, tick: pass.tick + 1 };
    return finishRead(take(changed, b, answer), b, pass);
  }
  const both = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };

  test('confirms nothing about the record: the edit had not seen what was agreed meanwhile', () => {
    const world = read(fenced('z'), b);
    expect(outcome(world)).toBe('x|z asked');
  });

  test('does confirm it when it showed nothing new', () => {
    const world = play(fenced('x'), 'b=z b?');
    expect(outcome(world)).toBe('z > a');
  });

  test('takes back nothing that a pass before it had confirmed: a side without versions shows an old value in time', () => {
    const passed = play(agreedWorld({ rules: rulesOf(), records: both }), 'a=y a? a=x a? b?');
    const { complete } = hubAt(passed);
    const snapshot = { key: k, fields: { id: 'k', u: 'z' }, token: '9' };
    const times = { readTick: 0, readAtMs: passed.nowMs, beganAtMs: passed.nowMs };
    const seen = observe(e, passed.state, hubAt(passed), b, { snapshot, ...times, complete: complete?.[b] ?? null });
    expect([seen.kind, seen.state]).toEqual(['stale', passed.state]);
    expect(hasDot(confirmedContext(registerOf(seen.state, u), b, complete?.[b]?.tick ?? null), ['a#1', 3])).toBe(true);
  });

  test('says so without an entry in the ledger, because contexts did not move', () => {
    const before = play(agreedWorld({ rules: rulesOf(), records: both }), 'a=y a? a=x a?');
    const snapshot = { key: k, fields: { id: 'k', u: 'z' }, token: '9' };
    const seen = observe(e, before.state, hubAt(before), b, {
      snapshot,
      readTick: 0,
      readAtMs: before.nowMs,
      beganAtMs: before.nowMs,
      complete: null,
    });
    expect([seen.kind, seen.facts]).toEqual(['stale', []]);
    expect(registerOf(seen.state, u).noop[b]?.tick).toBe(before.tick + 1);
  });
});

test('a pass that waits for what became of a number confirms nothing about the other units of the record', () => {
  const number = unitOf('n', either({ kind: 'delta' }), { as: 'decimal', same: 'decimal' });
  const fields = { id: 'k', u: 'x', n: '10' };
  const rules = rulesOf({ units: [number, unitOf('u', either())] });
  const agreed = agreedWorld({ rules, records: { [a]: fields, [b]: fields } });
  // A adds to the number, and goes to y and back before b hears of it; the answer to the number's write is lost.
  const away = play(read(edit(agreed, a, { n: '11', u: 'y' }), a), 'a=x a?');
  const doubtful = edit(deliver(away, b, 'lost after'), b, { u: 'z' });
  expect(outcome(play(doubtful, 'b? b! b?'))).toBe('x|z asked');
});

describe('a record that is missing', () => {
  const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } };
  // A goes to y and back, so nothing is written to b; a pass of b is complete afterwards.
  const passed = play(agreedWorld({ rules: rulesOf(), records }), 'a=y a? a=x a? b?');
  const knownBy = (world: World): boolean => {
    const context = confirmedContext(registerOf(world.state, u), b, hubAt(passed).complete?.[b]?.tick ?? null);
    return hasDot(context, ['a#1', 3]);
  };

  test('was not shown by that pass, which is no proof that it was not edited before it went', () => {
    const missing = { ...passed, state: unproven(passed.state, hubAt(passed), b) };
    expect([knownBy(passed), knownBy(missing)]).toEqual([true, false]);
  });
});
