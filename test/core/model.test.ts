import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SideName } from '../../src/core/ids.js';
import type { Authority } from '../../src/core/rules.js';
import { happen, modelOf, wrongEnd, wrongStep, type Event, type Model } from './model.js';
import { a, ask, b, c, either, masterA, newest, preferA, rulesOf, unitOf } from './sample.js';
import { agreedWorld, newWorld } from './world.js';

// SPEC I1, I2, I3, I8, I10: every world of a small size, then random ones of a larger.

const policies: readonly (readonly [string, Authority])[] = [
  ['ask', either(ask)],
  ['prefer', either(preferA)],
  ['newest', either(newest)],
  ['master, restore', masterA('restore')],
  ['master, leave', masterA('leave')],
];

/** Events in a row that are searched through: four take seconds, six (2.9 million worlds) some minutes. */
const searchDepth = Number(process.env['PARLEY_MODEL_DEPTH'] ?? 4);
const answers = ['answered', 'lost before', 'lost after'] as const;
const eventsOf = (sides: readonly SideName[], kinds: readonly Event['kind'][]): readonly Event[] =>
  sides.flatMap((side) => kinds.map((kind) => ({ kind, side })));

function startOf(authority: Authority, sides: readonly SideName[], from: string, hasTokens: boolean): Model {
  const rules = rulesOf({ sides, units: [unitOf('u', authority, { sides })] });
  const records = Object.fromEntries(sides.map((side) => [side, { id: 'k', u: from === 'agreed' ? 'o' : `${side}0` }]));
  return modelOf(
    from === 'agreed' ? agreedWorld({ rules, records, hasTokens }) : newWorld({ rules, records, hasTokens }),
  );
}

/** Visits every world that at most `depth` events lead to, each once a path; returns how many there were. */
function search(start: Model, events: readonly Event[], depth: number): number {
  const problem = wrongEnd(start);
  if (problem !== null) throw new Error(`${problem}, after: ${start.path.join(', ')}`);
  if (depth === 0) return 1;
  let worlds = 1;
  for (const event of events) {
    const next = happen(start, event);
    if (next === null) continue;
    const wrong = wrongStep(start, next);
    if (wrong !== null) throw new Error(`${wrong}, after: ${next.path.join(', ')}`);
    worlds += search(next, events, depth - 1);
  }
  return worlds;
}

const starts = ['agreed', 'first contact'].flatMap((from) => [true, false].map((hasTokens) => ({ from, hasTokens })));

describe.for(starts)('from $from, tokens: $hasTokens', ({ from, hasTokens }) => {
  test.for(policies)(
    '%s: two sides agree or a question is open, and no edit is lost without a trace',
    ([, authority]) => {
      const start = startOf(authority, [a, b], from, hasTokens);
      const whole = search(start, eventsOf([a, b], ['edit', 'read', 'late', ...answers]), searchDepth);
      const torn = search(start, eventsOf([a, b], ['edit', 'read', 'look', 'take', 'answered']), searchDepth);
      expect(whole).toBeGreaterThan(4 ** (searchDepth - 1));
      expect(torn).toBeGreaterThan(4 ** (searchDepth - 1));
    },
  );
});

test('three sides and longer histories keep the same promises', () => {
  const events = eventsOf([a, b, c], ['edit', 'read', 'look', 'take', 'late', ...answers]);
  const arbitraries = [
    fc.constantFrom(...policies),
    fc.constantFrom(...starts),
    fc.array(fc.constantFrom(...events), { maxLength: 24 }),
  ] as const;
  fc.assert(
    fc.property(...arbitraries, ([, authority], { from, hasTokens }, list) => {
      let model = startOf(authority, [a, b, c], from, hasTokens);
      for (const event of list) {
        const next = happen(model, event);
        if (next === null) continue;
        expect(wrongStep(model, next)).toBeNull();
        model = next;
      }
      expect(wrongEnd(model)).toBeNull();
    }),
    { numRuns: 300 },
  );
});
