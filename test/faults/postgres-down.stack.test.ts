import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { healthOf } from '../../src/api/health-word.js';
import { pairId } from '../../src/core/ids.js';
import { startPostgres } from '../../src/dev/postgres.js';
import { keepPostgres } from '../../src/dev/postgres-keeper.js';
import { freshDatabase } from '../support/postgres.js';
import { silentLog } from '../support/silent-log.js';
import { temporalAddress } from '../support/temporal.js';
import { eventually } from '../workflows/stage.js';
import { openHub } from './hub.js';
import { Journal } from './journal.js';
import { startPeople } from './people.js';
import { prove } from './proof.js';

const records = 1_000;

async function serverFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-down-'));
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, '.parley');
}

test('our own Postgres killed in the middle of everything: it comes back, and nothing that was said is forgotten', async () => {
  const server = await keepPostgres({ folder: await serverFolder(), port: 0, log: silentLog });
  onTestFinished(() => server.stop());
  const ownerUrl = await server.ensureDatabase({ name: 'parley', owner: 'parley_owner', users: ['parley_app'] });
  const appUrl = await server.url('parley', 'parley_app');
  const crmDatabase = await freshDatabase();
  onTestFinished(() => crmDatabase.drop());
  const hub = await openHub({
    records,
    hub: { ownerUrl, appUrl },
    crmUrl: crmDatabase.url,
    temporalAddress: temporalAddress(),
  });
  onTestFinished(() => hub.close());
  hub.startWorker();
  await hub.firstContact();

  const journal = new Journal();
  const failures: unknown[] = [];
  const people = startPeople(hub, journal, { records, seed: 2, onFailure: (error) => failures.push(error) });
  for (const afterMs of [1_700, 2_300, 3_100]) {
    await sleep(afterMs);
    const before = server.pid();
    if (before === undefined) throw new Error('there is no server to kill');
    process.kill(before, 'SIGKILL');
    await eventually('it is started again', () => ![undefined, before].includes(server.pid()));
    const { tick } = await hub.api.store.pair(hub.pair);
    await eventually('the pair carries on', async () => (await hub.api.store.pair(hub.pair)).tick > tick);
  }
  await people.stop();
  expect(failures).toEqual([]);
  await hub.settled();
  await prove(hub, journal, records);
});

test('the database of one side is away for a while: its pair says so and recovers by itself, the other pair goes on', async () => {
  const folder = await serverFolder();
  let server = await startPostgres({ folder, port: 0, log: silentLog });
  const { port } = server;
  onTestFinished(() => server.stop());
  const crmUrl = await server.ensureDatabase({ name: 'crm', owner: 'crm' });
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  const hub = await openHub({ records, hub: database, crmUrl, temporalAddress: temporalAddress() });
  onTestFinished(() => hub.close());
  const neighbour = await twoFiles(hub.folder);
  hub.startWorker();
  await hub.firstContact();
  await hub.firstContact(neighbour.pair);

  const journal = new Journal();
  const health = async (pair = hub.pair) => healthOf(await hub.api.readModel.pairStatus(pair), 1);
  await hub.crm.edit({ key: '1', unit: 'name', value: journal.value('crm', 'name') }, journal);
  await server.stop();
  hub.erp.save({ wishes: [{ key: '2', unit: 'name', value: journal.value('erp', 'name') }] }, journal);
  await eventually('the pair says that it cannot go on', async () => (await health()).word === 'Stopped');
  expect((await health()).reason).toMatch(/127\.0\.0\.1/);
  expect((await health()).reason).not.toMatch(/postgres:\/\//);

  for (const name of ['North', 'South']) {
    await neighbour.rename(name);
    await eventually('the other pair goes on', async () => (await neighbour.other()).includes(name));
  }
  const isWell = async (): Promise<boolean> => (await health(neighbour.pair)).word === 'Healthy';
  await eventually('the other pair has heard that its write was made', isWell);

  server = await startPostgres({ folder, port, log: silentLog });
  expect(server.port).toBe(port);
  // Nobody tells the pair: it looks again by itself.
  await eventually('the pair is well again', async () => (await health()).word === 'Healthy');
  await hub.settled();
  await prove(hub, journal, records);
});

/** A pair between two files, in the same workspace. */
async function twoFiles(folder: string) {
  const [left, right] = ['left', 'right'].map((name) => join(folder, 'data', `${name}.csv`)) as [string, string];
  const content = (name: string): string => `id,name\n1,${name}\n`;
  for (const file of [left, right]) await writeFile(file, content('Ada'));
  const pair = pairId(
    `n${folder
      .slice(-6)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, 'x')}`,
  );
  await writeFile(
    join(folder, 'pairs', `${pair}.yaml`),
    `pair: ${pair}
about: Two files beside each other.
owner: data
systems:
  left: { object: erp/left.csv, key: id }
  right: { object: erp/right.csv, key: id }
match: [ left.id = right.id ]
masters:
  either:
    name: { left: name, right: name, same: exact }
creates: { left: copy, right: copy }
deletes: { left: ask, right: ask }
run: { every: 1s }
`,
  );
  return { pair, rename: (name: string) => writeFile(left, content(name)), other: () => readFile(right, 'utf8') };
}
