import { expect, test } from 'vitest';
import { changes } from './metamorphic/changes.js';
import { compareSeed } from './metamorphic/compare.js';

// SPEC I5, I6, I7: what should make no difference makes none. `npm run sim:ci` looks at many more worlds.

test.for(changes.map((change) => [change.name, change] as const))(
  'it makes no difference that %s',
  async ([, change]) => {
    let worlds = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const compared = await compareSeed(seed, [change]);
      expect(compared.difference).toBeNull();
      worlds += compared.worlds;
    }
    expect(worlds).toBeGreaterThan(12);
  },
);
