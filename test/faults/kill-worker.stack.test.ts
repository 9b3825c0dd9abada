import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';
import { eventually } from '../workflows/stage.js';
import { Chance } from './chance.js';
import { killed, openHub } from './hub.js';
import { Journal } from './journal.js';
import { startPeople } from './people.js';
import { prove } from './proof.js';

const records = 2_000;
const kills = Number(process.env['PARLEY_KILLS'] ?? 20);
const seed = Number(process.env['PARLEY_SEED'] ?? Date.now() % 1_000_000);

test(`a worker killed at ${kills} moments while people edit both sides: no edit is lost, no row doubled (PARLEY_SEED=${seed})`, {
  timeout: 600_000 + kills * 30_000,
}, async () => {
  const databases = [await freshDatabase(), await freshDatabase()] as const;
  const hub = await openHub({
    records,
    hub: databases[0],
    crmUrl: databases[1].url,
    temporalAddress: temporalAddress(),
  });
  onTestFinished(async () => {
    await hub.close();
    for (const database of databases) await database.drop();
  });
  let worker = hub.startWorker();
  await hub.firstContact();

  const journal = new Journal();
  const failures: unknown[] = [];
  const people = startPeople(hub, journal, { records, seed, onFailure: (error) => failures.push(error) });
  const chance = new Chance(seed + 2);
  for (let kill = 1; kill <= kills; kill += 1) {
    const { tick } = await hub.api.store.pair(hub.pair);
    await eventually('the worker works', async () => (await hub.api.store.pair(hub.pair)).tick > tick);
    await sleep(chance.whole(0, 1_200));
    await killed(worker);
    // Two out of three times its workflow goes too, so that the next worker need not wait for heartbeats it will miss.
    if (chance.next() < 0.67) await hub.terminateWorkflow();
    worker = hub.startWorker();
  }
  await people.stop();
  expect(failures).toEqual([]);

  await hub.settled();
  const found = await prove(hub, journal, records);
  expect(found.edits).toBeGreaterThan(10 * kills);
  expect(found.asked).toBeGreaterThan(0);
});
