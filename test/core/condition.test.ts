import { expect, test } from 'vitest';
import type { Authority, Expression, UnitRules } from '../../src/core/rules.js';
import { authoritySentence } from '../../src/core/explain.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf } from '../../src/core/register.js';
import { a, ask, b, either, masterA, rulesOf, u, unitOf } from './sample.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, edit, heal, read, valueAt, type World } from './world.js';

// SPEC I12, I21: who decides may depend on another unit of the record.

const signed: Expression = {
  text: 'state == "signed"',
  variables: { state: { as: 'text', isList: false } },
  result: { as: 'boolean', isList: false },
};

function start(onFlip: 'nothing' | 'realign', state: string | null, use = masterA('restore')): World {
  const authority = { kind: 'when', condition: signed, use, else: either(ask), onFlip } as Authority;
  const units: UnitRules[] = [unitOf('state', either(ask)), unitOf('u', authority)];
  const records = { [a]: { id: 'k', state, u: 'x' }, [b]: { id: 'k', state, u: 'x' } };
  return agreedWorld({ rules: rulesOf({ units }), records });
}

const sign = (world: World, state = 'signed'): World => read(edit(world, a, { state }), a);

test.for([
  ['signed', 'b=y b?', 'x > b'],
  ['signed', 'a=y b=z a? b?', 'y > b'],
  ['open', 'b=y b?', 'y > a'],
  ['open', 'a=y b=z a? b?', 'y|z asked'],
  [null, 'b=y b?', 'y > a'],
] as const)('state %s: %s → %s', ([state, steps, result]) => {
  expect(outcome(play(start('nothing', state), steps))).toBe(result);
});

// SPEC I4: a record that people made anew is no stranger where a pass had confirmed what its side held.
test.for(['open', null])('state %s: a pass confirms what a side had, also for a record that is made anew', (state) => {
  const known = play(start('nothing', state), 'a? b?');
  const back = read(edit(play(known, 'b=- b?'), b, { id: 'k', state, u: 'y' }), b);
  expect(outcome(back)).toBe('y > a');
});

test('the condition is read after the same reading changed what it reads', () => {
  const both = read(edit(start('nothing', 'open'), b, { state: 'signed', u: 'y' }), b);
  expect(registerOf(both.state, u).value).toBe('x');
  expect(isKept(both, 'y')).toBe(true);
  const stray = both.facts.find(({ kind }) => kind === 'stray');
  expect(stray?.detail['units']).toMatchObject({
    u: { to: 'y', when: { text: signed.text, holds: true, inputs: { state: 'signed' } } },
  });
});

test('what the other side had before the master said anything is kept when it is replaced', () => {
  const said = { kind: 'when', condition: signed, use: masterA('restore'), else: either(ask), onFlip: 'nothing' };
  const authority = said as Authority;
  const rules = rulesOf({ sides: [a, b], units: [unitOf('state', either(ask)), unitOf('u', authority)] });
  const records = { [a]: { id: 'k', state: 'signed', u: null }, [b]: { id: 'k', state: 'signed', u: 'z' } };
  const replaced = heal(edit(agreedWorld({ rules, records }), a, { u: 'y' }));
  expect([valueAt(replaced, b), isKept(replaced, 'z')]).toEqual(['y', true]);
});

test('an edit that was accepted before the flip is named when the master, who never had it, replaces it', () => {
  const accepted = play(start('nothing', 'open'), 'b=y b?');
  const replaced = read(edit(accepted, a, { state: 'signed', u: 'z' }), a);
  expect(registerOf(replaced.state, u).value).toBe('z');
  const edited = replaced.facts.findLast(({ kind }) => kind === 'edited');
  expect(edited?.detail['units']).toMatchObject({ u: { to: 'z', overruled: [{ side: b, value: 'y' }] } });
  // What the master had received before is overwritten like any value, and no entry has to name it.
  const seen = read(edit(heal(accepted), a, { state: 'signed', u: 'z' }), a);
  const plain = seen.facts.findLast(({ kind }) => kind === 'edited')?.detail['units'] as { u: object };
  expect(plain.u).not.toHaveProperty('overruled');
});

test('a question keeps what the condition looked at', () => {
  const asked = play(start('nothing', 'open'), 'a=y b=z a? b?');
  expect(asked.facts.find(({ kind }) => kind === 'asked')?.detail['when']).toEqual({
    text: signed.text,
    holds: false,
    inputs: { state: 'open' },
  });
});

test('a flip by itself changes nothing: a question stays open, and nobody is written', () => {
  const asked = play(start('nothing', 'open'), 'a=y b=z a? b?');
  const flipped = sign(asked);
  expect(flipped.questions['u/clash']).toBeDefined();
  const healed = heal(flipped);
  expect([valueAt(healed, a), valueAt(healed, b)]).toEqual(['y', 'z']);
});

test('realign: a flip to a master decides what was asked', () => {
  const flipped = sign(play(start('realign', 'open'), 'a=y b=z a? b?'));
  expect(flipped.questions['u/clash']).toBeUndefined();
  const healed = heal(flipped);
  expect([valueAt(healed, a), valueAt(healed, b)]).toEqual(['y', 'y']);
  expect(isKept(healed, 'z')).toBe(true);
});

test('realign: a side that was left with its own value gets the agreed one when nobody may differ any more', () => {
  const left = play(start('realign', 'signed', masterA('leave')), 'b=y b?');
  expect(outcome(left)).toBe('x');
  const flipped = heal(sign(left, 'open'));
  expect([valueAt(flipped, a), valueAt(flipped, b)]).toEqual(['x', 'x']);
  expect(flipped.facts.find(({ rule }) => rule.startsWith('on_flip: realign'))?.detail['when']).toMatchObject({
    holds: false,
  });
  const again = heal(flipped);
  expect([again.landed, again.facts.length]).toEqual([flipped.landed, flipped.facts.length]);
});

test('which way the condition went is remembered with the record', () => {
  const { state } = sign(start('nothing', 'open'));
  expect(registerOf(state, u).holds).toBe(true);
  expect(unpack(pack(state))).toEqual(state);
});

test('a condition that cannot be told favours nobody', () => {
  const broken: Expression = { ...signed, text: 'state < 1' };
  const authority: Authority = {
    kind: 'when',
    condition: broken,
    use: masterA('restore'),
    else: masterA('restore'),
    onFlip: 'nothing',
  };
  const units = [unitOf('state', either(ask)), unitOf('u', authority)];
  const records = { [a]: { id: 'k', state: '1', u: 'x' }, [b]: { id: 'k', state: '1', u: 'x' } };
  expect(outcome(play(agreedWorld({ rules: rulesOf({ units }), records }), 'a=y b=z a? b?'))).toBe('y|z asked');
});

test('both cases are explained', () => {
  const [, unit] = start('nothing', 'open').rules.units;
  expect(authoritySentence(unit as UnitRules)).toBe(
    'When state == "signed": a alone decides this; an edit elsewhere is put back (pairs/p.yaml:u). ' +
      'Else: Either side may edit this; a clash is asked (pairs/p.yaml:u).',
  );
});
