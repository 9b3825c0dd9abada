import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideUnit } from '../../src/core/decide.js';
import { canonicalDecimal } from '../../src/core/decimal.js';
import type { SideName } from '../../src/core/ids.js';
import { differences, emptyFold, foldEntry, type Folded } from '../../src/core/ledger/fold.js';
import type { LedgerEntry, LedgerPayload } from '../../src/core/ledger/entry.js';
import { patchBetween } from '../../src/core/patch.js';
import { observe } from '../../src/core/observe.js';
import { registerOf, withoutIntents } from '../../src/core/register.js';
import { undo, unitChanges } from '../../src/core/undo.js';
import type { UnitRules } from '../../src/core/rules.js';
import { a, b, c, d, e, either, k, rulesOf, u, unitOf } from './sample.js';
import { isKept, outcome, play } from './steps.js';
import { agreedWorld, deliver, edit, heal, hubAt, newWorld, read, settleOnce, valueAt, type World } from './world.js';

// SPEC I2, I6, I7: of a number that every side adds to, each addition is in the total once, in whatever order it is read.

const sides = [a, b, c, d];
const worldOf = (count: number, start = '10', hasTokens = true): World => {
  const some = sides.slice(0, count);
  const unit = unitOf('u', either({ kind: 'delta' }), { sides: some, as: 'decimal', same: 'decimal' });
  const records = Object.fromEntries(some.map((side) => [side, { id: 'k', u: start }]));
  return agreedWorld({ rules: rulesOf({ sides: some, units: [unit] }), records, hasTokens });
};
const two = (): World => worldOf(2);
/** The same number in two spellings is one: numbers are compared as numbers. */
const number = (value: unknown): string | null => canonicalDecimal(String(value));
const agreed = (world: World): string | null => number(registerOf(world.state, u).value);

/** What happens to a number: a side adds to it, is read, or gets its write. Numbers are hundredths, so that sums are exact. */
type Happening = { readonly side: number; readonly what: 'add' | 'read' | 'deliver'; readonly by: number };
const happenings = (
  by: fc.Arbitrary<number> = fc.integer({ min: -500, max: 500 }),
): fc.Arbitrary<readonly Happening[]> =>
  fc.array(fc.record({ side: fc.nat(3), what: fc.constantFrom('add', 'add', 'read', 'deliver'), by }), {
    maxLength: 25,
  });

function hundredths(value: number): string {
  const text = String(Math.abs(value)).padStart(3, '0');
  return `${value < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}

/** Plays what happens, and says what was added altogether. */
function happen(start: World, all: readonly Happening[], isRead = true): { world: World; added: number } {
  let world = start;
  let added = 0;
  const names = start.rules.sides.map(({ name }) => name);
  for (const { side, what, by } of all) {
    const name = names[side % names.length] as SideName;
    if (what === 'deliver') world = deliver(world, name, 'answered');
    if (what === 'read' && isRead) world = read(world, name);
    if (what !== 'add') continue;
    const held = Math.round(Number(valueAt(world, name)) * 100);
    world = edit(world, name, { id: 'k', u: hundredths(held + by) });
    added += by;
  }
  return { world, added };
}

describe('the total', () => {
  test('is what was there and everything that was added, whoever is read or written when', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), happenings(), (count, all) => {
        const { world, added } = happen(worldOf(count), all);
        const healed = heal(world);
        const total = number(hundredths(1000 + added));
        expect(sides.slice(0, count).map((side) => number(valueAt(healed, side)))).toEqual(Array(count).fill(total));
        expect(agreed(healed)).toBe(total);
        expect(healed.questions).toEqual({});
      }),
      { numRuns: 300 },
    );
  });

  test('is the same when readings in between are missed', () => {
    fc.assert(
      fc.property(happenings(), (all) => {
        const [seen, missed] = [happen(worldOf(3), all), happen(worldOf(3), all, false)];
        expect(agreed(heal(missed.world))).toBe(number(hundredths(1000 + missed.added)));
        expect(agreed(heal(seen.world))).toBe(number(hundredths(1000 + seen.added)));
      }),
      { numRuns: 100 },
    );
  });

  test('moves by the same number that both sides typed twice', () => {
    expect(outcome(play(two(), 'a=13 b=13 a? b?'))).toBe('16 > a b');
  });

  test('keeps what a person typed where they had seen everything, and loses no digit', () => {
    const typed = play(two(), 'a=13.50 a?');
    expect(registerOf(typed.state, u).value).toBe('13.50');
    const long = '12345678901234567890.00000000000000000001';
    expect(agreed(play(two(), `a=${long} b=11 a? b?`))).toBe('12345678901234567891.00000000000000000001');
  });

  test('says in the ledger what each side added', () => {
    const { facts } = play(two(), 'a=13 b=8.5 a? b?');
    const details = facts.filter(({ kind }) => kind === 'edited').map(({ side, detail }) => [side, detail['units']]);
    expect(details.slice(-2)).toEqual([
      [a, { u: { from: '10', to: '13', how: 'dominates', added: '+3' } }],
      [b, { u: { from: '10', to: '8.5', how: 'concurrent', added: '-1.5' } }],
    ]);
  });

  test('is what the ledger folds to, with its vectors', () => {
    fc.assert(
      fc.property(happenings(), (all) => {
        const { world } = happen(worldOf(3), all);
        const [{ values, vv }, register] = [foldOf(world), registerOf(world.state, u)];
        expect([values[u], vv[u]]).toEqual([register.value, register.vv]);
      }),
      { numRuns: 50 },
    );
  });
});

/** The fold of what was stated; contexts that deliveries proved stand in receipts, which these worlds do not keep. */
function foldOf(world: World): Folded {
  let folded = emptyFold;
  for (const { effects, detail, ...fact } of world.facts) {
    const values = { ...folded.values };
    for (const { unit, after, vvAfter } of effects) if (Object.keys(vvAfter).length > 0) values[unit] = after;
    const patch = patchBetween(folded.values, values);
    const next = foldEntry(
      folded,
      fact as unknown as LedgerEntry,
      { patch, effects, detail } as unknown as LedgerPayload,
    );
    if (typeof next === 'string') throw new Error(next);
    folded = next;
  }
  return folded;
}

describe('a lost answer', () => {
  test.for([
    ['lost on the way, and nothing happened', 'a=13 a? b!> b? b!', '13 > b', '13'],
    ['lost on the way, and b added 3 itself', 'a=13 a? b!> b=13 b? b!', '13|16 asked', null],
    ['lost on the way, and b added 5 itself', 'a=13 a? b!> b=15 b? b!', '15|18 asked', null],
    ['lost after it landed', 'a=13 a? b!< b? b!', '13|16 asked', null],
    ['lost after it landed, and b took it back', 'a=13 a? b!< b=10 b? b!', '10|13 asked', null],
  ] as const)('%s: what is not certain is asked', ([, steps, result, end]) => {
    const world = play(two(), steps);
    expect(outcome(world)).toBe(result);
    if (end !== null) expect(number(valueAt(heal(world), b))).toBe(end);
  });

  test('what is added while a person is asked is in each of the totals, and in their answer', () => {
    const asked = play(two(), 'a=13 a? b!< b! a=15 a? b=14 b?');
    expect(outcome(asked)).toBe('16|19 asked');
    const note = asked.questions['u/clash']?.note;
    expect(note).toBe(
      'The total is 16 or 19. ' +
        'It is not known whether a write had arrived when a side was read again, so what was added there is not clear.',
    );
    const unit = asked.rules.units[0] as UnitRules;
    const choice = { value: '16', rule: 'a value was typed' };
    const { state, fact } = decideUnit({ entity: e, state: asked.state, hub: hubAt(asked) }, unit, choice, jo);
    const decided = settleOnce({ ...asked, state, facts: [...asked.facts, fact], questions: {} });
    expect(outcome(decided)).toBe('16 > a b');
    // Whoever adds before the answer is written adds to what they have.
    const healed = heal(play(decided, 'b=15 b?'));
    expect([valueAt(healed, a), valueAt(healed, b)].map(number)).toEqual(['17', '17']);
  });

  test('the same without tokens: a value that did not move proves nothing', () => {
    expect(outcome(play(worldOf(2, '10', false), 'a=13 a? b!> b? b!'))).toBe('10|13 asked');
  });
});
const jo = { name: 'jo', note: null };

describe('what is no number', () => {
  test.for([
    ['a blank is put back', 'a=~ a?', '10 > a'],
    ['a word is put back', 'a=many a?', '10 > a'],
    ['a number over a blank, before it was put back, is asked', 'a=~ a? a=12 a?', '10|12 asked'],
    ['a number over a blank, after it was put back, is added', 'a=~ a? a! a=12 a?', '12 > b'],
  ] as const)('%s', ([, steps, result]) => {
    const world = play(two(), steps);
    expect(outcome(world)).toBe(result);
  });

  test('what was put back stands in the ledger', () => {
    expect(isKept(play(two(), 'a=many a?'), 'many')).toBe(true);
  });

  test.for([
    ['a blank begins', null, '5', 'a? b?', '5 > a'],
    ['two that began at once are asked', null, null, 'a? b? a=5 b=6 a? b?', '5|6 asked'],
    ['two that began at once with the same agree', null, null, 'a? b? a=5 b=5 a? b?', '5'],
    ['a word beside a number is asked', 'many', '5', 'a? b?', 'many|5 asked'],
  ] as const)('first contact: %s', ([, first, second, steps, result]) => {
    const { rules } = two();
    const world = newWorld({ rules, records: { [a]: { id: 'k', u: first }, [b]: { id: 'k', u: second } } });
    expect(outcome(play(world, steps))).toBe(result);
  });
});

test('a record that is back with another number began anew: nobody added the difference', () => {
  const world = play(two(), 'b=- b? b=4 b?');
  expect(outcome(world)).toBe('10|4 asked');
});

test('after our own database was put back a change there may be our own write, and is asked', () => {
  const world = play(two(), 'a=13 a?');
  const restored: World = { ...world, rules: world.rules, state: withoutIntents(world.state, () => false) };
  const real = edit(edit(restored, a, { id: 'k', u: '13' }), b, { id: 'k', u: '13' });
  const hub = { ...hubAt(real), epoch: 2 };
  const snapshot = { key: k, fields: { id: 'k', u: '13' }, token: 'later' };
  const times = { readTick: 99, readAtMs: 99_000, beganAtMs: 99_000, complete: null };
  const { state, facts } = observe(e, real.state, hub, b, { snapshot, ...times });
  expect(registerOf(state, u)).toMatchObject({ value: '13', status: 'unsettled' });
  expect(facts.at(-1)?.detail).toMatchObject({ units: { u: { from: '10', to: '13', how: 'concurrent' } } });
});

test('a side that rounds is an image: the hub keeps every digit, and additions are taken of images', () => {
  const world = play(two(), 'a=12.345 a?');
  const rounded = { ...world, writes: world.writes.map((write) => write && { ...write, fields: { u: '12.35' } }) };
  const image = play(rounded, 'b! b?');
  expect([agreed(image), valueAt(image, b)]).toEqual(['12.345', '12.35']);
  expect(outcome(play(image, 'b=13.35 b?'))).toBe('13.345 > a');
});

describe('undo', () => {
  const undone = (world: World, of: (side: SideName | null) => boolean): World => {
    const entries = world.facts.flatMap(({ kind, side, effects }, seq) =>
      kind === 'edited' && of(side) ? effects.map((effect) => ({ seq, effect })) : [],
    );
    const changes = { units: unitChanges(entries), deleted: false, created: [], linked: false };
    const { state, facts, questions } = undo({ entity: e, state: world.state, hub: hubAt(world) }, changes, 'x', jo);
    expect(questions).toEqual([]);
    return settleOnce({ ...world, state, facts: [...world.facts, ...facts] });
  };

  test('takes back what was added, and leaves what others added before, between and after', () => {
    const world = heal(play(two(), 'a=13 b=15 a? b? a=14 a?'));
    expect(agreed(world)).toBe('19');
    expect(outcome(undone(world, (side) => side === a))).toBe('15 > a b');
    expect(outcome(undone(world, (side) => side === b))).toBe('14 > a b');
  });

  test('what is taken back can be taken back', () => {
    const world = heal(play(two(), 'a=13 a?'));
    const before = undone(world, (side) => side === a);
    expect(agreed(before)).toBe('10');
    expect(differences(foldOf(before), before.state).filter((what) => /value|vector/.test(what))).toEqual([]);
  });
});

test('additions in turn are no loop', () => {
  let world = two();
  for (let turn = 0; turn < 12; turn += 1) world = heal(play(world, `${turn % 2 === 0 ? 'a' : 'b'}=${11 + turn}`));
  expect([agreed(world), world.questions]).toEqual(['22', {}]);
});
