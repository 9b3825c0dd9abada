import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { pairId } from '../../src/core/ids.js';
import { migrate } from '../../src/db/migrate.js';
import { compose } from '../../src/main/compose.js';
import { readEnvironment } from '../../src/main/environment.js';
import { pairWorkflowId } from '../../workflows/messages.js';
import { appRole, freshDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';
import { eventually } from '../workflows/stage.js';

const records = 3_000;
const program = fileURLToPath(new URL('./worker-program.ts', import.meta.url));

/** A table and a file, the hub between them, and workers as processes. */
async function openHub() {
  const hub = await freshDatabase();
  const crm = await freshDatabase();
  await migrate({ ownerUrl: hub.ownerUrl, appRole });
  const sql = postgres(crm.url, { max: 2, onnotice: () => undefined });
  await sql`create table accounts (assignment text primary key, name text, street text)`;
  await sql`insert into accounts select i::text, 'Company ' || i, 'Street ' || i from generate_series(1, ${records}) i`;
  const folder = await mkdtemp(join(tmpdir(), 'parley-worker-'));
  const pair = pairId(`w${randomBytes(6).toString('hex')}`);
  const file = join(folder, 'data', 'suppliers.csv');
  await mkdir(join(folder, 'data'));
  await mkdir(join(folder, 'pairs'));
  const rows = Array.from({ length: records }, (_, at) => `${at + 1},Company ${at + 1},elsewhere`);
  await writeFile(file, `${['assignment,organization_name,organization_address', ...rows].join('\n')}\n`);
  await writeFile(
    join(folder, 'connections.yaml'),
    'crm: { connector: postgres, url: env:CRM_URL }\nerp: { connector: csv, folder: ./data }\n',
  );
  await writeFile(join(folder, 'pairs', `${pair}.yaml`), pairFile(pair));
  const variables = {
    DATABASE_URL: hub.appUrl,
    TEMPORAL_ADDRESS: temporalAddress(),
    PARLEY_CONFIG: folder,
    PARLEY_HOME: join(folder, '.parley'),
    PARLEY_LOG: 'warn',
    CRM_URL: crm.url,
  };
  const api = await compose(readEnvironment({ ...variables, PARLEY_LOG: 'silent' }), { role: 'api' });
  const workers: ChildProcess[] = [];
  onTestFinished(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await api.runner.client.workflow
      .getHandle(pairWorkflowId(pair))
      .terminate('the test is over')
      .catch(() => undefined);
    await api.close();
    await sql.end();
    await Promise.all([hub.drop(), crm.drop(), rm(folder, { recursive: true, force: true })]);
  });
  const startWorker = (): ChildProcess => {
    const worker = spawn(process.execPath, ['--import', 'tsx', program], {
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    workers.push(worker);
    return worker;
  };
  return { api, pair, sql, file, startWorker };
}

const pairFile = (pair: string): string => `pair: ${pair}
about: The companies we buy from.
owner: data
systems:
  crm: { object: crm/public.accounts, key: assignment }
  erp: { object: erp/suppliers.csv, key: assignment }
match: [ crm.assignment = erp.assignment ]
masters:
  crm: { address: { crm: street, erp: organization_address } }
  either: { name: { crm: name, erp: organization_name } }
creates: { crm: copy, erp: copy }
deletes: { crm: ask, erp: ask }
run: { every: 1s }
`;

test('workers that are killed in the middle of everything lose nothing, and the pair carries on', async () => {
  const { api, pair, sql, file, startWorker } = await openHub();
  let worker = startWorker();
  const killAndReplace = async (): Promise<void> => {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    worker = startWorker();
  };
  const planState = async (id: number) => (await api.store.plan(id))?.state;

  const { plan } = await api.engine.requestPlan({ pair, by: 'ada' });
  await eventually('reading has begun', async () => (await api.store.pair(pair)).tick > 1);
  await killAndReplace();
  await eventually('the plan is ready', async () => (await planState(plan)) === 'ready');
  await api.engine.approvePlan({ plan, by: 'ada' });
  await eventually('a delivery is under way', async () => (await api.store.openDeliveries(pair)).length > 0);
  await killAndReplace();
  await eventually('the plan is applied', async () => (await planState(plan)) === 'applied');
  expect(await readFile(file, 'utf8')).toContain(`\n${records},Company ${records},Street ${records}\n`);

  // A whole cycle confirms what first contact found equal; an edit before it would be a question, and rightly so.
  await api.runner.runNow(pair);

  // Killed a second after each of three changes, wherever it is by then. All of them together are no case for the brakes.
  for (const turn of [1, 2, 3]) {
    await sql`update accounts set name = name || ' ' || ${turn}::text where assignment::int % 20 = ${turn}`;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await killAndReplace();
  }
  const agreed = async (): Promise<boolean> => {
    const text = await readFile(file, 'utf8');
    return [1, 2, 3].every(
      (turn) =>
        text.includes(`\n${turn},Company ${turn} ${turn},`) &&
        text.includes(`\n${records - 20 + turn},Company ${records - 20 + turn} ${turn},`),
    );
  };
  await eventually('every change is carried over', agreed);
  await api.runner.runNow(pair);
  expect(await api.engine.verify({ pair })).toMatchObject({ ok: true, unexplained: [] });
  expect(await api.engine.verifyLedger({ pair })).toMatchObject({ ok: true, problems: [] });
  expect(await api.readModel.workersAlive()).toBeGreaterThan(0);

  worker.kill('SIGTERM');
  const [code] = (await once(worker, 'exit')) as [number | null];
  expect(code).toBe(0);
});
