import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { type PairId, pairId } from '../../src/core/ids.js';
import { migrate } from '../../src/db/migrate.js';
import { type Composition, compose } from '../../src/main/compose.js';
import { readEnvironment } from '../../src/main/environment.js';
import { pairWorkflowId } from '../../workflows/messages.js';
import { appRole } from '../support/postgres.js';
import { eventually } from '../workflows/stage.js';
import { type CrmPeople, openCrmPeople } from './crm-people.js';
import { type ErpPeople, openErpPeople } from './erp-people.js';
import { pairFile } from './pair-file.js';

const workerProgram = fileURLToPath(new URL('../main/worker-program.ts', import.meta.url));

export type HubPlaces = {
  /** Records that both sides begin with. */
  readonly records: number;
  /** The hub's database as its owner and as the application. */
  readonly hub: { readonly ownerUrl: string; readonly appUrl: string };
  /** The database that holds the CRM's table. */
  readonly crmUrl: string;
  readonly temporalAddress: string;
};

/** The product on real servers: a table and a file, a pair between them, workers as processes that can be killed. */
export type Hub = {
  readonly pair: PairId;
  /** The workspace: connections.yaml, pairs and data. */
  readonly folder: string;
  readonly crm: CrmPeople;
  readonly erp: ErpPeople;
  /** What the API would use: the engine and the read model, in this process. */
  readonly api: Composition;
  startWorker(): ChildProcess;
  /** Plans, approves and waits until both sides agree and that is confirmed. */
  firstContact(pair?: PairId): Promise<void>;
  /** Ends the pair's workflow: Postgres is the truth, so somebody may do this at any time. */
  terminateWorkflow(): Promise<void>;
  /** Waits until nothing is on its way and whole reads have seen everything. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export async function openHub({ records, hub, crmUrl, temporalAddress }: HubPlaces): Promise<Hub> {
  await migrate({ ownerUrl: hub.ownerUrl, appRole });
  const folder = await mkdtemp(join(tmpdir(), 'parley-faults-'));
  const pair = pairId(`f${randomBytes(6).toString('hex')}`);
  await mkdir(join(folder, 'data'));
  await mkdir(join(folder, 'pairs'));
  await writeFile(
    join(folder, 'connections.yaml'),
    'crm: { connector: postgres, url: env:CRM_URL }\nerp: { connector: csv, folder: ./data }\n',
  );
  await writeFile(join(folder, 'pairs', `${pair}.yaml`), pairFile(pair));
  const crm = await openCrmPeople(postgres(crmUrl, { max: 2, onnotice: () => undefined }), records);
  const erp = await openErpPeople(join(folder, 'data', 'suppliers.csv'), records);
  const variables = {
    DATABASE_URL: hub.appUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    PARLEY_CONFIG: folder,
    PARLEY_HOME: join(folder, '.parley'),
    PARLEY_LOG: 'silent',
    CRM_URL: crmUrl,
  };
  const api = await compose(readEnvironment(variables), { role: 'api' });
  const workers: ChildProcess[] = [];
  const workflow = api.runner.client.workflow.getHandle(pairWorkflowId(pair));
  const terminateWorkflow = async (): Promise<void> => {
    await workflow.terminate('on purpose').catch(() => undefined);
  };
  const terminateAll = async (): Promise<void> => {
    const pairs = await api.store.pairs().catch(() => []);
    const { workflow: workflows } = api.runner.client;
    await Promise.allSettled(
      pairs.map(({ pair: name }) => workflows.getHandle(pairWorkflowId(name)).terminate('the test is over')),
    );
  };
  return {
    pair,
    folder,
    crm,
    erp,
    api,
    startWorker() {
      const worker = spawn(process.execPath, ['--import', 'tsx', workerProgram], {
        env: { PATH: process.env['PATH'], ...variables, PARLEY_LOG: process.env['PARLEY_LOG'] ?? 'error' },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      workers.push(worker);
      return worker;
    },
    async firstContact(which = pair) {
      const { plan } = await api.engine.requestPlan({ pair: which, by: 'ada' });
      await eventually('the plan is ready', async () => (await api.store.plan(plan))?.state === 'ready');
      await api.engine.approvePlan({ plan, by: 'ada' });
      await eventually('the plan is applied', async () => (await api.store.plan(plan))?.state === 'applied');
      await settledPair(api, which);
    },
    terminateWorkflow,
    settled: () => settledPair(api, pair),
    async close() {
      for (const worker of workers) if (worker.exitCode === null) worker.kill('SIGKILL');
      await terminateAll();
      await api.close();
      await crm.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Kills it and waits until the system has taken it away. */
export async function killed(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
}

/** Nothing is on its way and a whole cycle found nothing. What keeps it from that is what a test fails with. */
async function settledPair({ runner, store, readModel }: Composition, pair: PairId): Promise<void> {
  const untilMs = Date.now() + 300_000;
  for (;;) {
    const { problem, edited, written, created } = await runner.runNow(pair);
    const { row, standings, openConflicts, lastRun } = await readModel.pairStatus(pair);
    const open = await store.openDeliveries(pair);
    const isDelivered = open.length === 0 && standings.on_its_way === 0 && standings.undecided === 0;
    if (problem === null && edited + written + created === 0 && isDelivered) return;
    if (Date.now() < untilMs) continue;
    const { halt, mode, waiting } = row;
    const seen = { problem, edited, written, created, open, standings, openConflicts, lastRun, halt, mode, waiting };
    throw new Error(`did not settle: ${JSON.stringify(seen)}`);
  }
}
