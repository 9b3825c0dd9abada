import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainUnit } from '../../src/core/explain.js';
import { entityId, pairId, recordKey, type SideName } from '../../src/core/ids.js';
import { getValue, putValue, waitsOn } from '../../src/core/mapping/mapping.js';
import { pack, unpack } from '../../src/core/pack.js';
import { referenceParts, referenceText, type Parent, type Parents } from '../../src/core/reference.js';
import { registerOf } from '../../src/core/register.js';
import type { Policy, UnitRules } from '../../src/core/rules.js';
import { standingOf } from '../../src/core/standing.js';
import { a, ask, b, c, either, preferA, rulesOf, u, unitOf } from './sample.js';
import { outcome, play } from './steps.js';
import { agreedWorld, newWorld, read, settleOnce, valueAt, type World } from './world.js';

// SPEC I14: nothing is written that names a record which is not there.

/** Parents that a test makes and takes away: `p1` is a1 on side a and b1 on side b. */
class Table implements Parents {
  readonly #there = new Map<number, Set<SideName>>();
  put(nr: number, ...sides: readonly SideName[]): void {
    this.#there.set(nr, new Set([...(this.#there.get(nr) ?? []), ...sides]));
  }
  remove(nr: number, side: SideName): void {
    this.#there.get(nr)?.delete(side);
  }
  find(side: SideName, key: string): Parent | null {
    const nr = Number(key.slice(1));
    const sides = this.#there.get(nr);
    if (sides === undefined || !key.startsWith(side)) return null;
    return { id: entityId(nr), keys: Object.fromEntries([...sides].map((at) => [at, recordKey(`${at}${nr}`)])) };
  }
}

function start(
  parents: Table,
  options: { isRequired?: boolean; policy?: Policy; isNew?: boolean; of?: readonly [string, string] } = {},
): World {
  const { isRequired = true, policy = ask, isNew = false, of: [inA, inB] = ['a1', 'b1'] } = options;
  const reference = { pair: pairId('parents'), isRequired, parents };
  const units: UnitRules[] = [
    { ...unitOf('u', either(policy), { as: 'reference' }), reference },
    unitOf('v', either(ask)),
  ];
  const records = { [a]: { id: 'k', u: inA, v: 'x' }, [b]: isNew ? null : { id: 'k', u: inB, v: 'x' } };
  const world = { rules: rulesOf({ units }), records };
  return isNew ? read(newWorld(world), a) : agreedWorld(world);
}

const all = (...numbers: readonly number[]): Table => {
  const table = new Table();
  for (const nr of numbers) table.put(nr, a, b);
  return table;
};

test.for([
  ['keys of one record are equal', [1], '', 'a:a1'],
  ['an edit is written as the other side calls the record', [1, 2], 'a=a2 a?', 'a:a2 > b'],
  ['and back', [1, 2], 'b=b2 b?', 'b:b2 > a'],
  ['a blank is written', [1], 'a=~ a?', '~ > b'],
  ['what names a record that is not there waits', [1], 'a=a2 a?', 'a:a2'],
  ['the same record on both sides is no clash', [1, 2], 'a=a2 b=b2 a? b?', 'a:a2'],
  ['two records are', [1, 2, 3], 'a=a2 b=b3 a? b?', 'a:a2|b:b3 asked'],
] as const)('%s', ([, parents, steps, result]) => {
  expect(outcome(play(start(all(...parents)), steps))).toBe(result);
});

test('what waits goes on when the record is there, and the side keeps its own until then', () => {
  const parents = all(1);
  const waiting = play(start(parents), 'a=a2 a? .');
  expect([standingOf(waiting.state, waiting.rules), valueAt(waiting, b)]).toEqual(['waiting', 'b1']);
  expect(unpack(pack(waiting.state))).toEqual(waiting.state);
  const [unit] = waiting.rules.units as [UnitRules];
  expect(explainUnit(unit, registerOf(waiting.state, u), waiting.state)).toContain(
    'b waits for a:a2 of parents, which has no record there yet.',
  );
  parents.put(2, a);
  expect(outcome(settleOnce(waiting))).toBe('a:a2');
  parents.put(2, b);
  const done = play(waiting, '. b! b? a?');
  expect([outcome(done), valueAt(done, b), standingOf(done.state, done.rules)]).toEqual(['a:a2', 'b2', 'agreed']);
});

test('other units of the record are written meanwhile', () => {
  const waiting = start(all(1));
  const edited = {
    ...waiting,
    real: { ...waiting.real, [a]: { fields: { id: 'k', u: 'a2', v: 'y' }, version: 9, fed: 0 } },
  };
  const done = play(edited, 'a? b!');
  expect([valueAt(done, b), valueAt(done, b, 'v')]).toEqual(['b1', 'y']);
});

test('a record is not made before what it needs, and is made with a blank where it may be', () => {
  const parents = new Table();
  parents.put(1, a);
  const required = start(parents, { isNew: true });
  expect([outcome(required), standingOf(required.state, required.rules)]).toEqual(['a:a1', 'waiting']);
  const optional = play(start(parents, { isNew: true, isRequired: false }), 'b!');
  expect([optional.real[b]?.fields, standingOf(optional.state, optional.rules)]).toEqual([
    { id: 'k', v: 'x' },
    'waiting',
  ]);
  parents.put(1, b);
  expect(valueAt(play(required, '. b!'), b)).toBe('b1');
  expect(valueAt(play(optional, '. b! b?'), b)).toBe('b1');
});

test('a record is not made on a third side while it is asked which record it names, if it needs that', () => {
  const sides = [a, b, c];
  const parents = new Table();
  for (const nr of [1, 2]) parents.put(nr, ...sides);
  const made = (isRequired: boolean): readonly unknown[] => {
    const reference = { pair: pairId('parents'), isRequired, parents };
    const units: UnitRules[] = [{ ...unitOf('u', either(ask), { as: 'reference', sides }), reference }];
    const records = { [a]: { id: 'k', u: 'a1' }, [b]: { id: 'k', u: 'b2' }, [c]: null };
    const world = read(read(newWorld({ rules: rulesOf({ units, sides }), records }), a), b);
    return [
      registerOf(world.state, u).status,
      standingOf(world.state, world.rules),
      world.state.sides[c]?.intent?.kind,
    ];
  };
  expect(made(true)).toEqual(['asked', 'asked', undefined]);
  expect(made(false)).toEqual(['asked', 'asked', 'create']);
});

test('a create that was planned is taken back when what it needs is gone before it was sent', () => {
  const parents = all(1);
  const planned = start(parents, { isNew: true });
  expect(outcome(planned)).toBe('a:a1 > b');
  parents.remove(1, b);
  const taken = settleOnce(planned);
  expect([outcome(taken), standingOf(taken.state, taken.rules)]).toEqual(['a:a1', 'waiting']);
});

test('a clash of keys that turn out to be of one record closes by itself', () => {
  const parents = new Table();
  const asked = start(parents);
  expect(outcome(asked)).toBe('a:a1|b:b1 asked');
  parents.put(1, a, b);
  expect(outcome(settleOnce(asked))).toBe('a:a1');
});

test('the side that is preferred wins with its own key, which the other side is written in its own', () => {
  const world = play(start(all(1, 2, 3), { policy: preferA }), 'a=a2 b=b3 a? b? b!');
  expect([outcome(world), valueAt(world, b)]).toEqual(['a:a2', 'b2']);
});

test('a key may hold colons, and is no reference without a side', () => {
  expect(referenceParts(referenceText(a, 'x:y'))).toEqual({ side: a, key: 'x:y' });
  expect([referenceParts('x'), referenceParts(':x'), referenceParts(null), referenceParts(['a:1'])]).toEqual(
    Array(4).fill(null),
  );
});

const nrOf = (key: unknown): string | null => (typeof key === 'string' ? key.slice(1) : null);

const nr = fc.integer({ min: 1, max: 4 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('edit' as const), side: fc.constantFrom(a, b), nr }),
  fc.record({ kind: fc.constant('there' as const), side: fc.constantFrom(a, b), nr }),
  fc.record({ kind: fc.constant('act' as const), word: fc.constantFrom('a?', 'b?', 'a!', 'b!', '.', 'a!<', 'b!<') }),
);

test('no write names a record that the side lacks, and in the end both sides name the same or a person is asked', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.boolean(), (steps, isNew) => {
      const parents = new Table();
      parents.put(1, a);
      let world = start(parents, { isNew, isRequired: !isNew });
      for (const next of steps) {
        const known = world.writes.length;
        if (next.kind === 'there') parents.put(next.nr, a, next.side);
        else world = play(world, next.kind === 'act' ? next.word : `${next.side}=${next.side}${next.nr} ${next.side}?`);
        for (const write of world.writes.slice(known).filter(Boolean)) {
          const key = write.fields['u'];
          if (typeof key === 'string') expect(parents.find(write.side, key)?.keys[write.side]).toBe(key);
        }
      }
      for (const nrThere of [1, 2, 3, 4]) parents.put(nrThere, a, b);
      world = play(world, '. a! b! a? b? . a! b! a? b? . a! b! a? b?');
      if (Object.keys(world.questions).length > 0 || world.real[a]?.fields === null) return;
      expect(nrOf(valueAt(world, b))).toBe(nrOf(valueAt(world, a)));
      expect(standingOf(world.state, world.rules)).not.toBe('waiting');
    }),
    { numRuns: 300 },
  );
});

test('put(get(raw), raw) is raw, whatever is known of the parents', () => {
  fc.assert(
    fc.property(fc.option(fc.string()), fc.boolean(), (raw, isKnown) => {
      const reference = { pair: pairId('parents'), isRequired: true, ...(isKnown ? { parents: all(1, 2) } : {}) };
      const unit: UnitRules = { ...unitOf('u', either(ask), { as: 'reference' }), reference };
      expect(putValue(unit, a, getValue(unit, a, raw), raw)).toBe(raw);
    }),
  );
});

test('a key of several fields is read and written field by field, each side in its own', () => {
  const parent: Parent = { id: entityId(1), keys: { [a]: recordKey('7'), [b]: recordKey('["17","x"]') } };
  const parents: Parents = { find: (side, key) => (parent.keys[side] === key ? parent : null) };
  const unit: UnitRules = {
    ...unitOf('u', either(ask), { as: 'reference', paths: { [a]: ['p'], [b]: ['number', 'branch'] } }),
    reference: { pair: pairId('parents'), isRequired: true, parents },
  };
  expect(getValue(unit, b, [17, 'x'])).toBe('b:["17","x"]');
  expect(putValue(unit, b, 'a:7', undefined)).toEqual(['17', 'x']);
  expect(putValue(unit, a, 'b:["17","x"]', '9')).toBe('7');
  // The same record, in the spelling that the side has.
  expect(putValue(unit, b, 'a:7', [17, 'x'])).toEqual([17, 'x']);
  // Blank in part names nothing, as a foreign key does, and is no reason for a write.
  expect([getValue(unit, b, [17, null]), putValue(unit, b, null, [17, null])]).toEqual([null, [17, null]]);
  expect(waitsOn(unit, b, ['a:8'], undefined)).toMatchObject([{ side: b, on: 'a:8' }]);
});

test('GetPut: what names a record by several fields is never rewritten unless it changed', () => {
  const parts = fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(parts, (raw) => {
      const paths = { [a]: raw.map((_, index) => `p${index}`), [b]: ['p'] };
      const unit = { ...unitOf('u', either(ask), { as: 'reference', paths }) };
      expect(putValue(unit, a, getValue(unit, a, raw), raw)).toEqual(raw);
    }),
  );
});

test('while the other pair has another key, what names its records waits', () => {
  const parent: Parent = { id: entityId(1), keys: { [a]: recordKey('7'), [b]: recordKey('17') } };
  const paths = { [a]: ['p'], [b]: ['number', 'branch'] };
  const reference = { pair: pairId('parents'), isRequired: true, parents: { find: () => parent } };
  const unit: UnitRules = { ...unitOf('u', either(ask), { as: 'reference', paths }), reference };
  expect(waitsOn(unit, b, ['a:7'], undefined)).toHaveLength(1);
  expect(putValue(unit, b, 'a:7', ['1', 'y'])).toEqual(['1', 'y']);
});
