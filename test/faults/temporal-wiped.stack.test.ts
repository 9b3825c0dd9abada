import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal-server.js';
import { pairWorkflowId } from '../../workflows/messages.js';
import { freshDatabase } from '../support/postgres.js';
import { silentLog } from '../support/silent-log.js';
import { eventually } from '../workflows/stage.js';
import { openHub } from './hub.js';
import { Journal } from './journal.js';
import { startPeople } from './people.js';
import { prove } from './proof.js';

const records = 1_000;

test('a Temporal server that is killed, and whose database is deleted, costs nothing: the pair carries on by itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-wiped-'));
  const program = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined } });
  if (program.kind === 'server') throw new Error('this test needs a server of its own');
  const start = (port: number): Promise<TemporalServer> => startTemporal({ folder, program, port, log: silentLog });
  let server = await start(0);
  const { address, port } = server;
  const databases = [await freshDatabase(), await freshDatabase()] as const;
  const hub = await openHub({ records, hub: databases[0], crmUrl: databases[1].url, temporalAddress: address });
  onTestFinished(async () => {
    await hub.close();
    await server.stop();
    for (const database of databases) await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  hub.startWorker();
  await hub.firstContact();
  const workflow = hub.api.runner.client.workflow.getHandle(pairWorkflowId(hub.pair));
  const runIds = [(await workflow.describe()).runId];

  const journal = new Journal();
  const failures: unknown[] = [];
  const people = startPeople(hub, journal, { records, seed: 1, onFailure: (error) => failures.push(error) });
  for (const wipes of [false, true]) {
    await sleep(3_000);
    await server.kill();
    if (wipes) {
      const left = (await readdir(folder)).filter((name) => name.includes('.db'));
      expect(left).not.toEqual([]);
      for (const name of left) await rm(join(folder, name));
    }
    await sleep(2_000);
    server = await start(port);
    expect(server.port).toBe(port);
    const { tick } = await hub.api.store.pair(hub.pair);
    // Nobody asks for anything here: whatever moves is the worker's own doing.
    await eventually('the pair carries on', async () => (await hub.api.store.pair(hub.pair)).tick > tick + 2);
    runIds.push((await workflow.describe()).runId);
  }
  await people.stop();
  expect(failures).toEqual([]);
  expect(runIds[1]).toBe(runIds[0]);
  expect(runIds[2]).not.toBe(runIds[0]);

  await hub.settled();
  await prove(hub, journal, records);
});
