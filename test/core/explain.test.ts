import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { includes } from '../../src/core/clock/version-vector.js';
import { explainUnit } from '../../src/core/explain.js';
import { contextOf, emptyState, registerOf } from '../../src/core/register.js';
import type { Authority, UnitRules } from '../../src/core/rules.js';
import { standingOf, standings, type Standing } from '../../src/core/standing.js';
import { entityId } from '../../src/core/ids.js';
import { a, ask, b, c, either, masterA, newest, preferA, rulesOf, u, unitOf, type RulesOptions } from './sample.js';
import { randomSteps, run } from './random-steps.js';
import { play } from './steps.js';
import { register, state } from './states.js';
import { agreedWorld, newWorld, valueAt, type World } from './world.js';

// SPEC I21: every state of a unit has sentences, and every state of a record has exactly one standing.

const whenSigned: Authority = {
  kind: 'when',
  condition: { text: 'true', variables: {}, result: { as: 'boolean', isList: false } },
  use: { kind: 'master', side: a, stray: 'restore', blank: 'keeps' },
  else: { kind: 'either', policy: { kind: 'set', removes: 'add_wins', otherwise: ask }, blank: 'fill' },
  onFlip: 'realign',
};
const authorities: readonly Authority[] = [
  either(ask),
  either(preferA),
  either(newest),
  either({ kind: 'highest', monotone: true, otherwise: ask }),
  either({ kind: 'lowest', monotone: false, otherwise: ask }),
  either({ kind: 'set', removes: 'add_wins', otherwise: ask }),
  either({ kind: 'text', by: 'lines', otherwise: ask }),
  either({ kind: 'delta' }),
  whenSigned,
  masterA('restore'),
  masterA('leave'),
  masterA('propose'),
];
const authority = fc.constantFrom(...authorities);
const isSentence = (text: string): boolean => /^\S.*\.$/.test(text) && !/undefined|null|NaN|\[object|#\d/.test(text);

test('every state of every unit is explained in whole sentences without version numbers', () => {
  fc.assert(
    fc.property(authority, register, state, fc.boolean(), (chosen, given, around, three) => {
      const unit = unitOf('u', chosen, { sides: three ? [a, b, c] : [a, b] });
      const sentences = explainUnit(unit, given, around);
      expect(sentences.filter((sentence) => !isSentence(sentence))).toEqual([]);
      for (const side of three ? [a, b, c] : [a, b])
        expect(sentences.slice(2).some((sentence) => new RegExp(`\\b${side}\\b`).test(sentence))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

const start = (chosen: Authority = either(), options: RulesOptions = {}): World =>
  agreedWorld({
    rules: rulesOf({ units: [unitOf('u', chosen)], ...options }),
    records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } },
  });
const sentencesOf = (world: World): string =>
  explainUnit(world.rules.units[0] as UnitRules, registerOf(world.state, u), world.state).join(' ');

test.for<[string, World, string]>([
  ['nothing to do', start(), 'Nothing is undecided.'],
  ['an equal value', start(), 'b already held an equal value; nothing had to be written.'],
  ['a write under way', play(start(), 'a=y a?'), 'A change is on its way to b.'],
  ['received', play(start(), 'a=y a? b!'), 'b has received everything.'],
  ['refused', play(start(), 'a=y a? b!x'), 'b would not have the change.'],
  ['a clash', play(start(), 'a=y b=z a? b?'), 'a had not seen the change of b, and b had not seen the change of a'],
  ['a clash, meanwhile', play(start(), 'a=y b=z a? b?'), 'b keeps its own value meanwhile.'],
  ['a master', start(masterA()), 'a alone decides this; an edit elsewhere is put back (pairs/p.yaml:u).'],
  [
    'a stray edit that was left',
    play(start(masterA('leave')), 'b=y b?'),
    'b keeps its own value; a rule or a person says that it may differ.',
  ],
  [
    'a proposal',
    play(start(masterA('propose')), 'b=y b?'),
    'b proposes another value; a person may grant it, put it back or leave it.',
  ],
  [
    'a proposal, meanwhile',
    play(start(masterA('propose')), 'b=y b?'),
    'b keeps what it proposes until somebody answers.',
  ],
  ['deleted', play(start(), 'a=- a?'), 'a deleted this record.'],
  [
    'first contact',
    play(newWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: 'y' }, [b]: { id: 'k', u: 'z' } } }), 'a? b?'),
    'a and b were linked with different values. They have never agreed; a person is asked.',
  ],
  [
    'new on one side',
    play(newWorld({ rules: rulesOf(), records: { [a]: { id: 'k', u: 'y' }, [b]: null } }), 'a?'),
    'b does not have this record yet.',
  ],
])('%s', ([, world, sentence]) => {
  expect(sentencesOf(world)).toContain(sentence);
});

describe('standings', () => {
  test('every state has one, whatever the state', () => {
    fc.assert(
      fc.property(state, authority, (given, chosen) => {
        const rules = rulesOf({
          sides: [a, b, c],
          units: [unitOf('u', chosen, { sides: [a, b, c] }), unitOf('v', chosen)],
        });
        expect(standings).toContain(standingOf(given, rules));
      }),
      { numRuns: 300 },
    );
  });

  test.for<[Standing, World]>([
    ['agreed', start()],
    ['on_its_way', play(start(), 'a=y a?')],
    ['asked', play(start(), 'a=y b=z a? b?')],
    ['refused', play(start(), 'a=y a? b!x')],
    ['held', play(start(), 'a=- a?')],
    ['gone', play(start(), 'a=- b=- a? b?')],
    ['on_its_way', play(start(either(), { deletes: 'delete' }), 'a=- a?')],
    ['gone', play(start(either(), { deletes: 'delete' }), 'a=- a? b!')],
    ['one_sided', play(start(either(), { deletes: 'ignore' }), 'a=- a?')],
    ['override', play(start(masterA('leave')), 'b=y b?')],
    ['asked', play(start(masterA('propose')), 'b=y b?')],
    ['held', play(newWorld({ rules: rulesOf({ creates: 'ask' }), records: { [a]: { id: 'k', u: 'y' } } }), 'a?')],
    [
      'one_sided',
      play(newWorld({ rules: rulesOf({ creates: 'ignore' }), records: { [a]: { id: 'k', u: 'y' } } }), 'a?'),
    ],
  ])('%s', ([standing, world]) => {
    expect(standingOf(world.state, world.rules)).toBe(standing);
  });

  test('an alias is gone', () => {
    expect(standingOf({ ...emptyState, presence: { kind: 'alias', of: entityId(2) } }, rulesOf())).toBe('gone');
  });

  test('agreed is never said of sides that were last seen with different values', () => {
    fc.assert(
      fc.property(authority, randomSteps([a, b], 20, { deletes: true }), (chosen, steps) => {
        const rules = rulesOf({ units: [unitOf('u', chosen)] });
        const records = { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'y' } };
        for (const world of run(newWorld({ rules, records }), steps)) {
          if (standingOf(world.state, world.rules) !== 'agreed') continue;
          const { sides } = world.state;
          const agreed = registerOf(world.state, u);
          expect([sides[a]?.raws[u] ?? null, sides[b]?.raws[u] ?? null]).toEqual([agreed.value, agreed.value]);
          for (const side of [a, b])
            expect(includes(contextOf(agreed, side), agreed.vv) || agreed.noop[side] !== undefined).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('what really stands at the sides is what was agreed, once they were read', () => {
    const world = play(start(), 'a=y a? b! a? b?');
    expect([standingOf(world.state, world.rules), valueAt(world, a), valueAt(world, b)]).toEqual(['agreed', 'y', 'y']);
  });
});
