import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unitName, type SideName } from '../../src/core/ids.js';
import { decideInvariant } from '../../src/core/invariant.js';
import type { Json } from '../../src/core/json.js';
import { scalarText } from '../../src/core/mapping/mapping.js';
import { explainUnit } from '../../src/core/explain.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf } from '../../src/core/register.js';
import type { Authority, Invariant, UnitRules } from '../../src/core/rules.js';
import { standingOf } from '../../src/core/standing.js';
import { a, ask, b, c, e, either, masterA, rulesOf, unitOf } from './sample.js';
import { agreedWorld, deliver, edit, heal, hubAt, read, settleOnce, type World } from './world.js';

// SPEC I23: what sides change never adds up to a record that nobody made and that breaks what the file declares.

const number = { as: 'decimal', isList: false } as const;
const inOrder: Invariant = {
  expression: {
    text: 'starts <= ends',
    variables: { starts: number, ends: number },
    result: { as: 'boolean', isList: false },
  },
  place: 'pairs/p.yaml:9',
};

function start(
  options: { sides?: readonly SideName[]; starts?: Authority; from?: readonly [number, number] } = {},
): World {
  const sides = options.sides ?? [a, b];
  const rest = { sides, as: 'decimal', same: 'decimal' } as const;
  const units: UnitRules[] = [
    unitOf('starts', options.starts ?? either(ask), rest),
    unitOf('ends', either(ask), rest),
    unitOf('note', either(ask), { sides }),
  ];
  const [starts, ends] = options.from ?? [1, 10];
  const record = { id: 'k', starts: String(starts), ends: String(ends), note: 'x' };
  const records = Object.fromEntries(sides.map((side) => [side, record]));
  return agreedWorld({ rules: { ...rulesOf({ sides, units }), invariants: [inOrder] }, records });
}

type Fields = { readonly starts?: string; readonly ends?: string; readonly note?: string };

const textOf = (value: Json | undefined): string => (value == null ? '' : scalarText(value));

function recordOf(world: World, side: SideName): [string, string] {
  const fields = world.real[side]?.fields ?? {};
  return [textOf(fields['starts']), textOf(fields['ends'])];
}

/** What each side holds, as `starts-ends`, and what is asked. */
function outcome(world: World): string {
  const held = world.rules.sides.map(({ name }) => recordOf(world, name).join('-'));
  const asked = Object.values(world.questions).map(({ unit, kind }) => `${kind} ${unit ?? ''}`.trim());
  return [held.join(' '), ...asked].join(' | ');
}

const rows: readonly {
  readonly what: string;
  readonly edits: readonly (readonly [SideName, Fields])[];
  readonly result: string;
  readonly options?: Parameters<typeof start>[0];
}[] = [
  {
    what: 'edits of different sides that fit together are merged',
    edits: [
      [a, { starts: '5' }],
      [b, { ends: '8' }],
    ],
    result: '5-8 5-8',
  },
  {
    what: 'edits of different sides that break it only together are one question',
    edits: [
      [a, { starts: '5' }],
      [b, { ends: '3' }],
    ],
    result: '5-10 1-3 | invariant',
  },
  {
    what: 'the same, read in the other order',
    edits: [
      [b, { ends: '3' }],
      [a, { starts: '5' }],
    ],
    result: '5-10 1-3 | invariant',
  },
  {
    what: 'what one side breaks by itself is its own business',
    edits: [[a, { starts: '5', ends: '3' }]],
    result: '5-3 5-3',
  },
  {
    what: 'what one side breaks by itself is not asked about because another changed a field that fits',
    edits: [
      [a, { starts: '1', ends: '-4' }],
      [b, { starts: '0' }],
    ],
    result: '0--4 0--4',
  },
  {
    what: 'a unit of a master and one of either side',
    options: { starts: masterA() },
    edits: [
      [a, { starts: '5' }],
      [b, { ends: '3' }],
    ],
    result: '5-10 1-3 | invariant',
  },
  {
    what: 'a blank where a number is compared cannot be told, and says nothing',
    edits: [
      [a, { starts: '' }],
      [b, { ends: '3' }],
    ],
    result: '-3 -3',
  },
  {
    what: 'a third side that changed nothing gets neither',
    options: { sides: [a, b, c] },
    edits: [
      [a, { starts: '5' }],
      [b, { ends: '3' }],
    ],
    result: '5-10 1-3 1-10 | invariant',
  },
  {
    what: 'what can be changed by itself is not written while the other is asked about',
    edits: [
      [a, { starts: '5' }],
      [b, { starts: '2', ends: '3' }],
    ],
    result: '5-10 2-3 | clash starts | invariant',
  },
  {
    what: 'a merge by a rule of values that nobody held breaks it as well',
    options: {
      starts: either({
        kind: 'expression',
        expression: { text: 'max(values)', variables: { values: { as: 'decimal', isList: true } }, result: number },
        otherwise: ask,
      }),
    },
    edits: [
      [a, { starts: '5' }],
      [b, { starts: '4', ends: '4' }],
    ],
    result: '5-10 4-4 | invariant',
  },
];

test.for(rows)('$what', ({ edits, result, options }) => {
  const typed = edits.reduce((world, [side, fields]) => edit(world, side, fields), start(options));
  const seen = edits.reduce((world, [side]) => read(world, side), typed);
  expect(outcome(heal(seen))).toBe(result);
});

const brokenWorld = (): World => {
  const typed = edit(edit(start(), a, { starts: '5', note: 'y' }), b, { ends: '3' });
  return heal(read(read(typed, a), b));
};

test('other units of the record go on, and deciding again says nothing new', () => {
  const world = brokenWorld();
  expect([world.real[b]?.fields?.['note'], standingOf(world.state, world.rules)]).toEqual(['y', 'asked']);
  const again = heal(settleOnce(world));
  expect([again.landed, again.facts.length]).toEqual([world.landed, world.facts.length]);
  expect(unpack(pack(world.state))).toEqual(world.state);
  const [unit] = world.rules.units as [UnitRules];
  expect(explainUnit(unit, registerOf(world.state, unit.name), world.state).join(' ')).toContain(
    'starts <= ends (pairs/p.yaml:9)',
  );
});

test('the question shows both records, and its entry keeps them', () => {
  const world = brokenWorld();
  expect(world.questions['/invariant']).toMatchObject({
    label: 'starts 5 | ends 3',
    sides: { a: { value: { starts: '5', ends: '10' } }, b: { value: { starts: '1', ends: '3' } } },
    rule: 'starts <= ends (pairs/p.yaml:9)',
  });
  expect(world.facts.at(-1)).toMatchObject({
    kind: 'asked',
    detail: { sides: { a: { starts: '5', ends: '10' }, b: { starts: '1', ends: '3' } } },
  });
});

test('an edit that makes it whole closes the question', () => {
  const mended = heal(edit(brokenWorld(), b, { ends: '7' }));
  expect(outcome(mended)).toBe('5-7 5-7');
});

test('an entry says what the side broke by itself', () => {
  const world = read(edit(start(), a, { starts: '50' }), a);
  expect(world.facts.at(-1)).toMatchObject({ kind: 'edited', detail: { breaks: ['starts <= ends (pairs/p.yaml:9)'] } });
  expect(outcome(heal(world))).toBe('50-10 50-10');
});

test('a write that was planned is taken back, and one that is under way finds what it expects changed', () => {
  const planned = read(edit(start(), a, { starts: '5' }), a);
  const raced = deliver(edit(planned, b, { ends: '3' }), b, 'answered');
  expect(outcome(heal(raced))).toBe('5-10 1-3 | invariant');
});

const starts = unitName('starts');
const by = { name: 'ann', note: null };

test('a person chooses one side for the units together', () => {
  const world = brokenWorld();
  const subject = { entity: e, state: world.state, hub: hubAt(world) };
  const decided = decideInvariant(subject, { kind: 'keep', side: b }, by);
  expect(decided?.fact.effects.map(({ unit, after }) => [unit, after])).toEqual([
    ['starts', '1'],
    ['ends', '3'],
  ]);
  expect(decided?.fact.detail['sides']).toMatchObject({ a: { starts: '5', ends: '10' } });
  expect(outcome(heal(settleOnce({ ...world, state: decided?.state ?? world.state, questions: {} })))).toBe('1-3 1-3');
});

test('a person gives a value for one of them; values that break it as well are refused', () => {
  const world = brokenWorld();
  const subject = { entity: e, state: world.state, hub: hubAt(world) };
  expect(decideInvariant(subject, { kind: 'values', values: { [starts]: '4' } }, by)).toBeNull();
  const decided = decideInvariant(subject, { kind: 'values', values: { [starts]: '2' } }, by);
  expect(outcome(heal(settleOnce({ ...world, state: decided?.state ?? world.state, questions: {} })))).toBe('2-3 2-3');
});

const isWhole = ([from, to]: readonly [string, string]): boolean => Number(from) <= Number(to);

type Move = {
  readonly side: SideName;
  readonly act: 'starts' | 'ends' | 'read' | 'write' | 'lose';
  readonly to: number;
};

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    side: fc.constantFrom(a, b, c),
    act: fc.constantFrom('starts', 'ends', 'read', 'read', 'write', 'write', 'lose'),
    to: fc.nat(6),
  }),
  { minLength: 4, maxLength: 24 },
);

/** People edit so that what their own system shows stays whole. */
function make(world: World, { side, act, to }: Move): World {
  if (act === 'read') return read(world, side);
  if (act === 'write') return deliver(world, side, 'answered');
  if (act === 'lose') return deliver(world, side, 'lost after');
  const next = edit(world, side, { [act]: String(to) });
  return isWhole(recordOf(next, side)) ? next : world;
}

test('where every side keeps its own record whole, no write ever makes one that is not', () => {
  fc.assert(
    fc.property(moves, (steps) => {
      steps.reduce(
        (world, step) => {
          const next = make(world, step);
          expect([step.side, ...recordOf(next, step.side)]).toSatisfy(
            ([, from, to]: readonly [string, string, string]) => isWhole([from, to]),
          );
          return next;
        },
        start({ sides: [a, b, c], from: [2, 4] }),
      );
    }),
    { numRuns: 500 },
  );
});

test('whatever happens, sides come to agree or a person is asked', () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const world = heal(heal(steps.reduce(make, start({ sides: [a, b, c], from: [2, 4] }))));
      if (Object.keys(world.questions).length > 0) return;
      expect(new Set([a, b, c].map((side) => recordOf(world, side).join('-'))).size).toBe(1);
    }),
    { numRuns: 300 },
  );
});
