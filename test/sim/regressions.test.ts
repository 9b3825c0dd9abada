import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WorldPlan } from './generate.js';
import { knownDefects } from './known.js';
import { play } from './run-world.js';

// SPEC I1, I2, I3, I4, I14, I15, I23: worlds that once broke a promise, each as small as it could be made.

const folder = join(import.meta.dirname, 'regressions');
const names = readdirSync(folder).map((file) => file.replace('.json', ''));
const worldOfName = (name: string): WorldPlan & { readonly why: string } =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as WorldPlan & { why: string };
const known = new Map(knownDefects.map((defect) => [defect.regression, defect]));

test.for(names.filter((name) => !known.has(name)))('%s does not come back', async (name) => {
  const { violation, outrun, untold, unlisted } = await play(worldOfName(name));
  expect(violation).toBeNull();
  // A write that was given up and came late takes something with it there, and in no other of them.
  expect(outrun > 0).toBe(name.startsWith('late-write-'));
  // So it is with a question about a record that took the place of another one before anybody told.
  expect(untold > 0).toBe(name.startsWith('untold-merge-'));
  // And with an edit that is replaced in a record which was made anew before its delete was listed.
  expect(unlisted > 0).toBe(name.startsWith('unlisted-'));
});

test('what is known to break does break, so that what is fixed leaves the list', async () => {
  for (const { regression, invariant, what } of knownDefects) {
    const { violation } = await play(worldOfName(regression));
    expect([regression, violation?.invariant, violation?.what]).toEqual([
      regression,
      invariant,
      expect.stringMatching(what),
    ]);
  }
  expect([...known.keys()].filter((name) => !names.includes(name))).toEqual([]);
});
