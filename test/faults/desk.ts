import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { ParleyError } from '../../src/core/errors.js';
import { connectorFactories } from '../../src/connectors/registry.js';
import { type EntityId, type PairId, pairId } from '../../src/core/ids.js';
import { migrate } from '../../src/db/migrate.js';
import { openStore, type PostgresStore } from '../../src/db/postgres-store.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Engine } from '../../src/engine/engine.js';
import type { PairStatus, SetAsideView } from '../../src/engine/read-model.js';
import type { ConflictRow } from '../../src/engine/store.js';
import { createConnectors } from '../../src/main/connectors.js';
import { hasher } from '../../src/main/hasher.js';
import { loadRevision } from '../../src/main/load-revision.js';
import { openQuestions } from '../support/open-questions.js';
import { appRole, freshDatabase } from '../support/postgres.js';
import { absentRunner } from '../support/absent-runner.js';
import { silentLog } from '../support/silent-log.js';
import { type CrmPeople, openCrmPeople } from './crm-people.js';
import { type ErpPeople, openErpPeople } from './erp-people.js';
import { pairFile } from './pair-file.js';

/** A real table, a real file, the real store and engine, in this process and without Temporal. */
export type Desk = {
  readonly pair: PairId;
  readonly folder: string;
  readonly crm: CrmPeople;
  readonly erp: ErpPeople;
  readonly store: PostgresStore;
  readonly engine: Engine;
  /** One cycle as the workflow makes it; what stops it is written down and returned. */
  cycle(): Promise<string | null>;
  /** Two of them: what is missing from a file once is only suspected. */
  cycles(): Promise<string | null>;
  status(): Promise<PairStatus>;
  setAside(): Promise<readonly SetAsideView[]>;
  questions(): Promise<readonly ConflictRow[]>;
  /** A person has a refused write tried again. */
  retry(refused: ConflictRow | undefined): Promise<void>;
  close(): Promise<void>;
};

/** Deletes are carried over without asking, so that a delete that should not be would be seen. */
export async function openDesk(records: number): Promise<Desk> {
  const [hub, crmDatabase] = [await freshDatabase(), await freshDatabase()];
  await migrate({ ownerUrl: hub.ownerUrl, appRole });
  const folder = await mkdtemp(join(tmpdir(), 'parley-desk-'));
  const pair = pairId(`d${randomBytes(6).toString('hex')}`);
  await Promise.all(['data', 'pairs', '.parley'].map((name) => mkdir(join(folder, name))));
  await writeFile(
    join(folder, 'connections.yaml'),
    'crm: { connector: postgres, url: env:CRM_URL }\nerp: { connector: csv, folder: ./data }\n',
  );
  await writeFile(join(folder, 'pairs', `${pair}.yaml`), pairFile(pair, 'delete'));
  const crm = await openCrmPeople(postgres(crmDatabase.url, { max: 1, onnotice: () => undefined }), records);
  const erp = await openErpPeople(join(folder, 'data', 'suppliers.csv'), records);
  const store = await openStore({ url: hub.appUrl, wrappingKeys: [Buffer.alloc(32, 9)] });
  const environment = { configFolder: folder, home: join(folder, '.parley'), variables: { CRM_URL: crmDatabase.url } };
  const connectors = createConnectors({ environment, factoryOf: (kind) => connectorFactories[kind] });
  const engine = createEngine({
    store,
    readModel: store.readModel,
    connectors,
    runner: absentRunner,
    hasher,
    log: silentLog,
    loadRevision: (name) => loadRevision(folder, name),
  });
  await firstContact(engine, pair);
  const desk: Desk = {
    pair,
    folder,
    crm,
    erp,
    store,
    engine,
    cycle: () => cycle(engine, pair),
    cycles: async () => {
      await desk.cycle();
      return desk.cycle();
    },
    status: () => store.readModel.pairStatus(pair),
    setAside: async () => (await store.readModel.setAside(pair, { after: null, limit: 100 })).rows,
    questions: () => openQuestions({ store, pair }),
    async retry(refused) {
      const { id: conflict = 0, vv = '' } = refused ?? {};
      await engine.decide({ conflict, vv, choice: { kind: 'retry' }, by: 'ada', note: null });
    },
    async close() {
      await connectors.close();
      await store.close();
      await crm.close();
      await Promise.all([hub.drop(), crmDatabase.drop(), rm(folder, { recursive: true, force: true })]);
    },
  };
  await desk.cycle();
  return desk;
}

async function firstContact(engine: Engine, pair: PairId): Promise<void> {
  const { plan } = await engine.requestPlan({ pair, by: 'ada' });
  const { run, sides } = await engine.nextStep({ pair });
  for (const side of sides) while ((await engine.takePage({ pair, side, run, plan })).more);
  let after: EntityId | null = null;
  do ({ next: after } = await engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await engine.readyPlan({ plan });
  await engine.approvePlan({ plan, by: 'ada' });
  do ({ next: after } = await engine.applyPlanPage({ plan, run, after }));
  while (after !== null);
  await engine.endRun({ pair, run, problem: null });
  await engine.finishPlan({ plan });
}

async function cycle(engine: Engine, pair: PairId): Promise<string | null> {
  const { run } = await engine.nextStep({ pair });
  let problem: string | null = null;
  try {
    await deliver(engine, pair);
    const { sides } = await engine.nextStep({ pair });
    for (const side of sides) while ((await engine.takePage({ pair, side, run, plan: null })).more);
    await engine.checkBrakes({ pair, run });
    await deliver(engine, pair);
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code === 'internal.bug') throw error;
    problem = error.message;
    await engine.checkBrakes({ pair, run });
  }
  await engine.endRun({ pair, run, problem });
  return problem;
}

async function deliver(engine: Engine, pair: PairId): Promise<void> {
  const tried = new Set<number>();
  for (;;) {
    const { deliveries } = await engine.nextStep({ pair });
    const [next] = deliveries.filter(({ id }) => !tried.has(id));
    if (next === undefined) return;
    tried.add(next.id);
    await engine.deliverBatch({ pair, delivery: next.id });
  }
}
