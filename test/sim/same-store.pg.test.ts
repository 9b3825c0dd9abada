import { expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { openStore } from '../../src/db/postgres-store.js';
import type { Store } from '../../src/engine/store.js';
import { appRole, freshDatabase } from '../support/postgres.js';
import { type Difference, dualStore } from './dual-store.js';
import { worldOf } from './generate.js';
import type { Focus } from './options.js';
import { play } from './run-world.js';

// SPEC I5, I11: what the simulator's store in memory answers is what Postgres answers.

/** Worlds with one worker, since a worker that dies within a transaction would leave the real one open. */
const focus = {
  world: { workers: 1, faults: ['lost response', 'lost request', 'partial', 'read', 'expire', 'store lost after'] },
} as const;

const worlds: readonly (readonly [number, string, Focus])[] = [
  ...[1, 2, 3, 5, 8, 13].map((seed) => [seed, 'one pair', focus] as const),
  // SPEC I14: so it is with what one pair asks of another.
  ...[4, 7, 12].map((seed) => [seed, 'two pairs', { ...focus, references: true }] as const),
];

test.for(worlds)('world %i of %s is the same on the store in memory and on Postgres', async ([seed, , kind]) => {
  const database = await freshDatabase();
  await migrate({ ownerUrl: database.ownerUrl, appRole });
  const postgres = await openStore({ url: database.appUrl, wrappingKeys: [Buffer.alloc(32, 9)] });
  const differences: Difference[] = [];
  let asked = 0;
  try {
    const place = {
      startMs: Math.floor(Date.now() / 1000) * 1000,
      wrap: (memory: Store): Store => {
        const both = dualStore(memory, postgres, differences);
        const transact: Store['transact'] = (pair, work) => {
          asked += 1;
          return both.transact(pair, work);
        };
        return { ...both, transact };
      },
    };
    const { violation } = await play(worldOf(seed, kind), { place });
    expect(differences.slice(0, 3)).toEqual([]);
    expect(violation).toBeNull();
    expect(asked).toBeGreaterThan(3);
  } finally {
    await postgres.close();
    await database.drop();
  }
});
