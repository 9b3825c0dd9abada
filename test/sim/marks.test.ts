import { expect, test } from 'vitest';
import { worldOf } from './generate.js';
import { play } from './run-world.js';

// SPEC I15: systems that mark that they made a record, and people who delete records and make others with the same key.

test('worlds with marks keep every promise', async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const { violation } = await play(worldOf(seed, { marks: true }));
    expect([seed, violation]).toEqual([seed, null]);
  }
});

test('a seed without marks is the world that it was, and with them it has the same steps and more', () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const plain = seeds.map((seed) => worldOf(seed));
  const marked = seeds.map((seed) => worldOf(seed, { marks: true }));
  const marksOf = (plans: typeof plain): number =>
    plans.flatMap(({ options }) => options.sides).filter(({ made }) => made !== undefined).length;
  expect([marksOf(plain), marksOf(marked) > 10]).toEqual([0, true]);
  for (const [index, { steps }] of plain.entries()) {
    const all = marked[index]?.steps.map((step) => JSON.stringify(step)) ?? [];
    expect(steps.filter((step) => !all.includes(JSON.stringify(step)))).toEqual([]);
  }
});
