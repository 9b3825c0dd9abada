import { describe, expect, test } from 'vitest';
import { explainUnit } from '../../src/core/explain.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf } from '../../src/core/register.js';
import type { Authority, UnitRules } from '../../src/core/rules.js';
import { standingOf } from '../../src/core/standing.js';
import { a, ask, b, either, masterA, rulesOf, u, unitOf } from './sample.js';
import { outcome, play } from './steps.js';
import { agreedWorld, edit, heal, look, take, valueAt, type World } from './world.js';

// SPEC I1, I2, I3, I10: a write that was given up and may still be made.

const start = (mayComeLate = true, authority: Authority = either(ask)): World =>
  agreedWorld({
    rules: rulesOf({ units: [unitOf('u', authority)] }),
    records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } },
    hasTokens: false,
    mayComeLate,
  });

/** y is sent to b, no answer comes, and a look does not find it there. */
const givenUp = (world = start()): World => play(world, 'a=y a? b!> b!');
/** b is read again, as everything is that may still change by itself. */
const again = (world: World): World => take(world, b, look(world, b));
const later = (world: World, ms = 120_000): World => ({ ...world, nowMs: world.nowMs + ms });
/** The request is carried out after all, blindly. */
const comesLate = (world: World): World => again(edit(world, b, { u: 'y' }));

test('the same value may be sent again at once', () => {
  expect(outcome(givenUp())).toBe('y > b');
  const end = heal(givenUp());
  expect([valueAt(end, a), valueAt(end, b)]).toEqual(['y', 'y']);
});

test('another value waits until the first cannot be made any more and the side was read since', () => {
  const changed = play(givenUp(), 'a=z a?');
  expect(outcome(changed)).toBe('z');
  expect(outcome(again(later(changed, 60_000)))).toBe('z');
  expect(outcome(again(later(changed)))).toBe('z > b');
  const end = heal(again(later(changed)));
  expect([valueAt(end, a), valueAt(end, b), end.state.sides[b]?.late]).toEqual(['z', 'z', undefined]);
});

test('where the system fences its writes nothing waits', () => {
  expect(outcome(play(givenUp(start(false)), 'a=z a?'))).toBe('z > b');
});

test('while it waits, it says so', () => {
  const waiting = play(givenUp(), 'a=z a?');
  const [unit] = waiting.rules.units as readonly [UnitRules];
  const sentences = explainUnit(unit, registerOf(waiting.state, u), waiting.state);
  expect(sentences.join(' ')).toContain('b may still make an earlier write of this field that was given up');
  expect(standingOf(waiting.state, waiting.rules)).toBe('on_its_way');
  expect(unpack(pack(waiting.state))).toEqual(waiting.state);
});

describe('it is made after all', () => {
  test('and is no edit of anybody: nobody is asked, and the newer value is written', () => {
    const came = comesLate(play(givenUp(), 'a=z a?'));
    expect(Object.keys(came.questions)).toEqual([]);
    expect(came.facts.at(-1)?.detail['units']).toMatchObject({ u: { how: 'landed', late: true, to: 'y' } });
    const end = heal(again(later(came)));
    expect([valueAt(end, a), valueAt(end, b)]).toEqual(['z', 'z']);
  });

  test('over what a person typed there meanwhile: that is agreed, and is written again', () => {
    const typed = play(givenUp(), 'b=w b?');
    const came = comesLate(play(typed, '.'));
    const end = heal(again(later(came)));
    const open = Object.keys(end.questions);
    // b had not seen y, so the two are asked about, and what b typed is among the answers.
    expect(open).toEqual(['u/clash']);
    expect(outcome(end)).toBe('y|w asked');
  });

  test('over what a person typed after having received it in another way', () => {
    const typed = heal(play(givenUp(), 'b! b=w b?'));
    expect(valueAt(typed, a)).toBe('w');
    const came = comesLate(typed);
    expect(registerOf(came.state, u).value).toBe('w');
    const end = heal(again(later(came)));
    expect([valueAt(end, a), valueAt(end, b), Object.keys(end.questions)]).toEqual(['w', 'w', []]);
  });

  test('of a master’s value, over a stray edit that was left: the agreed value is what stands', () => {
    const left = play(givenUp(start(true, masterA('leave'))), 'b=w b?');
    const end = heal(again(later(comesLate(left))));
    expect([valueAt(end, a), valueAt(end, b)]).toEqual(['y', 'y']);
  });
});

test('what somebody types after the time is over is an edit like any other', () => {
  const over = again(later(heal(givenUp())));
  const typed = heal(play(play(over, 'a=z a? b!'), 'b=y b?'));
  expect([valueAt(typed, a), valueAt(typed, b)]).toEqual(['y', 'y']);
});
