import { expect, test } from 'vitest';
import { decideProposal, decideUnit, valueOf } from '../../src/core/decide.js';
import type { Json } from '../../src/core/json.js';
import { proposalVersion } from '../../src/core/proposal.js';
import { registerOf } from '../../src/core/register.js';
import type { UnitRules } from '../../src/core/rules.js';
import { a, b, c, e, masterA, rulesOf, u, unitOf } from './sample.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, heal, hubAt, settleOnce, valueAt, type World } from './world.js';

// SPEC I2, I12: a stray edit under `propose` changes nothing until a person grants it.

const start = (sides = [a, b]): World =>
  agreedWorld({
    rules: rulesOf({ sides, units: [unitOf('u', masterA('propose'), { sides })] }),
    records: Object.fromEntries(sides.map((side) => [side, { id: 'k', u: 'x' }])),
  });
const by = { name: 'jo', note: null };

function answered(world: World, answer: 'keep b' | 'restore' | 'leave'): World {
  const unit = world.rules.units[0] as UnitRules;
  const subject = { entity: e, state: world.state, hub: hubAt(world) };
  const { state, fact } =
    answer === 'keep b'
      ? decideUnit(subject, unit, { value: valueOf(world.state, unit, b) as Json, rule: answer }, by)
      : decideProposal(subject, unit, answer, by);
  const { 'u/proposal': _answered, ...questions } = world.questions;
  return settleOnce({ ...world, state, facts: [...world.facts, fact], questions });
}

test.for([
  ['keep b', 'y > a', ['y', 'y']],
  ['restore', 'x > b', ['x', 'x']],
  ['leave', 'x', ['x', 'y']],
] as const)('%s: %s, and in the end %j', ([answer, result, end]) => {
  const world = answered(play(start(), 'b=y b?'), answer);
  expect(outcome(world)).toBe(result);
  const healed = heal(world);
  expect([valueAt(healed, a), valueAt(healed, b)]).toEqual(end);
  expect(healed.questions).toEqual({});
  expect(isKept(healed, 'y')).toBe(true);
});

test('an answer names the version it was given for, and another stray edit is another version', () => {
  const asked = play(start(), 'b=y b?');
  const later = play(asked, 'b=z b?');
  expect(asked.questions['u/proposal']?.vv).toBe(proposalVersion(registerOf(asked.state, u)));
  expect(later.questions['u/proposal']?.vv).not.toBe(asked.questions['u/proposal']?.vv);
  expect(outcome(later)).toBe('x proposed z');
});

test.for([
  ['the master changes the value', 'b=y b? a=z a?', 'z > b'],
  ['the side types the agreed value again', 'b=y b? b=x b?', 'x'],
  ['the master takes the proposal over by itself', 'b=y b? a=y a?', 'y'],
  ['the record is deleted everywhere', 'b=y b? a=- b=- a? b?', 'x'],
] as const)('the question closes when %s', ([, steps, result]) => {
  const world = play(start(), steps);
  expect(outcome(world)).toBe(result);
  expect(world.questions['u/proposal']).toBeUndefined();
});

test('two sides propose in one question; granting one of them writes it to the others', () => {
  const world = play(start([a, b, c]), 'b=y b? c=z c?');
  expect(outcome(world)).toBe('x proposed y proposed z');
  const healed = heal(answered(world, 'keep b'));
  expect([a, b, c].map((side) => valueAt(healed, side))).toEqual(['y', 'y', 'y']);
  expect(isKept(healed, 'z')).toBe(true);
});

test('what was left is proposed again only when somebody types something else', () => {
  const world = answered(play(start(), 'b=y b?'), 'leave');
  expect(outcome(play(world, 'a? b? .'))).toBe('x');
  expect(outcome(play(world, 'b=z b?'))).toBe('x proposed z');
});
