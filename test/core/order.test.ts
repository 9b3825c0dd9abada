import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { includes, vectorText } from '../../src/core/clock/version-vector.js';
import type { SideName } from '../../src/core/ids.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import { observe } from '../../src/core/observe.js';
import { contextOf, registerOf } from '../../src/core/register.js';
import type { Authority, Policy } from '../../src/core/rules.js';
import { a, ask, b, c, d, e, either, newest, preferA, rulesOf, u, unitOf } from './sample.js';
import { randomSteps, run, runAll } from './random-steps.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, deliver, edit, finishRead, hubAt, look, newWorld, read, valueAt, type World } from './world.js';

// SPEC I5, I6, I7, I20: order, duplicates and skipped values do not change what is agreed.

const allSides = [a, b, c, d];
const preferB: Policy = { kind: 'prefer', side: b, otherwise: ask };
const highest: Policy = { kind: 'highest', monotone: false, otherwise: ask };
const lowest: Policy = { kind: 'lowest', monotone: false, otherwise: ask };
const rising: Policy = { kind: 'highest', monotone: true, otherwise: ask };

/** What happens between two deliveries: the values that each side goes through, and who gets its writes afterwards. */
type Round = { readonly values: readonly (readonly string[])[]; readonly delivered: readonly boolean[] };
type History = {
  readonly sides: readonly SideName[];
  readonly as: keyof typeof typed;
  readonly authority: Authority;
  readonly rounds: readonly Round[];
  readonly isMeeting?: boolean;
};

/** Every policy that is a function of the set of siblings alone. */
const functionsOfTheSet = [ask, preferA, preferB, highest, lowest];
const sets: readonly Policy[] = [
  { kind: 'set', removes: 'add_wins', otherwise: ask },
  { kind: 'set', removes: 'remove_wins', otherwise: ask },
];
const texts: readonly Policy[] = [{ kind: 'text', by: 'lines', otherwise: ask }];

/** What people type under each type, beginning with what was agreed. */
const typed = {
  integer: ['0', '1', '2', '3', '4'],
  list: ['p;q', 'p', 'p;q;r', 'q;s', 'r;s'],
  text: ['1\n2\n3\n4\n', 'A\n2\n3\n4\n', 'B\n2\n3\n4\n', '1\n2\n3\nC\n', 'A\n2\n3\nD\n'],
} as const;

const historyUnder = (policies: readonly Policy[], as: keyof typeof typed = 'integer'): fc.Arbitrary<History> =>
  fc.integer({ min: 2, max: 4 }).chain((count) =>
    fc.record({
      sides: fc.constant(allSides.slice(0, count)),
      as: fc.constant(as),
      authority: fc.constantFrom(...policies).map((policy) => either(policy)),
      rounds: fc.array(
        fc.record({
          values: fc.array(fc.array(fc.constantFrom(...typed[as].slice(1)), { maxLength: 2 }), {
            minLength: count,
            maxLength: count,
          }),
          delivered: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  );
const history = fc.oneof(historyUnder(functionsOfTheSet), historyUnder(sets, 'list'), historyUnder(texts, 'text'));
/** `first` decides among values that replaced nothing, and another policy from then on. */
const met = historyUnder([ask, preferB, highest]).map((given): History & { readonly isMeeting: true } => ({
  ...given,
  isMeeting: true,
  authority: { ...given.authority, first: preferA } as Authority,
}));

function startOf({ sides, authority, as, isMeeting = false }: History): World {
  const same = as === 'list' ? 'list_exact' : 'exact';
  const forms = Object.fromEntries(sides.map((side) => [side, { kind: 'separated' as const, separator: ';' }]));
  const unit = { ...unitOf('u', authority, { sides: [...sides], as, same }), forms };
  // How many answers a chain has depends on which values were read; where it ends is no part of these laws.
  const rules = { ...rulesOf({ sides: [...sides], units: [unit] }), limits: { hops: 1_000 } };
  // Records that meet hold nothing yet: what people type first on each side is what meets.
  const records = isMeeting
    ? Object.fromEntries(sides.map((side) => [side, { id: 'k', u: null }]))
    : { [a]: { id: 'k', u: typed[as][0] } };
  return { ...agreedWorld({ rules, records }), complete: {} };
}

/** Whether a side holds this value already; the order of a list says nothing. */
function isHeld(world: World, side: SideName, value: string): boolean {
  const sorted = (text: string): string => text.split(';').sort().join(';');
  return sorted(scalarText(valueAt(world, side) ?? null)) === sorted(value);
}

/**
 * Plays a round: `picks` says whose next value is made and read; with `coalesced` only the last of each is read. No pass
 * counts as complete: it would confirm what earlier readings delivered, and the readings would not be independent.
 */
function playRound(
  world: World,
  sides: readonly SideName[],
  round: Round,
  picks: readonly number[],
  coalesced = false,
): World {
  let next = world;
  const left = round.values.map((values) => [...values]);
  for (const pick of [...picks, ...sides.flatMap((_, index) => [index, index])]) {
    const index = pick % sides.length;
    const side = sides[index] as SideName;
    const value = left[index]?.shift();
    if (value === undefined) continue;
    // Another order of the same elements is no edit, but it makes a write that waits find something else.
    if (!isHeld(next, side, value)) next = edit(next, side, { id: 'k', u: value });
    if (!coalesced || left[index]?.length === 0) next = { ...read(next, side), complete: {} };
  }
  sides.forEach((side, index) => {
    if (round.delivered[index]) next = deliver(next, side, 'answered');
  });
  return next;
}

/** Siblings by side and value, without the counters of dots. */
function siblingsOf(world: World): readonly string[] {
  return registerOf(world.state, u)
    .siblings.map(({ side, value }) => `${side}=${scalarText(value)}`)
    .sort();
}

function sidePartOf(world: World): object {
  const entries = Object.entries(registerOf(world.state, u).vv).filter(([actor]) => !actor.startsWith('hub'));
  return Object.fromEntries(entries);
}

const standing = (world: World) => ({
  siblings: siblingsOf(world),
  status: registerOf(world.state, u).status,
  value: registerOf(world.state, u).status === 'settled' ? registerOf(world.state, u).value : 'open',
  real: Object.fromEntries(world.rules.sides.map(({ name }) => [name, valueAt(world, name)])),
});

const picks = fc.array(fc.nat(3), { maxLength: 8 });

test('I6: readings of different sides may come in any order', () => {
  fc.assert(
    fc.property(fc.oneof(history, met), fc.array(picks, { minLength: 3, maxLength: 3 }), (given, orders) => {
      let [one, other] = [startOf(given), startOf(given)];
      given.rounds.forEach((round, index) => {
        one = playRound(one, given.sides, round, []);
        other = playRound(other, given.sides, round, orders[index] ?? []);
        expect({ ...standing(other), vv: sidePartOf(other) }).toEqual({ ...standing(one), vv: sidePartOf(one) });
      });
    }),
    { numRuns: 300 },
  );
});

test('I6, monotone: readings of different sides may come in any order, and the value is the same', () => {
  fc.assert(
    fc.property(historyUnder([rising]), fc.array(picks, { minLength: 3, maxLength: 3 }), (given, orders) => {
      // Which of two edits was put back and which lost to a higher one may differ: both are kept, and neither stands.
      const without = ({ siblings: _siblings, ...rest }: ReturnType<typeof standing>): object => rest;
      let [one, other] = [startOf(given), startOf(given)];
      given.rounds.forEach((round, index) => {
        one = playRound(one, given.sides, round, []);
        other = playRound(other, given.sides, round, orders[index] ?? []);
        expect(without(standing(other))).toEqual(without(standing(one)));
      });
    }),
    { numRuns: 300 },
  );
});

test('I7: values that a side overwrote before anybody read them make no difference', () => {
  fc.assert(
    fc.property(history, (given) => {
      let [seen, missed] = [startOf(given), startOf(given)];
      for (const round of given.rounds) {
        const last = round.values.map((values) => values.slice(-1));
        // A side that came back to its old value did not edit for one that missed what was between.
        if (last.some(([value], index) => value !== undefined && isHeld(missed, given.sides[index] as SideName, value)))
          return;
        seen = playRound(seen, given.sides, round, []);
        missed = playRound(missed, given.sides, round, [], true);
        expect(standing(missed)).toEqual(standing(seen));
      }
    }),
    { numRuns: 300 },
  );
});

test('I5: reading the same record again changes nothing', () => {
  fc.assert(
    fc.property(randomSteps([a, b, c], 20), (steps) => {
      const rules = rulesOf({ sides: [a, b, c], units: [unitOf('u', either(ask), { sides: [a, b, c] })] });
      const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' }, [c]: null };
      for (const hasTokens of [true, false]) {
        const world = runAll(newWorld({ rules, records, hasTokens }), steps);
        for (const side of [a, b, c]) {
          const once = read(world, side);
          const { snapshot, tick } = look(once, side);
          if (snapshot === null || isDoubtful(once, side)) continue;
          const again = observe(e, once.state, hubAt(once), side, {
            snapshot,
            readTick: tick,
            readAtMs: 1,
            beganAtMs: 1,
            complete: null,
          });
          expect([again.kind, again.state, again.facts]).toEqual(['unchanged', once.state, []]);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('I20: in one history, a vector never stands for two values', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Authority>(
        either(ask),
        either(preferA),
        either(newest),
        either(rising),
        { kind: 'either', policy: ask, first: preferA, blank: 'value' },
        { kind: 'either', policy: newest, first: highest, blank: 'value', blankOn: { [b]: 'fill' } },
      ),
      randomSteps([a, b], 25),
      (authority, steps) => {
        const rules = rulesOf({ units: [unitOf('u', authority)] });
        const known = new Map<string, string>();
        for (const { state } of run(
          newWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' } } }),
          steps,
        )) {
          const { vv, status, value } = registerOf(state, u);
          if (status !== 'settled') continue;
          const text = vectorText(vv);
          expect(known.get(text) ?? JSON.stringify(value)).toBe(JSON.stringify(value));
          known.set(text, JSON.stringify(value));
        }
      },
    ),
    { numRuns: 200 },
  );
});

describe('a side changes its mind before the result was written', () => {
  const start = (authority: Authority): World =>
    agreedWorld({
      rules: rulesOf({ units: [unitOf('u', authority, { as: 'integer' })] }),
      records: { [a]: { id: 'k', u: '0' }, [b]: { id: 'k', u: '0' } },
    });

  test.for([
    ['prefer a', either(preferA), '3 > b'],
    ['prefer b', either(preferB), '5 > a'],
    ['ask', either(ask), '3|5 asked'],
    ['highest', either(highest), '5 > a'],
    ['lowest', either(lowest), '3 > b'],
  ] as const)('%s: 10 and 5, then a goes to 3; whether or not the 10 was seen → %s', ([, authority, result]) => {
    const orders = ['a=10 a? b=5 b? a=3 a?', 'b=5 b? a=10 a? a=3 a?', 'a=10 b=5 a=3 a? b?', 'a=10 a=3 b=5 b? a?'];
    for (const steps of orders) {
      const world = play(start(authority), steps);
      expect([steps, outcome(world)]).toEqual([steps, result]);
      expect(siblingsOf(world)).toEqual(['a=3', 'b=5']);
    }
  });

  test('highest and monotone: a that goes back from 10 is put back, whoever was read first', () => {
    for (const steps of ['a=10 a? b=5 b? a=3 a?', 'b=5 b? a=10 a? a=3 a?', 'a=10 a? a=3 a? b=5 b?']) {
      const world = play(start(either(rising)), steps);
      expect([steps, outcome(world)]).toEqual([steps, '10 > a b']);
      expect(isKept(world, '3')).toBe(true);
    }
  });

  test('newest: what a holds last is chosen against what b holds last, not against what a held before', () => {
    expect(outcome(play(start(either(newest)), 'a=10 a? b? b=5 b? a? a=3 a?'))).toBe('3 > b');
    expect(outcome(play(start(either(newest)), 'a=10 a? a=3 a? b? b=5 b?'))).toBe('5 > a');
  });
});

test('newest: an edit made while a reading was on its way is not later than that reading began', () => {
  const rules = rulesOf({ units: [unitOf('u', either(newest))] });
  const start = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
  const before = edit(start, a, { u: 'y' });
  const pass = look(before, a);
  // a goes on to z before b writes q; but the reading that shows y is committed after b was read.
  const raced = read(edit(edit(before, a, { u: 'z' }), b, { u: 'q' }), b);
  expect(outcome(read(finishRead(raced, a, pass), a))).toBe('z|q asked');
});

function isDoubtful(world: World, side: SideName): boolean {
  const intent = world.state.sides[side]?.intent;
  return intent != null && world.sent.has(intent.delivery);
}

test('of equal values in different spellings the first side of the file gives the agreed one, whoever was read first', () => {
  const rules = rulesOf({ units: [unitOf('u', either(), { same: 'letters' })] });
  const start = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
  for (const steps of ['a=Ada b=ADA a? b?', 'a=Ada b=ADA b? a?']) expect(outcome(play(start, steps))).toBe('Ada');
});

test('a resolution is a dot of the hub: nobody has it before it was delivered, not even the side that won', () => {
  const rules = rulesOf({ units: [unitOf('u', either(preferA))] });
  const start = agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
  const register = registerOf(play(start, 'a=y b=z a? b?').state, u);
  expect(register.vv['hub#1']).toBe(1);
  for (const side of [a, b]) expect(includes(contextOf(register, side), register.vv)).toBe(false);
});
