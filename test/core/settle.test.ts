import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { includes } from '../../src/core/clock/version-vector.js';
import { canonicalJson } from '../../src/core/json.js';
import { sameValue } from '../../src/core/mapping/equality.js';
import { contextOf, registerOf } from '../../src/core/register.js';
import { settle } from '../../src/core/settle.js';
import type { Authority, UnitRules } from '../../src/core/rules.js';
import { a, ask, b, c, e, either, hubOf, masterA, newest, preferA, rulesOf, unitOf } from './sample.js';
import { randomSteps, run, runAll } from './random-steps.js';
import { outcome, play } from './steps.js';
import { agreedWorld, edit, heal, hubAt, newWorld, read, settleOnce, type World } from './world.js';
import { state } from './states.js';

// SPEC I1, I8, I9, I18: deciding is a function, deciding again changes nothing, and nothing is written without need.

const authorities: readonly Authority[] = [
  either(ask),
  either(preferA),
  either(newest),
  either(ask, 'ignore'),
  either(preferA, 'fill'),
  masterA('restore'),
  masterA('leave'),
  masterA('restore', 'clears'),
];
const authority = fc.constantFrom(...authorities);
const worlds = fc
  .record({ authority, steps: randomSteps([a, b, c], 20, { deletes: true }), records: fc.constantFrom('x', 'y', null) })
  .map(({ authority: chosen, steps, records }) => {
    const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', chosen, { sides: [a, b, c] })], deletes: 'delete' });
    const start = newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: records }, [c]: null } });
    return runAll(start, steps);
  });

describe.for(['write', 'hold'] as const)('in mode %s', (mode) => {
  test('settling what is settled changes nothing, states nothing, asks nothing and writes nothing', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const once = settle(e, world.state, hubAt(world), mode);
        const twice = settle(e, once.state, { ...hubAt(world), tick: world.tick + 5 }, mode);
        expect(twice).toEqual({ state: once.state, facts: [], writes: [], questions: [], closes: [] });
      }),
      { numRuns: 200 },
    );
  });
});

test('settling never fails and is a function of its arguments, on any state at all', () => {
  fc.assert(
    fc.property(state, authority, fc.constantFrom('write', 'hold'), (given, chosen, mode) => {
      const hub = hubOf(
        rulesOf({ sides: [a, b, c], units: [unitOf('u', chosen, { sides: [a, b, c] }), unitOf('v', chosen)] }),
      );
      const before = canonicalJson(given);
      const first = settle(e, given, hub, mode);
      expect(settle(e, given, hub, mode)).toEqual(first);
      expect(canonicalJson(given)).toBe(before);
    }),
    { numRuns: 300 },
  );
});

test('while a pair is held nothing is planned, and what is decided is the same', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const held = settle(e, world.state, hubAt(world), 'hold');
      const written = settle(e, world.state, hubAt(world), 'write');
      expect(held.writes).toEqual([]);
      expect(held.questions).toEqual(written.questions);
      expect(Object.values(held.state.units).map(({ value, vv }) => [value, vv])).toEqual(
        Object.values(written.state.units).map(({ value, vv }) => [value, vv]),
      );
    }),
    { numRuns: 100 },
  );
});

test('a unit that a person is asked about is written nowhere', () => {
  fc.assert(
    fc.property(randomSteps([a, b], 25), (steps) => {
      const rules = rulesOf();
      const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' } };
      for (const { state: next, sent } of run(newWorld({ rules, records }), steps)) {
        const isAsked = registerOf(next, 'u' as never).status === 'asked';
        for (const { intent } of Object.values(next.sides))
          if (isAsked && intent !== null && !sent.has(intent.delivery)) expect(Object.keys(intent.units)).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

test('a planned write carries only units that differ, expects what was last seen, and has never been delivered', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { writes, state: before } = { ...settle(e, world.state, hubAt(world), 'write'), state: world.state };
      for (const write of writes) {
        const shadow = before.sides[write.side];
        expect(world.sent.has(shadow?.intent?.delivery ?? -1)).toBe(false);
        for (const { unit, before: old, after } of write.changes) {
          const { same } = world.rules.units.find(({ name }) => name === unit) as UnitRules;
          if (write.kind === 'update') expect(sameValue(same, old, after)).toBe(false);
          const register = registerOf(before, unit);
          if (register.status === 'settled' && write.kind === 'update')
            expect(includes(contextOf(register, write.side), register.vv)).toBe(false);
        }
        if (write.kind === 'update') expect(Object.keys(write.expect).sort()).toEqual(Object.keys(write.fields).sort());
      }
    }),
    { numRuns: 200 },
  );
});

describe('one refused unit does not hold back the record', () => {
  const rules = rulesOf({ units: [unitOf('u', either()), unitOf('v', either())] });
  const start = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x', v: '1' }, [b]: { id: 'k', u: 'x', v: '1' } } });

  test('the same write is not tried again by itself, and the next edit makes another one', () => {
    const refused = play(start, 'a=y a? b!x');
    expect(refused.questions['u/refused']).toBeDefined();
    expect(outcome(settleOnce(refused))).toBe('y');
    expect(outcome(play(refused, 'a=z a?'))).toBe('z > b');
  });

  test('a unit that is asked does not keep another unit of the record from being written', () => {
    const clash = play(start, 'a=y b=z a? b?');
    const next = read({ ...clash, real: { ...clash.real, [a]: withV(clash) } }, a);
    expect(next.questions['u/clash']).toBeDefined();
    expect(next.state.sides[b]?.intent?.units).toMatchObject({ v: { raw: '2' } });
  });
});

function withV(world: World): World['real'][typeof a] {
  const real = world.real[a] as World['real'][typeof a];
  return { fields: { ...real?.fields, v: '2' }, version: (real?.version ?? 0) + 1, fed: real?.fed ?? 0 };
}

test('the first change by a master after an equal first contact replaces nothing of the other side, and says so', () => {
  const rules = rulesOf({ sides: [a, b], units: [unitOf('u', masterA('restore'))] });
  const met = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
  const changed = heal(edit(met, a, { u: 'y' }));
  expect(changed.real[b]?.fields).toMatchObject({ u: 'y' });
  expect(changed.facts.filter(({ kind }) => kind === 'stray')).toEqual([]);
});
