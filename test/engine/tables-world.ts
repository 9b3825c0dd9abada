import postgres from 'postgres';
import { openHttp } from '../../src/connectors/http/connector.js';
import { openPostgres } from '../../src/connectors/postgres/connector.js';
import { createEvaluate } from '../../src/contract/expression.js';
import { compileConfig } from '../../src/contract/config/load.js';
import { pairId, type EntityId, type PairId } from '../../src/core/ids.js';
import type { PairRules } from '../../src/core/rules.js';
import { migrate } from '../../src/db/migrate.js';
import { openStore, type PostgresStore } from '../../src/db/postgres-store.js';
import type { Connector, ConnectorSettings } from '../../src/engine/connector.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Engine } from '../../src/engine/engine.js';
import { hasher } from '../../src/main/hasher.js';
import { absentRunner } from '../support/absent-runner.js';
import { appRole, freshDatabase } from '../support/postgres.js';
import { silentLog } from '../support/silent-log.js';

/** Real tables of two systems, here two schemas of one database, in several pairs; the test is the workflow. */
export type TablesWorld = {
  readonly sql: postgres.Sql;
  readonly store: PostgresStore;
  readonly engine: Engine;
  rules(pair: string): PairRules;
  /** Reads every side, decides, and carries it out. */
  planAndApply(pair: string): Promise<void>;
  cycle(pair: string): Promise<void>;
  /** One page of one side, and nothing else. */
  page(pair: string, side: string): Promise<{ readonly more: boolean }>;
  close(): Promise<void>;
};

const connectionsText = (erp: string): string =>
  `crm: { connector: postgres, url: env:CRM }\nerp: { connector: ${erp}, url: env:ERP }\n`;

/** `pairs`: the files by name; they are compiled as `parley check` does it. */
export async function openTables(options: {
  readonly pairs: { readonly [name: string]: string };
  readonly tables: string;
  readonly pageSize?: number;
  /** The ERP is a JSON API at this address, without versions. */
  readonly api?: string;
}): Promise<TablesWorld> {
  const { api } = options;
  const database = await freshDatabase();
  await migrate({ ownerUrl: database.ownerUrl, appRole });
  const store = await openStore({ url: database.appUrl, erasureKey: null });
  const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => undefined });
  await sql.unsafe(`create schema crm; create schema erp; ${options.tables}`);
  const files = Object.entries(options.pairs).map(([name, text]) => ({ file: `pairs/${name}.yaml`, text }));
  const config = compileConfig('/', [
    { file: 'connections.yaml', text: connectionsText(options.api === undefined ? 'postgres' : 'http') },
    ...files,
  ]);
  if (config.problems.length > 0) throw new Error(JSON.stringify(config.problems));
  const all = new Map(config.pairs.map(({ rules }) => [rules.pair, rules]));
  const rules = (name: string): PairRules => all.get(pairId(name)) as PairRules;
  const opened = new Map<string, Promise<Connector>>();
  const engine = createEngine({
    store,
    readModel: store.readModel,
    connectors: {
      open: (_revision, { connection, object, key }) => {
        const settings = { connection, object, key, options: { url: database.ownerUrl }, workFolder: '' };
        const known =
          opened.get(object) ??
          (connection === 'erp' && api !== undefined ? openApi(settings, api) : openPostgres(settings));
        opened.set(object, known);
        return known;
      },
      close: () => Promise.resolve(),
    },
    runner: absentRunner,
    hasher,
    evaluate: createEvaluate(),
    log: silentLog,
    loadRevision: (pair) =>
      Promise.resolve({ pair, id: rules(pair).revision, rules: rules(pair), text: '', connections: {} }),
    pageSize: options.pageSize ?? 100,
  });
  return {
    sql,
    store,
    engine,
    rules,
    planAndApply: (pair) => planAndApply(engine, rules(pair)),
    cycle: (pair) => cycle(engine, pairId(pair)),
    async page(pair, side) {
      const { run } = await engine.nextStep({ pair: pairId(pair) });
      return engine.takePage({ pair: pairId(pair), side: side as never, run, plan: null });
    },
    async close() {
      for (const connector of opened.values()) await (await connector).close();
      await sql.end();
      await store.close();
      await database.drop();
    },
  };
}

/** Whoever does not answer within a second is given up. */
const openApi = (settings: ConnectorSettings, url: string): Promise<Connector> =>
  openHttp({ ...settings, options: { url, timeout: '1s' } });

async function planAndApply(engine: Engine, { pair, sides }: PairRules): Promise<void> {
  const { plan } = await engine.requestPlan({ pair, by: 'test' });
  const { run } = await engine.nextStep({ pair });
  for (const { name: side } of sides) while ((await engine.takePage({ pair, side, run, plan })).more);
  let after: EntityId | null = null;
  do ({ next: after } = await engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await engine.readyPlan({ plan });
  await engine.approvePlan({ plan, by: 'test' });
  const applying = await engine.nextStep({ pair });
  do ({ next: after } = await engine.applyPlanPage({ plan, run: applying.run, after }));
  while (after !== null);
  await deliver(engine, pair);
  await engine.endRun({ pair, run: applying.run, problem: null });
  await engine.finishPlan({ plan });
}

async function cycle(engine: Engine, pair: PairId): Promise<void> {
  const { run, sides } = await engine.nextStep({ pair });
  for (const side of sides) while ((await engine.takePage({ pair, side, run, plan: null })).more);
  await deliver(engine, pair);
  await engine.endRun({ pair, run, problem: null });
}

async function deliver(engine: Engine, pair: PairId): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const { deliveries } = await engine.nextStep({ pair });
    if (deliveries.length === 0) return;
    for (const { id } of deliveries) await engine.deliverBatch({ pair, delivery: id });
  }
}
