import fc from 'fast-check';
import type { Dot, Vector } from '../../src/core/clock/version-vector.js';
import { entityId, recordKey, unitName, type UnitName } from '../../src/core/ids.js';
import type { EntityState, Hold, Intent, Loop, Presence, Register, Shadow, Sibling } from '../../src/core/state.js';
import { json } from './json.js';
import { a, b, c } from './sample.js';

// Any state that the types allow, whether or not a history leads to it.

const side = fc.constantFrom(a, b, c);
const actor = fc.constantFrom('a#1', 'b#1', 'c#2', 'hub#1');
const counter = fc.integer({ min: 1, max: 5 });
const vector: fc.Arbitrary<Vector> = fc.dictionary(actor, counter);
const dot: fc.Arbitrary<Dot> = fc.tuple(actor, counter);
const tick = fc.nat(99);
const unit = fc.constantFrom('u', 'v').map(unitName);
const text = fc.string({ maxLength: 6 });

const byUnit = <Value>(value: fc.Arbitrary<Value>) =>
  fc.dictionary(unit, value) as fc.Arbitrary<{ [unit: UnitName]: Value }>;
const bySide = <Value>(value: fc.Arbitrary<Value>) => fc.dictionary(side, value);

const sibling: fc.Arbitrary<Sibling> = fc.record({
  value: json,
  vv: vector,
  dot,
  side: fc.option(side),
  base: json,
  lo: tick,
  hi: tick,
});

const loop: fc.Arbitrary<Loop> = fc.record({
  chain: fc.array(fc.record({ side, value: text }), { maxLength: 2 }),
  isTripped: fc.boolean(),
  tries: bySide(fc.record({ vv: vector, count: fc.nat(3), isParked: fc.boolean() })),
  over: fc.uniqueArray(fc.constantFrom('tripped' as const, 'parked' as const)),
});

export const register: fc.Arbitrary<Register> = fc.record({
  value: json,
  vv: vector,
  siblings: fc.array(sibling, { maxLength: 3 }),
  winner: fc.option(dot),
  status: fc.constantFrom('settled', 'unsettled', 'asked', 'asked_moved'),
  delivered: bySide(vector),
  noop: bySide(fc.record({ vv: vector, tick })),
  override: fc.uniqueArray(side, { maxLength: 2 }),
  holds: fc.option(fc.boolean()),
  steps: fc.array(fc.record({ dot, vv: vector, base: text, value: text }), { maxLength: 1 }),
  proposal: fc.option(
    fc.record({
      sides: fc.uniqueArray(side, { maxLength: 2 }),
      status: fc.constantFrom('new' as const, 'asked' as const, 'over' as const),
    }),
  ),
  loop: fc.option(loop),
});

const intent: fc.Arbitrary<Intent> = fc.record({
  delivery: fc.nat(9),
  kind: fc.constantFrom('create', 'update', 'delete'),
  units: byUnit(fc.record({ raw: json, vv: vector })),
});

const plainShadow = fc.record({
  key: text.map(recordKey),
  presence: fc.constantFrom('present' as const, 'awaited' as const, 'gone' as const),
  token: fc.option(text),
  raws: byUnit(json),
  tick,
  atMs: tick,
  intent: fc.option(intent),
  refused: fc.option(fc.constantFrom('delete', 'update; u a#1:1', '')),
  wrote: byUnit(fc.record({ atMs: tick, mark: tick })),
});
const late = byUnit(fc.record({ raw: json, vv: vector, untilMs: tick }));
const made = fc.record({ field: text, value: json });
const shadow: fc.Arbitrary<Shadow> = fc
  .tuple(plainShadow, late, fc.option(made), fc.boolean())
  .map(([plain, given, mark, isTaken]) => ({
    ...plain,
    ...(Object.keys(given).length === 0 ? {} : { late: given }),
    ...(mark === null ? {} : { made: isTaken ? { ...mark, isTaken } : mark }),
  }));

const presence: fc.Arbitrary<Presence> = fc.oneof(
  fc.constant<Presence>({ kind: 'live' }),
  fc.record({ kind: fc.constant('delete_held' as const), side, dot, seen: byUnit(vector) }),
  fc.record({ kind: fc.constant('tombstone' as const), dot, seen: byUnit(vector) }),
  fc.record({ kind: fc.constant('alias' as const), of: fc.nat(9).map(entityId) }),
);

const hold: fc.Arbitrary<Hold> = fc.oneof(
  fc.record({ kind: fc.constantFrom('create' as const, 'left' as const) }),
  fc.record({ kind: fc.constant('key' as const), side, holder: fc.nat(9).map(entityId) }),
  fc.record({
    kind: fc.constant('match' as const),
    candidates: fc.array(fc.nat(9).map(entityId), { maxLength: 2 }),
    rule: text,
    isLikely: fc.boolean(),
    isCandidate: fc.boolean(),
  }),
);

export const state: fc.Arbitrary<EntityState> = fc.record({
  counters: vector,
  units: byUnit(register),
  sides: bySide(shadow),
  presence,
  waits: fc.array(fc.record({ unit, side, on: text }), { maxLength: 1 }),
  hold: fc.option(hold),
  broken: fc.option(
    fc.record({ units: fc.array(unit, { maxLength: 2 }), rules: fc.array(text, { maxLength: 1 }), vv: text }),
  ),
});
