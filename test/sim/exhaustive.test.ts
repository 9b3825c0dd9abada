import { expect, test } from 'vitest';
import { searchAll, searchCrashes, smallScopes } from './exhaustive.js';

// SPEC I1, I2, I3, I8, I10, I16, I17, I22: every small world, and a turn killed at each place where it waits.

/** Steps in a row: two take seconds here, four are what `npm run sim:ci` looks at. */
const depth = 2;

const quick = smallScopes.filter(
  ({ name, unit, side }) => unit.kind === 'prefer' || side?.inert !== undefined || name === 'a person is asked',
);

test.for(quick)('$name: every world of two steps keeps its promises', async (scope) => {
  const { worlds, violation, path } = await searchAll(scope, depth);
  expect([violation, path]).toEqual([null, []]);
  expect(worlds).toBeGreaterThan(80);
});

test.for(smallScopes.slice(0, 1))('$name: a turn that is killed anywhere is taken up', async (scope) => {
  const { worlds, violation, path } = await searchCrashes(scope, [null]);
  expect([violation, path]).toEqual([null, []]);
  expect(worlds).toBeGreaterThan(150);
});
