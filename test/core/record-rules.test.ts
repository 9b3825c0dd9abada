import { expect, test } from 'vitest';
import type { Authority, ByRecord, Expression, SideRules, UnitRules } from '../../src/core/rules.js';
import { authoritySentence } from '../../src/core/explain.js';
import { registerOf } from '../../src/core/register.js';
import { a, ask, b, c, either, masterA, rulesOf, u, unitOf } from './sample.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, edit, heal, newWorld, read, settleOnce, valueAt, type World } from './world.js';

// SPEC I2, I12, I16: rules about whole records by a condition on the record, and rules by side.

const eu: Expression = {
  text: '(country in ["DE", "FR"])',
  written: 'eu',
  variables: { country: { as: 'text', isList: false } },
  result: { as: 'boolean', isList: false },
};
const units = (authority: Authority = either(ask)): UnitRules[] => [
  unitOf('country', either(ask)),
  unitOf('u', authority),
];

type Rules = Pick<SideRules, 'creates' | 'deletes' | 'edited' | 'refused'>;
function worldWith(rules: Partial<Rules>, country: string | null, isLinked = true, text = eu.text): World {
  const plain = rulesOf({ units: units() });
  const by = (rule: ByRecord<never> | undefined) =>
    rule === undefined || typeof rule === 'string' ? rule : { ...(rule as object), when: { ...eu, text } };
  const own = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, by(rule as ByRecord<never>)]));
  const sides = plain.sides.map((side) => ({ ...side, ...own }));
  const record = { id: 'k', country, u: 'x' };
  const records = { [a]: record, [b]: isLinked ? record : null };
  const options = { rules: { ...plain, sides }, records };
  return isLinked ? agreedWorld(options) : newWorld(options);
}

const heldIn = (world: World): string =>
  [a, b].map((side) => (valueAt(world, side) as string | undefined) ?? '-').join(' ');
const when = <Use extends string, Else extends string>(use: Use, other: Else) =>
  ({ when: eu, use, else: other }) as const;

test.for([
  ['DE', eu.text, '- -'],
  ['US', eu.text, '- x ?'],
  ['DE', 'country < 1', '- x ?'],
] as const)('deletes by the record: in %s by %s → %s', ([country, text, result]) => {
  const end = heal(play(worldWith({ deletes: when('delete', 'ask') }, country, true, text), 'a=- a?'));
  const held = heldIn(end);
  expect(Object.keys(end.questions).length === 0 ? held : `${held} ?`).toBe(result);
  expect(end.facts.find(({ kind }) => kind === 'deleted')?.detail['when']).toMatchObject({
    written: 'eu',
    holds: text === eu.text ? country === 'DE' : null,
    inputs: { country },
  });
});

test('a delete is judged by what is agreed when it is read, whatever the deleted record had held', () => {
  const moved = heal(edit(worldWith({ deletes: when('delete', 'ask') }, 'US'), b, { country: 'FR' }));
  const end = heal(play(moved, 'a=- a?'));
  expect([valueAt(end, a), valueAt(end, b)]).toEqual([undefined, undefined]);
});

test.for([
  ['DE', '- -'],
  ['US', 'y y'],
] as const)('an edit that a delete had not seen, by the record: in %s → %s', ([country, result]) => {
  const rules = { deletes: 'delete', edited: when('delete', 'restore') } as const;
  for (const steps of ['b=y b? a=- a?', 'a=- a? b=y b?']) {
    const end = heal(play(worldWith(rules, country), steps));
    expect(heldIn(end)).toBe(result);
  }
});

test.for([
  ['DE', 'x', 0],
  ['US', '-', 0],
] as const)('creates by the record: new in %s, the other side has %s', ([country, at, asked]) => {
  const end = heal(play(worldWith({ creates: when('copy', 'ignore') }, country, false), 'a? b?'));
  expect([valueAt(end, b) ?? '-', Object.keys(end.questions).length]).toEqual([at, asked]);
});

test('a record that comes under another rule is copied then, and one that was ignored costs nobody anything', () => {
  const ignored = heal(play(worldWith({ creates: when('copy', 'ignore') }, 'US', false), 'a? b?'));
  const end = heal(read(edit(ignored, a, { country: 'DE' }), a));
  expect(valueAt(end, b)).toBe('x');
});

test.for([
  ['DE', 0, 'y', 'x'],
  ['US', 1, 'y', 'x'],
] as const)('a write that b refuses, in %s: %i questions', ([country, questions, atA, atB]) => {
  const changed = read(edit(worldWith({ refused: when('leave', 'ask') }, country), a, { u: 'y' }), a);
  const refusing = play(changed, 'b!x');
  expect([Object.keys(refusing.questions).length, valueAt(refusing, a), valueAt(refusing, b)]).toEqual([
    questions,
    atA,
    atB,
  ]);
  const later = heal(refusing);
  expect([valueAt(later, b), registerOf(later.state, u).value]).toEqual([atB, 'y']);
  const left = later.facts.find(({ rule }) => rule === 'refused: b');
  if (questions === 0)
    expect(left).toMatchObject({ kind: 'decided', actor: { kind: 'rule' }, detail: { when: { holds: true } } });
  // The next value is written as ever.
  const again = heal(read(edit(later, a, { u: 'z' }), a));
  if (questions === 0) expect(valueAt(again, b)).toBe('z');
});

const sides = [a, b, c];
const three = (authority: Authority): World => {
  const records = Object.fromEntries(sides.map((side) => [side, { id: 'k', u: 'x' }]));
  return agreedWorld({ rules: rulesOf({ sides, units: [unitOf('u', authority, { sides })] }), records });
};

test('stray edits are put back on one side and left on another', () => {
  const master: Authority = { ...masterA('restore'), strayOn: { [c]: 'leave' } } as Authority;
  const end = heal(play(three(master), 'b=y c=z b? c?'));
  expect(sides.map((side) => valueAt(end, side))).toEqual(['x', 'x', 'z']);
  expect([isKept(end, 'y'), isKept(end, 'z')]).toEqual([true, true]);
  expect(authoritySentence(unitOf('u', master))).toContain('an edit elsewhere is put back, in c is left and marked');
});

test('a blank is an edit on one side and no opinion on another', () => {
  const rule: Authority = { kind: 'either', policy: ask, blank: 'value', blankOn: { [c]: 'fill' } };
  expect(sides.map((side) => valueAt(heal(play(three(rule), 'c=~ c?')), side))).toEqual(['x', 'x', 'x']);
  expect(sides.map((side) => valueAt(heal(play(three(rule), 'b=~ b?')), side))).toEqual([null, null, null]);
});

test('values that meet are decided by their own policy, edits as ever, and the loser is kept', () => {
  const rule: Authority = {
    kind: 'either',
    policy: ask,
    first: { kind: 'prefer', side: b, otherwise: ask },
    blank: 'value',
  };
  const records = { [a]: { id: 'k', u: 'y' }, [b]: { id: 'k', u: 'z' } };
  const met = play(newWorld({ rules: rulesOf({ units: [unitOf('u', rule)] }), records }), 'a? b?');
  expect(outcome(met)).toBe('z > a');
  expect(isKept(met, 'y')).toBe(true);
  expect(outcome(play(heal(met), 'a=v b=w a? b?'))).toBe('v|w asked');
  expect(authoritySentence(unitOf('u', rule))).toContain('when records meet, a clash goes to the preferred side');
});

test('a question that is asked already is not decided by a condition that changed the rule of the record', () => {
  const held = play(worldWith({ deletes: when('delete', 'ask') }, 'US'), 'a=- a?');
  const moved = settleOnce(read(edit(held, b, { country: 'DE' }), b));
  expect(Object.keys(moved.questions)).toEqual(['/delete']);
  expect(valueAt(heal(moved), b)).toBe('x');
});
