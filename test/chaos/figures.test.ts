import { expect, test } from 'vitest';
import { sumOf } from './figures.js';
import { outcome } from './outcome.js';

test('the figures of two runs are those of one run of both', () => {
  const both = sumOf([
    outcome({}),
    outcome({
      seed: 2,
      violations: ['lost edit'],
      killed: { 'API at random': 1, 'Temporal at random': 9 },
      writes: 0,
      seconds: { whole: 40, trouble: 5, healing: 5, checking: 1, longestStall: 9 },
      folders: ['chaos-x'],
    }),
  ]);
  expect(both).toMatchObject({
    seed: 1,
    kills: 20,
    killed: { 'API at random': 11, 'Temporal at random': 9 },
    violations: ['lost edit'],
    writes: 240,
    writesPerEdit: 1,
    seconds: { whole: 100, trouble: 25, healing: 15, checking: 3, longestStall: 9 },
    folders: ['chaos-x'],
  });
});

test('of no run there are no figures', () => {
  expect(() => sumOf([])).toThrow('no run');
});
