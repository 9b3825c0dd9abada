import { describe, expect, test } from 'vitest';
import { decideUnit } from '../../src/core/decide.js';
import type { SideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import type { Authority, Expression, PlainAuthority, Policy, UnitRules } from '../../src/core/rules.js';
import { a, ask, b, e, either, masterA, newest, preferA, rulesOf, unitOf } from './sample.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, heal, hubAt, newWorld, settleOnce, valueAt, type World } from './world.js';

// SPEC I2, I12: the outcome of each situation under each policy, and what did not win is still found.

const masterB: PlainAuthority = { kind: 'master', side: b, stray: 'restore', blank: 'keeps' };

/** A column of the table: a unit, and what the letters of the rows stand for there. */
type Column = { readonly unit: UnitRules; readonly letters: { readonly [letter: string]: string } };

const letters = (authority: Authority): Column => ({ unit: unitOf('u', authority), letters: {} });
const numbers = (policy: Policy, values: readonly string[]): Column => ({
  unit: unitOf('u', either(policy), { as: 'integer', same: 'decimal' }),
  letters: Object.fromEntries(['x', 'y', 'z', 'w'].map((letter, index) => [letter, values[index] as string])),
});
const rising = ['1', '2', '3', '4'];
/** `m` is what both changes make of x, `n` the same with w in place of z. */
const lists: Column = {
  unit: {
    ...unitOf('u', either({ kind: 'set', removes: 'add_wins', otherwise: ask }), { as: 'list', same: 'list_exact' }),
    forms: { [a]: { kind: 'separated', separator: ';' }, [b]: { kind: 'separated', separator: ';' } },
  },
  letters: { x: 'P', y: 'P;Q', z: 'P;R', w: 'P;S', m: 'P;Q;R', n: 'P;Q;S', o: 'P;S;R' },
};
const lines = (first: string, last: string): string => `${first}\n2\n3\n${last}\n`;
const texts: Column = {
  unit: unitOf('u', either({ kind: 'text', by: 'lines', otherwise: ask })),
  letters: {
    x: lines('1', '4'),
    y: lines('Y', '4'),
    z: lines('1', 'Z'),
    w: lines('1', 'W'),
    m: lines('Y', 'Z'),
    n: lines('Y', 'W'),
  },
};

/** `m` is what y and z add to x together; `p` twice y, `n` y and w, `o` z and w, `q` twice z. */
const sums: Column = {
  unit: unitOf('u', either({ kind: 'delta' }), { as: 'decimal', same: 'decimal' }),
  letters: { x: '10', y: '13', z: '15', w: '22', m: '18', p: '16', n: '25', o: '27', q: '20' },
};

const policies: { readonly [name: string]: Column } = {
  ask: letters(either(ask)),
  prefer: letters(either(preferA)),
  newest: letters(either(newest)),
  restore: letters(masterA('restore')),
  leave: letters(masterA('leave')),
  propose: letters(masterA('propose')),
  highest: numbers({ kind: 'highest', monotone: false, otherwise: ask }, rising),
  lowest: numbers({ kind: 'lowest', monotone: false, otherwise: ask }, rising.toReversed()),
  monotone: numbers({ kind: 'highest', monotone: true, otherwise: ask }, rising),
  set: lists,
  text: texts,
  delta: sums,
  expression: numbers(
    {
      kind: 'expression',
      expression: {
        text: 'max(values)',
        variables: { values: { as: 'integer', isList: true } },
        result: { as: 'integer', isList: false },
      },
      otherwise: ask,
    },
    rising,
  ),
};
type PolicyName = keyof typeof policies;

/** `agreed` begins with x on both sides, read and confirmed; otherwise the two records as they are first read. */
type Row = {
  readonly row: string;
  readonly what: string;
  readonly from?: { readonly a: Json; readonly b: Json };
  readonly steps: string;
  /** The outcome by policy; `each` where all agree. */
  readonly is: { readonly [policy: PolicyName]: string };
  /** Values that do not win but must be found again, by policy. */
  readonly kept?: { readonly [policy: PolicyName]: string };
};

const each = (result: string): Row['is'] => Object.fromEntries(Object.keys(policies).map((name) => [name, result]));

/** What the policies that order values say: they differ in what happens to an edit that saw what it took back. */
const extreme = (result: string): Row['is'] => ({
  highest: result,
  lowest: result,
  monotone: result,
  expression: result,
});

/** What the policies that merge say. */
const merge = (result: string): Row['is'] => ({ set: result, text: result, delta: result });

/** A stray edit stays where it was typed; under `propose` a person is asked about it. */
const left = (agreed: string, stray: string): Row['is'] => ({ leave: agreed, propose: `${agreed} proposed ${stray}` });

const rows: readonly Row[] = [
  { row: 'R1', what: 'nothing changed', steps: 'a? b?', is: each('x') },
  { row: 'R2', what: 'a changed it', steps: 'a=y a? b?', is: each('y > b') },
  {
    row: 'R3',
    what: 'b changed it',
    steps: 'b=y a? b?',
    is: { ...each('y > a'), restore: 'x > b', leave: 'x', propose: 'x proposed y' },
    kept: { restore: 'y', leave: 'y', propose: 'y' },
  },
  { row: 'R4', what: 'both changed it to the same', steps: 'a=y b=y a? b?', is: { ...each('y'), delta: 'p > a b' } },
  {
    row: 'R5',
    what: 'both changed it, nobody knows who was later',
    steps: 'a=y b=z a? b?',
    is: {
      ask: 'y|z asked',
      prefer: 'y > b',
      newest: 'y|z asked',
      restore: 'y > b',
      ...left('y', 'z'),
      ...extreme('z > a'),
      ...merge('m > a b'),
    },
    kept: { ask: 'z', prefer: 'z', restore: 'z', leave: 'z' },
  },
  {
    row: 'R5',
    what: 'both changed it, b certainly later',
    steps: 'a=y a? b? b=z b?',
    is: {
      ask: 'y|z asked',
      prefer: 'y > b',
      newest: 'z > a',
      restore: 'y > b',
      ...left('y', 'z'),
      ...extreme('z > a'),
      ...merge('m > a b'),
    },
    kept: { newest: 'y', prefer: 'z', highest: 'y', lowest: 'y', monotone: 'y' },
  },
  { row: 'R6', what: 'a changed it, b is behind', steps: 'a=y a? b? a? b?', is: each('y > b') },
  {
    row: 'R7',
    what: 'b types what is on its way to it',
    steps: 'a=y a? b=y b?',
    is: { ...each('y'), delta: 'p > a b' },
  },
  {
    row: 'R8',
    what: 'b changes it while a change is on its way',
    steps: 'a=y a? b=z b?',
    is: {
      ask: 'y|z asked',
      prefer: 'y > b',
      newest: 'y|z asked',
      restore: 'y > b',
      ...left('y', 'z'),
      ...extreme('z > a'),
      ...merge('m > a b'),
    },
    kept: { prefer: 'z', restore: 'z', leave: 'z' },
  },
  {
    row: 'R9',
    what: 'b goes back to the value before our write',
    steps: 'a=y a? b! b=x b?',
    is: { ...each('x > a'), restore: 'y > b', ...left('y', 'x'), monotone: 'y > b' },
    kept: { restore: 'x', leave: 'x', monotone: 'x' },
  },
  {
    row: 'R10',
    what: 'resolved, and nothing else happens',
    steps: 'a=y b=z a? b? a? b? .',
    is: {
      ask: 'y|z asked',
      prefer: 'y > b',
      newest: 'y|z asked',
      restore: 'y > b',
      ...left('y', 'z'),
      ...extreme('z > a'),
      ...merge('m > a b'),
    },
  },
  {
    row: 'R11',
    what: 'resolved, and b changes it again before the write',
    steps: 'a=y b=z a? b? b=w b?',
    is: {
      ask: 'y|w asked',
      prefer: 'y > b',
      newest: 'w > a',
      restore: 'y > b',
      ...left('y', 'w'),
      ...extreme('w > a'),
      ...merge('n > a b'),
    },
    kept: { ask: 'z', prefer: 'w', newest: 'y', restore: 'w', leave: 'w' },
  },
  {
    row: 'R12',
    what: 'a blanks it',
    steps: 'a=~ a? b?',
    is: { ...each('~ > b'), restore: '~', leave: '~', propose: '~', monotone: 'x > a', delta: 'x > a' },
  },
  {
    row: 'R12',
    what: 'b blanks it',
    steps: 'b=~ a? b?',
    is: { ...each('~ > a'), restore: 'x > b', ...left('x', '~'), monotone: 'x > b', delta: 'x > b' },
  },
  { row: 'R14', what: 'first contact, equal', from: { a: 'y', b: 'y' }, steps: 'a? b?', is: each('y') },
  { row: 'R15', what: 'first contact, b blank', from: { a: 'y', b: null }, steps: 'a? b?', is: each('y > b') },
  {
    row: 'R15',
    what: 'first contact, a blank',
    from: { a: null, b: 'y' },
    steps: 'a? b?',
    is: { ...each('y > a'), restore: '~', leave: '~', propose: '~' },
  },
  {
    row: 'R16',
    what: 'first contact, different',
    from: { a: 'y', b: 'z' },
    steps: 'a? b?',
    is: {
      ask: 'y|z asked',
      prefer: 'y > b',
      newest: 'y|z asked',
      restore: 'y > b',
      leave: 'y > b',
      propose: 'y > b',
      ...extreme('z > a'),
      set: 'm > a b',
      text: 'y|z asked',
      delta: 'y|z asked',
    },
    kept: { prefer: 'z', restore: 'z', leave: 'z' },
  },
  {
    row: 'R17',
    what: 'asked, and a takes over the value of b',
    steps: 'a=y b=z a? b? a=z a?',
    is: { ...each('z'), delta: 'q > a b' },
  },
  {
    row: 'R18',
    what: 'asked, and a changes it once more after a pass that shows when',
    steps: 'a=y b=z a? b? a? a=w a?',
    is: { ...each('w > b'), ask: 'w|z asked', set: 'o > a b', text: 'w|z asked', delta: 'o > a b' },
  },
  {
    row: 'R18',
    what: 'asked, and a changes it once more',
    steps: 'a=y b=z a? b? a=w a?',
    is: {
      ...each('w > b'),
      ask: 'w|z asked',
      newest: 'w|z asked',
      set: 'o > a b',
      text: 'w|z asked',
      delta: 'o > a b',
    },
    kept: { ask: 'y' },
  },
];

/** The letters of a line as the values they stand for in a column. */
const spelled = (column: Column, line: string): string =>
  line.replace(/(?<![a-z])[a-z](?![a-z?!=])/g, (letter) => column.letters[letter] ?? letter);

const start = (row: Row, column: Column): World => {
  const value = (letter: Json): Json => (typeof letter === 'string' ? spelled(column, letter) : letter);
  const from = row.from ?? { a: 'x', b: 'x' };
  const records = { [a]: { id: 'k', u: value(from.a) }, [b]: { id: 'k', u: value(from.b) } };
  const options = { rules: rulesOf({ units: [column.unit] }), records };
  return row.from === undefined ? agreedWorld(options) : newWorld(options);
};

/** Lists in an outcome as the sides write them. */
const unlisted = (text: string): string =>
  text.replace(/\[[^\]]*\]/g, (list) => (JSON.parse(list) as string[]).join(';') || '~');
/** The order of a list's elements is each side's own. */
const inOrder = (column: Column, value: Json | undefined): Json | undefined =>
  column.unit.as === 'list' && typeof value === 'string' ? value.split(';').sort().join(';') : value;

const cells = rows.flatMap((row) =>
  Object.entries(row.is).map(([policy, result]) => ({
    name: `${row.row} ${policy}: ${row.what}`,
    row,
    policy,
    result,
  })),
);

test.for(cells)('$name → $result', ({ row, policy, result }) => {
  const column = policies[policy] as Column;
  const world = play(start(row, column), spelled(column, row.steps));
  const [agreed = '', ...to] = result.split(' > ');
  expect(unlisted(outcome(world))).toBe([spelled(column, agreed), ...to].join(' > '));
  const kept = row.kept?.[policy];
  if (kept !== undefined) expect(isKept(world, spelled(column, kept))).toBe(true);
  const healed = heal(world);
  const own = (side: SideName): Json | undefined => valueAt(world, side);
  const isFree = /asked$|proposed/.test(result) || policy === 'leave' || result === '~';
  const ends = [valueAt(healed, a), valueAt(healed, b)].map((value) => inOrder(column, value));
  expect(ends).toEqual(
    isFree && !result.includes('>')
      ? [own(a), own(b)]
      : Array(2).fill(inOrder(column, spelled(column, result.replace(/ >.*/, ''))?.replace('~', '') || null)),
  );
});

/** `state` is nowhere, so it is blank; the other case would give nearly every row another outcome. */
const whenever = (text: string, use: PlainAuthority, other: PlainAuthority): Authority => {
  const variables = { state: { as: 'text', isList: false } } as const;
  const condition: Expression = { text, variables, result: { as: 'boolean', isList: false } };
  return { kind: 'when', condition, use, else: other, onFlip: 'nothing' };
};
const conditional: { readonly [policy: PolicyName]: readonly Authority[] } = {
  restore: [whenever('state == ""', masterA('restore'), masterB), whenever('state != ""', masterB, masterA('restore'))],
  leave: [whenever('state == ""', masterA('leave'), masterB)],
  propose: [whenever('state == ""', masterA('propose'), masterB)],
  // Where records meet `first` decides, and every later edit is decided as ever.
  ask: [{ kind: 'either', policy: ask, first: preferA, blank: 'value' }],
};

test.for(
  cells.flatMap((cell) => (conditional[cell.policy] ?? []).map((authority, index) => ({ ...cell, authority, index }))),
)('$name, by the record ($index) → $result', ({ row, policy, result, authority }) => {
  const column: Column = { ...(policies[policy] as Column), unit: unitOf('u', authority) };
  const isFirst = policy === 'ask' && row.from !== undefined;
  const wanted = isFirst ? (row.is['prefer'] as string) : result;
  expect(unlisted(outcome(play(start(row, column), row.steps)))).toBe(wanted);
});

const open = ['ask', 'prefer', 'newest', 'highest', 'lowest', 'monotone', 'set', 'text', 'delta', 'expression'];
test.for([
  ...open.map((policy) => [policy, 'z > a'] as const),
  ['restore', 'x > b'],
  ['leave', 'x'],
  ['propose', 'x proposed z'],
] as const)('R13 %s: a does not return the field, b changes it → %s', ([policy, result]) => {
  const column = policies[policy] as Column;
  const world = start({ row: 'R13', what: '', steps: '', is: {} }, column);
  const old = world.real[a];
  const hidden: World = {
    ...world,
    real: { ...world.real, [a]: { version: (old?.version ?? 0) + 1, fed: old?.fed ?? 0, fields: { id: 'k' } } },
  };
  const [agreed = '', ...to] = result.split(' > ');
  const played = unlisted(outcome(play(hidden, spelled(column, 'a? b=z b?'))));
  expect(played).toBe([spelled(column, agreed), ...to].join(' > '));
});

describe('a person decides', () => {
  const clash = (): World =>
    play(
      agreedWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } }),
      'a=y b=z a? b?',
    );
  const decided = (world: World, value: Json): World => {
    const unit = world.rules.units[0] as UnitRules;
    const by = { name: 'jo', note: null };
    const { state, fact } = decideUnit(
      { entity: e, state: world.state, hub: hubAt(world) },
      unit,
      { value, rule: 'typed' },
      by,
    );
    return settleOnce({ ...world, state, facts: [...world.facts, fact], questions: {} });
  };

  test('R19: what they chose is written to both sides, and both losers are kept', () => {
    const world = decided(clash(), 'r');
    expect(outcome(world)).toBe('r > a b');
    expect([isKept(world, 'y'), isKept(world, 'z')]).toEqual([true, true]);
    const healed = heal(world);
    expect([valueAt(healed, a), valueAt(healed, b)]).toEqual(['r', 'r']);
  });

  test('R19: an answer names the vector it was given for, and a later edit changes that vector', () => {
    const asked = clash();
    const later = play(asked, 'a=w a?');
    expect(later.questions['u/clash']?.vv).not.toBe(asked.questions['u/clash']?.vv);
  });

  test('R11 ask: b changes it after the answer and before our write, so they are asked about both', () => {
    expect(outcome(play(decided(clash(), 'm'), 'b=w b?'))).toBe('m|w asked');
  });
});
