import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordKey } from '../../src/core/ids.js';
import { pack, unpack } from '../../src/core/pack.js';
import { emptyRegister, emptyState } from '../../src/core/register.js';
import { a, b, either, newest, rulesOf, u, unitOf } from './sample.js';
import { randomSteps, runAll } from './random-steps.js';
import { state } from './states.js';
import { newWorld } from './world.js';

test('unpacking what was packed gives the same state, whatever the state', () => {
  fc.assert(
    fc.property(state, (given) => {
      expect(unpack(pack(given))).toEqual(given);
    }),
  );
});

test('the same state has the same text after it went through the store', () => {
  fc.assert(
    fc.property(state, (given) => {
      expect(pack(unpack(pack(given)))).toBe(pack(given));
    }),
  );
});

test('every state that a history leads to survives the store', () => {
  fc.assert(
    fc.property(randomSteps([a, b], 20, { deletes: true }), (steps) => {
      const rules = rulesOf({ units: [unitOf('u', either(newest))] });
      const given = runAll(
        newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' } } }),
        steps,
      ).state;
      expect(unpack(pack(given))).toEqual(given);
    }),
    { numRuns: 50 },
  );
});

test('a vector that many units share is kept once', () => {
  const vv = { 'a#1': 12_345, 'b#1': 67_890 };
  const units = Object.fromEntries(['t', u, 'v'].map((name) => [name, { ...emptyRegister, vv: { ...vv } }]));
  expect(pack({ ...emptyState, units }).split('12345')).toHaveLength(2);
});

test('a value that register, siblings and both sides hold is kept once', () => {
  const world = newWorld({
    rules: rulesOf(),
    records: { [a]: { id: 'k', u: 'one value' }, [b]: { id: 'k', u: 'one value' } },
  });
  const met = runAll(world, [
    { kind: 'read', side: a },
    { kind: 'read', side: b },
  ]).state;
  expect(met.units[u]?.siblings).toHaveLength(2);
  expect(pack(met).split('one value')).toHaveLength(2);
  expect(unpack(pack(met))).toEqual(met);
});

test('a text without frames is read whole, whatever its values look like', () => {
  const shadow = {
    presence: 'present',
    token: null,
    tick: 0,
    atMs: 0,
    intent: null,
    refused: null,
    wrote: {},
  } as const;
  const given = { ...emptyState, sides: { [a]: { ...shadow, key: recordKey(']],{'), raws: { [u]: [[']],{'], {}] } } } };
  expect(unpack(pack(given))).toEqual(given);
});

test('records that share their history share its parts in memory, and nothing else', () => {
  const world = (value: string) =>
    runAll(newWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: value }, [b]: { id: 'k', u: value } } }), [
      { kind: 'read', side: a },
      { kind: 'read', side: b },
    ]).state;
  const [one, other] = [unpack(pack(world('one'))), unpack(pack(world('other')))];
  expect(other.units[u]?.vv).toBe(one.units[u]?.vv);
  expect([one.units[u]?.value, other.units[u]?.value]).toEqual(['one', 'other']);
});

test('a format from the future is not guessed at', () => {
  const text = pack(emptyState).replace(/^\[2,/, '[3,');
  expect(() => unpack(text)).toThrow(/unknown state format 3/);
});
