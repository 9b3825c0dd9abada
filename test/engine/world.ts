import postgres from 'postgres';
import { createEvaluate } from '../../src/contract/expression.js';
import { connectMemory } from '../../src/connectors/memory/connector.js';
import { MemorySystem } from '../../src/connectors/memory/system.js';
import {
  pairId,
  recordKey,
  revisionId,
  sideName,
  type EntityId,
  type PairId,
  type SideName,
} from '../../src/core/ids.js';
import type { PairRules } from '../../src/core/rules.js';
import { migrate } from '../../src/db/migrate.js';
import { openStore, type PostgresStore } from '../../src/db/postgres-store.js';
import type { Connector } from '../../src/engine/connector.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Engine } from '../../src/engine/engine.js';
import type { Checkpoints, Marks, Runner } from '../../src/engine/ports.js';
import { absentRunner } from '../support/absent-runner.js';
import { appRole, freshDatabase, type TestDatabase } from '../support/postgres.js';
import { hasher } from '../../src/main/hasher.js';
import { silentLog } from '../support/silent-log.js';

export const crm = sideName('crm');
export const erp = sideName('erp');

/** Two systems in this process, the real store, the real engine; the test is the workflow. */
export type World = {
  readonly pair: PairId;
  readonly crm: MemorySystem;
  readonly erp: MemorySystem;
  readonly store: PostgresStore;
  /** The database, for another process on it. */
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly engine: Engine;
  /** What the file says from now on; the next plan takes it up. */
  use(rules: PairRules): void;
  /** Makes a plan and leaves it ready. */
  plan(): Promise<number>;
  /** Approves it and carries it out. */
  apply(plan: number): Promise<void>;
  planAndApply(): Promise<void>;
  /** One cycle as the workflow makes it; `list` compares keys too. */
  cycle(options?: { list?: boolean }): Promise<void>;
  deliver(): Promise<void>;
  /** Statements as the owner of the database, who may do everything. */
  asOwner<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

export type WorldOptions = {
  readonly rules: PairRules;
  readonly pageSize?: number;
  readonly deletes?: 'feed' | 'listing';
  readonly crmKey?: string;
  /** Whether the ERP shows what it made of a write and knows one that comes again; it does unless told. */
  readonly erpReturnsRecords?: boolean;
  /** A real one, when a real workflow carries the pair. */
  readonly runner?: Runner;
  readonly checkpoints?: Checkpoints;
  readonly marks?: Marks;
  readonly erasureKey?: Buffer;
  /** The hub's clock; the database's own when not given. Entries are dated by it, and so fall into its months. */
  readonly clock?: () => number;
  /** The history is encrypted unless told otherwise. */
  readonly wrappingKeys?: readonly Buffer[];
};

export async function openWorld(options: WorldOptions): Promise<World> {
  const database = await freshDatabase();
  await migrate({ ownerUrl: database.ownerUrl, appRole });
  const opened = await openStore({
    url: database.appUrl,
    erasureKey: options.erasureKey ?? null,
    wrappingKeys: options.wrappingKeys ?? [Buffer.alloc(32, 9)],
  });
  const store = options.clock === undefined ? opened : withClock(opened, options.clock);
  const deletes = options.deletes ?? 'feed';
  const systems = {
    crm: new MemorySystem({ key: ['id'], fields: ['id', 'name', 'phone', 'street', 'city'], deletes }),
    erp: new MemorySystem({
      key: ['id'],
      fields: ['id', 'title', 'phone', 'address'],
      deletes,
      returnsRecords: options.erpReturnsRecords ?? true,
      remembersWrites: options.erpReturnsRecords ?? true,
    }),
  };
  const connectors: { [side: SideName]: Connector } = {
    [crm]: connectMemory(systems.crm),
    [erp]: connectMemory(systems.erp),
  };
  const { pair } = options.rules;
  let rules = options.rules;
  const use = (changed: PairRules): void => {
    rules = changed;
  };
  const engine = createEngine({
    store,
    readModel: store.readModel,
    connectors: {
      open: (_revision, side) => Promise.resolve(connectors[side.name] as Connector),
      close: () => Promise.resolve(),
    },
    runner: options.runner ?? absentRunner,
    hasher,
    evaluate: createEvaluate(),
    log: silentLog,
    loadRevision: () => Promise.resolve({ pair, id: rules.revision, rules, text: '', connections: {} }),
    pageSize: options.pageSize ?? 100,
    checkpoints: options.checkpoints ?? null,
    marks: options.marks ?? null,
  });
  return new EngineWorld({ pair, store, engine, database, use, ...systems });
}

/** The same store, whose transactions are told another time: what they state is dated by it, and Postgres routes it by that. */
function withClock(store: PostgresStore, clock: () => number): PostgresStore {
  return {
    ...store,
    nowMs: () => Promise.resolve(clock()),
    transact: (pair, work) => store.transact(pair, (transaction) => work({ ...transaction, nowMs: clock() })),
  };
}

class EngineWorld implements World {
  readonly pair: PairId;
  readonly crm: MemorySystem;
  readonly erp: MemorySystem;
  readonly store: PostgresStore;
  readonly engine: Engine;
  readonly use: World['use'];
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly #database: TestDatabase;

  constructor(parts: {
    pair: PairId;
    crm: MemorySystem;
    erp: MemorySystem;
    store: PostgresStore;
    engine: Engine;
    database: TestDatabase;
    use: World['use'];
  }) {
    this.pair = parts.pair;
    this.crm = parts.crm;
    this.erp = parts.erp;
    this.store = parts.store;
    this.engine = parts.engine;
    this.use = parts.use;
    this.#database = parts.database;
    this.appUrl = parts.database.appUrl;
    this.ownerUrl = parts.database.ownerUrl;
  }

  async plan(): Promise<number> {
    const { plan } = await this.engine.requestPlan({ pair: this.pair, by: 'test' });
    const { run } = await this.engine.nextStep({ pair: this.pair });
    for (const side of [crm, erp]) while ((await this.engine.takePage({ pair: this.pair, side, run, plan })).more);
    let after: EntityId | null = null;
    do ({ next: after } = await this.engine.decidePlanPage({ plan, after }));
    while (after !== null);
    await this.engine.readyPlan({ plan });
    return plan;
  }

  async apply(plan: number): Promise<void> {
    await this.engine.approvePlan({ plan, by: 'test' });
    const { run } = await this.engine.nextStep({ pair: this.pair });
    let after: EntityId | null = null;
    do ({ next: after } = await this.engine.applyPlanPage({ plan, run, after }));
    while (after !== null);
    await this.deliver();
    await this.engine.endRun({ pair: this.pair, run, problem: null });
    await this.engine.finishPlan({ plan });
  }

  async planAndApply(): Promise<void> {
    await this.apply(await this.plan());
  }

  async cycle({ list = false }: { list?: boolean } = {}): Promise<void> {
    const { run, sides, waiting } = await this.engine.nextStep({ pair: this.pair });
    if (waiting) {
      let after: EntityId | null = null;
      do ({ next: after } = await this.engine.planWaiting({ pair: this.pair, run, after }));
      while (after !== null);
    }
    for (const side of sides) while ((await this.engine.takePage({ pair: this.pair, side, run, plan: null })).more);
    if (list) for (const side of sides) await this.engine.listMissing({ pair: this.pair, side, run, after: null });
    const { halted } = await this.engine.checkBrakes({ pair: this.pair, run });
    if (!halted) await this.deliver();
    await this.engine.endRun({ pair: this.pair, run, problem: null });
  }

  async deliver(): Promise<void> {
    for (let round = 0; round < 5; round += 1) {
      const { deliveries } = await this.engine.nextStep({ pair: this.pair });
      if (deliveries.length === 0) return;
      for (const { id } of deliveries) await this.engine.deliverBatch({ pair: this.pair, delivery: id });
    }
  }

  async asOwner<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = postgres(this.#database.ownerUrl, { max: 1, onnotice: () => undefined });
    try {
      return await work(sql);
    } finally {
      await sql.end();
    }
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.#database.drop();
  }
}

/** The pair of these tests: `name` either, `phone` either, `address` one way from the CRM's two fields. */
export function worldRules(changes: Partial<PairRules> = {}): PairRules {
  return {
    pair: pairId('people'),
    revision: revisionId('r1'),
    about: 'test',
    owner: 'test',
    sides: [
      { name: crm, connection: 'crm', object: 'people', key: ['id'], creates: 'copy', deletes: 'ask' },
      { name: erp, connection: 'erp', object: 'people', key: ['id'], creates: 'copy', deletes: 'ask' },
    ],
    units: [
      {
        name: 'name' as never,
        authority: { kind: 'either', policy: { kind: 'ask' }, blank: 'value' },
        paths: { [crm]: ['name'], [erp]: ['title'] },
        as: 'text',
        same: 'letters',
        place: 'pairs/people.yaml:9',
      },
      {
        name: 'phone' as never,
        authority: { kind: 'either', policy: { kind: 'ask' }, blank: 'value' },
        paths: { [crm]: ['phone'], [erp]: ['phone'] },
        as: 'text',
        same: 'exact',
        place: 'pairs/people.yaml:10',
      },
      {
        name: 'address' as never,
        authority: { kind: 'master', side: crm, stray: 'restore', blank: 'keeps' },
        paths: { [crm]: ['street', 'city'], [erp]: ['address'] },
        as: 'join',
        same: 'words',
        place: 'pairs/people.yaml:7',
      },
    ],
    match: [{ kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' }],
    run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: null },
    ...changes,
  };
}

export const key = recordKey;
