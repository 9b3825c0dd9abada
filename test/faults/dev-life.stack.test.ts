import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApiClient } from '../../src/contract/api/client.js';
import { openStore } from '../../src/db/postgres-store.js';
import { type Dev, startDev } from '../../src/dev/dev.js';
import type { DevFile } from '../../src/dev/dev-file.js';
import { markOf, type ProcessMark, stillRuns } from '../../src/dev/process-mark.js';
import { silentLog } from '../support/silent-log.js';
import { eventually } from '../workflows/stage.js';
import { type CrmPeople, openCrmPeople } from './crm-people.js';
import { type ErpPeople, openErpPeople } from './erp-people.js';
import { Journal } from './journal.js';
import { pairFile } from './pair-file.js';

const pair = 'suppliers';
const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const { TEMPORAL_ADDRESS: _elsewhere, ...env } = process.env;

let folder: string;
let dev: Dev;
let crm: CrmPeople;
let erp: ErpPeople;
/** Numbers and births of everything that runs, by part; filled anew at each look. */
let marks: Map<string, ProcessMark>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-life-'));
  await Promise.all(['data', 'pairs'].map((name) => mkdir(join(folder, name))));
  await writeFile(
    join(folder, 'connections.yaml'),
    'crm: { connector: postgres, url: env:CRM_URL }\nerp: { connector: csv, folder: ./data }\n',
  );
  await writeFile(join(folder, 'pairs', `${pair}.yaml`), pairFile(pair));
  // Run from source; flags would reach the threads of the worker too, and those cannot load TypeScript.
  await writeFile(
    join(folder, 'cli.mjs'),
    ['dev/end-with-parent.ts', 'main/cli.ts']
      .map((path) => `await import(${JSON.stringify(source(path))});\n`)
      .join(''),
  );
  erp = await openErpPeople(join(folder, 'data', 'suppliers.csv'), 50);
  marks = new Map();
  dev = await startDev({
    folder,
    ports: { postgres: 0, temporal: 0, api: 0 },
    log: silentLog,
    onEvent: (event) => {
      if (event.kind === 'process' && event.event.kind === 'started') void mark(event.event.name, event.event.pid);
    },
    async saveToken({ ownerUrl, hash, name, role }) {
      const store = await openStore({ url: ownerUrl, connectionsMax: 1 });
      await store.saveToken({ hash, name, role });
      await store.close();
    },
    prepare: async (server) => {
      const url = await server.ensureDatabase({ name: 'crm', owner: 'crm' });
      crm = await openCrmPeople(postgres(url, { max: 1, onnotice: () => undefined }), 50);
      return { CRM_URL: url };
    },
    env,
    cli: join(folder, 'cli.mjs'),
    nodeFlags: ['--import', 'tsx'],
  });
});
afterEach(async () => {
  await crm.close();
  await dev.stop();
  await rm(folder, { recursive: true, force: true });
});

async function mark(part: string, pid: number): Promise<void> {
  const found = await markOf(pid);
  if (found !== undefined) marks.set(part, found);
}

/** Servers write their numbers down themselves. */
async function lookAtServers({ database, logs }: DevFile): Promise<void> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  await mark('postgres', Number.parseInt(await read(join(database.dataFolder, 'postmaster.pid')), 10));
  const temporal = /"pid":(\d+)/.exec(await read(join(logs, '..', 'temporal.pid')))?.[1];
  await mark('temporal', Number(temporal));
}

async function firstContact(): Promise<void> {
  const client = createApiClient({ url: dev.file.api.url, token: dev.file.api.token });
  const { id } = await client.plans.request(pair);
  const state = async (): Promise<string> => (await client.plans.show(id)).state;
  await eventually('the plan is ready', async () => (await state()) === 'ready');
  await client.plans.approve(id);
  await eventually('the plan is applied', async () => (await state()) === 'applied');
  await client.pairs.run(pair);
}

test('every part of the stack killed in turn comes back, edits go on in both directions, and nothing is left at the end', {
  timeout: 900_000,
}, async () => {
  await firstContact();
  const journal = new Journal();
  let turn = 0;
  for (const part of ['api', 'worker', 'temporal', 'postgres']) {
    turn += 1;
    await lookAtServers(dev.file);
    const before = marks.get(part);
    if (before === undefined) throw new Error(`${part} is not known`);
    process.kill(before.pid, 'SIGKILL');
    const [name, phone] = [journal.value('crm', 'name'), journal.value('erp', 'phone')];
    erp.save({ wishes: [{ key: `${turn}`, unit: 'phone', value: phone }] }, journal);
    await eventually('people can edit the CRM', () => editCrm(`${turn}0`, name, journal));
    await eventually(`edits are carried over after ${part} was killed`, async () => {
      const rows = await crm.rows().catch(() => []);
      const inCrm = rows.find(({ key }) => key === `${turn}`)?.phone;
      const inErp = erp.rows().find(({ key }) => key === `${turn}0`)?.name;
      return inCrm === phone && inErp === name;
    });
    await eventually('all is ready again', async () => (await ready()) === 200);
    await lookAtServers(dev.file);
    expect(marks.get(part)).not.toEqual(before);
  }
  const client = createApiClient({ url: dev.file.api.url, token: dev.file.api.token });
  expect(await client.pairs.show(pair)).toMatchObject({ openConflictsTotal: 0, agreement: { percent: '100.00' } });

  await dev.stop();
  const left = await Promise.all([...marks].map(async ([part, found]) => ((await stillRuns(found)) ? [part] : [])));
  expect(left.flat()).toEqual([]);
});

async function editCrm(key: string, value: string, journal: Journal): Promise<boolean> {
  try {
    await crm.edit({ key, unit: 'name', value }, journal);
    return true;
  } catch {
    return false;
  }
}

async function ready(): Promise<number> {
  return fetch(`${dev.file.api.url}/ready`).then(
    ({ status }) => status,
    () => 0,
  );
}
