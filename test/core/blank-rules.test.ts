import { describe, expect, test } from 'vitest';
import { a, ask, b, either, masterA, rulesOf, unitOf } from './sample.js';
import { outcome, play } from './steps.js';
import { agreedWorld, heal, valueAt } from './world.js';

// SPEC I2, I12: what a blank says where the file has a word for it; the other rows are in rows.test.ts.

describe('R12: a blank where blanks have rules', () => {
  test.for([
    ['value', 'a=~ a?', '~ > b', null, null],
    ['ignore', 'a=~ a?', 'x', null, 'x'],
    ['fill', 'a=~ a?', 'x > a', 'x', 'x'],
    ['ignore', 'a=~ a? b=z b?', 'z > a', 'z', 'z'],
    ['fill', 'a=~ a? a! b? b=z b?', 'z > a', 'z', 'z'],
    ['ignore', 'b=z b? a=~ a?', 'z', null, 'z'],
    ['fill', 'b=z b? a=~ a?', 'z > a', 'z', 'z'],
  ] as const)('either, blank: %s, after %s → %s', ([blank, steps, result, endA, endB]) => {
    const world = play(
      agreedWorld({
        rules: rulesOf({ units: [unitOf('u', either(ask, blank))] }),
        records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } },
      }),
      steps,
    );
    expect(outcome(world)).toBe(result);
    const healed = heal(world);
    expect([valueAt(healed, a), valueAt(healed, b)]).toEqual([endA, endB]);
  });

  test.for([
    ['keeps', 'a=~ a?', null, 'x'],
    ['clears', 'a=~ a?', null, null],
    ['keeps', 'a=~ a? b=z b?', null, 'z'],
    ['clears', 'a=~ a? b! b=z b?', null, null],
    ['keeps', 'a=~ a? a=y a?', 'y', 'y'],
  ] as const)('master, blank: %s, after %s → %s, %s', ([blank, steps, endA, endB]) => {
    const world = agreedWorld({
      rules: rulesOf({ units: [unitOf('u', masterA('restore', blank))] }),
      records: { [a]: { id: 'k', u: 'x' }, [b]: { id: 'k', u: 'x' } },
    });
    const healed = heal(play(world, steps));
    expect([valueAt(healed, a), valueAt(healed, b)]).toEqual([endA, endB]);
  });
});
