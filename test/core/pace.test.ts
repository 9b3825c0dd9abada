import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainUnit } from '../../src/core/explain.js';
import { pack, unpack } from '../../src/core/pack.js';
import { registerOf } from '../../src/core/register.js';
import { limitDefaults } from '../../src/core/rules.js';
import type { UnitRules } from '../../src/core/rules.js';
import { standingOf } from '../../src/core/standing.js';
import { a, ask, b, either, rulesOf, u, unitOf } from './sample.js';
import { play } from './steps.js';
import { agreedWorld, settleOnce, valueAt, type World } from './world.js';

// SPEC I22: a unit is written to a side as often within an hour as the file allows; what waits follows by itself.

const hourMs = 3_600_000;
const most = 3;

function start(unitWritesPerHour: number | null): World {
  const units = [unitOf('u', either(ask))];
  const rules = { ...rulesOf({ units }), limits: { unitWritesPerHour } };
  return agreedWorld({ rules, records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } } });
}

const later = (world: World, ms: number): World => settleOnce({ ...world, nowMs: world.nowMs + ms });
const standing = ({ state, rules }: World): string => standingOf(state, rules);
const edits = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `a=v${from + index} a? b!`).join(' ');

describe('a unit that was written to a side as often as the file allows', () => {
  const spent = play(start(most), edits(most));
  const waiting = play(spent, 'a=last a? b!');

  test('is not written before the hour is over, and says so', () => {
    expect(valueAt(spent, b)).toBe('v2');
    expect(standing(spent)).toBe('agreed');
    expect([valueAt(waiting, b), standing(waiting)]).toEqual(['v2', 'paced']);
    const unit = waiting.rules.units[0] as UnitRules;
    expect(explainUnit(unit, registerOf(waiting.state, u), waiting.state).join(' ')).toMatch(
      /b was written 3 times within an hour, which is as often as the file allows; the last change follows by itself after \d\d:\d\d UTC/,
    );
  });

  test('asks nobody, and deciding again within the hour changes nothing', () => {
    expect(waiting.questions).toEqual({});
    const again = later(waiting, hourMs / 2);
    expect(pack(again.state)).toBe(pack(waiting.state));
  });

  test('is written its last value by itself when the hour is over, and has an hour of its own again', () => {
    const after = play(later(waiting, hourMs), 'b!');
    expect([valueAt(after, b), standing(after)]).toEqual(['last', 'agreed']);
    const more = play(after, edits(most, 10));
    expect([valueAt(more, b), standing(more)]).toEqual(['v11', 'paced']);
  });

  test('is agreed when the side types the value itself', () => {
    expect(standing(play(waiting, 'b=last b?'))).toBe('agreed');
  });

  test('keeps its count as text', () => {
    expect(unpack(pack(waiting.state))).toEqual(waiting.state);
  });
});

test('the other direction has a budget of its own', () => {
  const world = play(start(most), `${edits(most)} b=back b? a!`);
  expect([valueAt(world, a), standing(world)]).toEqual(['back', 'agreed']);
});

test('a file without a budget counts nothing', () => {
  const world = play(start(null), edits(20));
  expect([valueAt(world, b), registerOf(world.state, u).paces]).toEqual(['v19', undefined]);
  expect(limitDefaults.unitWritesPerHour).toBeNull();
});

test('whatever the edits and pauses are, no hour sees more writes than its budget from the first one on', () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(minutes, fc.integer({ min: 1, max: 4 }), (pauses, budget) => {
      let world = start(budget);
      const writtenMs: number[] = [];
      for (const [index, pause] of pauses.entries()) {
        const before = world.landed;
        world = play(later(world, pause * 60_000), `b! a=w${index} a? b!`);
        for (let count = before; count < world.landed; count += 1) writtenMs.push(world.nowMs);
      }
      // An hour begins with a write; writes before it belong to the hour before.
      for (let at = 0; at < writtenMs.length; ) {
        const within = writtenMs.slice(at).filter((ms) => ms - (writtenMs[at] as number) < hourMs).length;
        expect(within).toBeLessThanOrEqual(budget);
        at += within;
      }
      // And nothing is lost: when edits end, the last one arrives.
      expect(valueAt(play(later(world, hourMs), 'b!'), b)).toBe(`w${pauses.length - 1}`);
    }),
    { numRuns: 60 },
  );
});
