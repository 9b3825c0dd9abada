import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairId, recordKey, revisionId, type SideName } from '../../../src/core/ids.js';
import type { Json } from '../../../src/core/json.js';
import type { Effect, Fact, LedgerEntry, LedgerPayload } from '../../../src/core/ledger/entry.js';
import { differences, emptyFold, foldEntry, foldReceipt, type Folded } from '../../../src/core/ledger/fold.js';
import { patchBetween } from '../../../src/core/patch.js';
import { contextOf, registerOf } from '../../../src/core/register.js';
import type { EntityState, Shadow } from '../../../src/core/state.js';
import { a, ask, b, c, e, either, k, masterA, newest, preferA, rulesOf, u, unitOf } from '../sample.js';
import { randomSteps, run } from '../random-steps.js';
import { play } from '../steps.js';
import { agreedWorld, newWorld, type World } from '../world.js';

// SPEC I17: the ledger alone gives every register, context and link, and a change of either is found.

const bareEntry: LedgerEntry = {
  pair: pairId('p'),
  seq: 0,
  atMs: 0,
  kind: 'edited',
  entity: null,
  side: null,
  units: [],
  actor: '',
  rule: '',
  revision: revisionId('r'),
  source: 'poll',
  dot: null,
  vvBefore: '',
  vvAfter: '',
  lo: null,
  hi: null,
  run: null,
  delivery: null,
  commitment: '',
  leaf: '',
};

function entryOf(fact: Fact, seq: number): { entry: LedgerEntry; payload: LedgerPayload } {
  const side = (which: 'before' | 'after'): Json => documentOf(fact.effects, which);
  const { kind, entity, side: at, rule, lo, hi } = fact;
  const { effects, detail } = fact;
  return {
    entry: {
      ...bareEntry,
      seq,
      kind,
      entity,
      side: at,
      rule,
      lo,
      hi,
    },
    payload: {
      nonce: '',
      patch: patchBetween(side('before'), side('after')),
      inverse: patchBetween(side('after'), side('before')),
      effects,
      detail,
    },
  };
}

function documentOf(effects: readonly Effect[], which: 'before' | 'after'): Json {
  const vv = which === 'before' ? 'vvBefore' : 'vvAfter';
  const given = effects.filter((effect) => Object.keys(effect[vv]).length > 0);
  return Object.fromEntries(given.map((effect) => [effect.unit, effect[which]]));
}

/** The fold of everything a world stated, with the receipts of its deliveries where they were confirmed. */
function foldOf(steps: readonly World[]): Folded {
  let folded = emptyFold;
  let [known, seq] = [0, 0];
  let before: World | undefined;
  for (const world of steps) {
    for (const side of world.rules.sides) folded = withReceipt(folded, before, world, side.name);
    for (const fact of world.facts.slice(known)) {
      const { entry, payload } = entryOf(fact, seq);
      const next = foldEntry(folded, entry, payload);
      if (typeof next === 'string') throw new Error(next);
      folded = next;
      seq += 1;
    }
    known = world.facts.length;
    before = world;
  }
  return folded;
}

/** A write that was answered: the engine states it as one receipt of the delivery. */
function withReceipt(folded: Folded, before: World | undefined, after: World, side: SideName): Folded {
  const intent = before?.state.sides[side]?.intent;
  const shadow = after.state.sides[side];
  const isDone = intent != null && shadow?.presence === 'present' && after.landed > (before?.landed ?? 0);
  if (!isDone || intent.kind === 'delete' || shadow.intent?.delivery === intent.delivery) return folded;
  const units = Object.fromEntries(Object.entries(intent.units).map(([unit, { vv }]) => [unit, vv]));
  return foldReceipt(folded, side, { entity: e, key: k, units });
}

const authority = fc.constantFrom(
  either(ask),
  either(preferA),
  either(newest),
  either(ask, 'fill'),
  masterA(),
  masterA('leave'),
);

test('folding what was stated gives the registers, contexts and links of every history', () => {
  fc.assert(
    fc.property(authority, randomSteps([a, b, c], 20, { deletes: true }), (chosen, steps) => {
      const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', chosen, { sides: [a, b, c] })] });
      const start = newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' }, [c]: null } });
      const worlds = [start, ...run(start, steps)];
      expect(differences(foldOf(worlds), (worlds.at(-1) as World).state)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

describe('whatever is changed behind the ledger is found', () => {
  const worlds = ['', 'a=y a?', 'a=y a? b!', 'a=y a? b! b=z b?'].map((steps) => play(agreedFrom(), steps));
  const { state } = worlds.at(-1) as World;
  const folded = foldOf([...agreedSteps(), ...worlds]);
  const register = registerOf(state, u);
  const withRegister = (changes: object): EntityState => ({ ...state, units: { [u]: { ...register, ...changes } } });

  test('the state as it is agrees', () => {
    expect(differences(folded, state)).toEqual([]);
  });

  test.for<[string, EntityState]>([
    ['an agreed value', withRegister({ value: 'forged' })],
    ['a vector', withRegister({ vv: { ...register.vv, 'a#1': 9 } })],
    ['a context that is too high', withRegister({ delivered: { ...register.delivered, [a]: { 'a#1': 9 } } })],
    ['a context that is gone', withRegister({ delivered: { [b]: contextOf(register, b) } })],
    ['a register that is gone', { ...state, units: {} }],
    [
      'a link to another record',
      { ...state, sides: { ...state.sides, [a]: { ...(state.sides[a] as Shadow), key: recordKey('other') } } },
    ],
    ['a link that is gone', { ...state, sides: { [b]: state.sides[b] } as never }],
  ])('%s', ([, forged]) => {
    expect(differences(folded, forged)).not.toEqual([]);
  });

  test('an entry that does not follow from the ones before, or whose patch disagrees with its effects', () => {
    const [fact] = (worlds.at(-1) as World).facts.slice(-1);
    const { entry, payload } = entryOf(fact as Fact, 0);
    expect(foldEntry(emptyFold, entry, payload)).toContain('does not follow');
    const before: Folded = { ...folded, vv: { [u]: (fact as Fact).effects[0]?.vvBefore ?? {} }, values: { [u]: 'y' } };
    expect(typeof foldEntry(before, entry, payload)).toBe('object');
    const forged = payload.effects.map((effect) => ({ ...effect, after: 'forged' }));
    expect(foldEntry(before, entry, { ...payload, effects: forged })).toBe('the patch and the effects disagree');
    expect(foldEntry(before, entry, { ...payload, patch: [{ op: 'remove', path: '/v' }] })).toContain('does not apply');
  });
});

function agreedFrom(): World {
  return agreedWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
}

function agreedSteps(): readonly World[] {
  return [newWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } })];
}
