import { expect, test } from 'vitest';
import { compareWithReference } from './reference/compare.js';

// SPEC I1, I3, I9: the engine does what the reference does, which was written from the specification alone.

const seeds = Array.from({ length: 16 }, (_, index) => index + 1);

test('the reference agrees with the engine, after every turn, on what stands, what is asked, and how often was written', async () => {
  const found: unknown[] = [];
  for (const seed of seeds) {
    const differing = await compareWithReference(seed);
    if (differing !== null) found.push([differing.seed, differing.at, differing.what]);
  }
  expect(found).toEqual([]);
});
