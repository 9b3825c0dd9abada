import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare, hasDot, includes, join, withDot, type Vector } from '../../src/core/clock/version-vector.js';
import { observe } from '../../src/core/observe.js';
import {
  accept,
  confirmedContext,
  contextOf,
  emptyRegister,
  registerOf,
  withDelivered,
} from '../../src/core/register.js';
import type { EntityState, Register } from '../../src/core/state.js';
import { a, ask, b, c, either, e, hubOf, k, newest, preferA, rulesOf, siblingOf, u, unitOf } from './sample.js';
import { look, newWorld, type World } from './world.js';
import { randomSteps, run } from './random-steps.js';

// SPEC I3, I11: contexts are lower bounds. They rise by proof only, and doubt can cost a question, never an edit.

const names = ['a#1', 'b#1', 'hub#1'];
const vector: fc.Arbitrary<Vector> = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 4 }));

/** A register as observation leaves it: its vector covers its siblings, and no sibling has seen another. */
const register: fc.Arbitrary<Register> = fc
  .tuple(vector, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([seen, x, y, both]) => {
    const left = siblingOf(a, x, 'x');
    const right = siblingOf(b, y, 'y');
    const siblings = both ? [left, right] : [left];
    const vv = siblings.reduce((all, sibling) => join(all, sibling.vv), seen);
    return { ...emptyRegister, value: 'x', vv, siblings, winner: left.dot, status: both ? 'asked' : 'settled' };
  });

describe('L3: the safe direction', () => {
  test('lowering what a side is known to have never turns a concurrent edit into a dominating one', () => {
    fc.assert(
      fc.property(register, vector, vector, (before, context, less) => {
        const lower = Object.fromEntries(
          Object.entries(context).map(([actor, count]) => [actor, Math.min(count, less[actor] ?? 0)]),
        );
        const edit = (seen: Vector): Register => accept(before, siblingOf(c, 9, 'z', { seen }));
        const [sure, unsure] = [edit(context), edit(lower)];
        if (sure.siblings.length > 1) expect(unsure.siblings.length).toBeGreaterThan(1);
        if (unsure.status === 'settled') expect(sure.status).toBe('settled');
        for (const kept of sure.siblings) expect(unsure.siblings.map(({ dot }) => dot)).toContainEqual(kept.dot);
      }),
    );
  });

  test('an edit that is accepted is in the register, and so is everything that its author had not seen', () => {
    fc.assert(
      fc.property(register, vector, (before, seen) => {
        const edit = siblingOf(c, 9, 'z', { seen });
        const after = accept(before, edit);
        expect(includes(after.vv, join(before.vv, edit.vv))).toBe(true);
        for (const { dot } of before.siblings)
          if (!hasDot(seen, dot)) expect(after.siblings.map((kept) => kept.dot)).toContainEqual(dot);
        expect(after.siblings.at(-1)).toEqual(edit);
      }),
    );
  });
});

describe('L2: no false dominance', () => {
  test('an edit replaces the agreed value without a question only if its context includes all of the register', () => {
    fc.assert(
      fc.property(register, vector, (before, seen) => {
        const edit = siblingOf(c, 9, 'z', { seen });
        const after = accept(before, edit);
        const hasSeenAll = includes(withDot(seen, edit.dot), before.vv);
        expect(after.siblings.length === 1 && after.value === 'z').toBe(hasSeenAll);
      }),
    );
  });
});

describe('a delivery that needed no write', () => {
  const noop: Register = {
    ...emptyRegister,
    delivered: { [b]: { 'b#1': 1 } },
    noop: { [b]: { vv: { 'a#1': 2 }, tick: 5 } },
  };
  test.for([
    ['no pass was complete yet', null, false],
    ['the last complete pass began before it', 4, false],
    ['a complete pass began after it', 5, true],
    ['a complete pass began long after it', 9, true],
  ] as const)('when %s, confirmed is %s → %s', ([, tick, confirmed]) => {
    expect(hasDot(confirmedContext(noop, b, tick), ['a#1', 2])).toBe(confirmed);
    expect(includes(confirmedContext(noop, b, tick), contextOf(noop, b))).toBe(true);
  });

  test('is forgotten when proof covers it', () => {
    expect(withDelivered(noop, b, { 'a#1': 2 }).noop).toEqual({});
  });
});

const policies = fc.constantFrom(either(ask), either(preferA), either(newest));

describe('over random histories', () => {
  test('L1: the context of a side contains every edit of that side that was observed', () => {
    fc.assert(
      fc.property(policies, randomSteps([a, b, c], 25), (authority, steps) => {
        const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', authority, { sides: [a, b, c] })] });
        for (const world of run(newWorld({ rules, records: recordsOf }), steps)) {
          for (const side of [a, b, c]) {
            const counter = world.state.counters[`${side}#1`] ?? 0;
            if (counter > 0 && wasEdit(world, side, counter))
              expect(hasDot(contextOf(registerOf(world.state, u), side), [`${side}#1`, counter])).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('nothing that the hub knows to have happened is ever forgotten: vectors, contexts and counters only rise', () => {
    fc.assert(
      fc.property(policies, randomSteps([a, b, c], 25), (authority, steps) => {
        const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', authority, { sides: [a, b, c] })] });
        let before = newWorld({ rules, records: recordsOf });
        for (const after of run(before, steps)) {
          expectRisen(before.state, after.state);
          before = after;
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a context never claims more than the register has', () => {
    fc.assert(
      fc.property(policies, randomSteps([a, b, c], 25), (authority, steps) => {
        const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', authority, { sides: [a, b, c] })] });
        for (const { state } of run(newWorld({ rules, records: recordsOf }), steps)) {
          const { vv, delivered } = registerOf(state, u);
          for (const context of Object.values(delivered)) expect(compare(context, vv)).toMatch(/before|equal/);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test('a reading that began before the last accepted one is fenced and changes nothing', () => {
  const rules = rulesOf();
  const first = newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: null } });
  const old = look(first, a);
  const hub = hubOf(rules, { tick: 9 });
  const reading = { snapshot: { key: k, fields: { u: 'y' }, token: '2' }, readAtMs: 1, beganAtMs: 1, complete: null };
  const { state } = observe(e, first.state, hub, a, { ...reading, readTick: 8 });
  const late = observe(e, state, hub, a, {
    ...reading,
    snapshot: { key: k, fields: { u: 'x' }, token: '1' },
    readTick: old.tick,
  });
  expect(late).toEqual({ kind: 'stale', state, facts: [] });
});

const recordsOf = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' }, [c]: { id: 'k', u: 'x' } };

/** Whether the dot is that of an edit of the unit, not of the record being deleted. */
function wasEdit(world: World, side: string, counter: number): boolean {
  return world.facts.some(({ kind, dot }) => kind !== 'deleted' && dot?.[0] === `${side}#1` && dot[1] === counter);
}

function expectRisen(before: EntityState, after: EntityState): void {
  const [old, next] = [registerOf(before, u), registerOf(after, u)];
  expect(includes(after.counters, before.counters)).toBe(true);
  expect(includes(next.vv, old.vv)).toBe(true);
  for (const side of [a, b, c]) expect(includes(contextOf(next, side), contextOf(old, side))).toBe(true);
}
