import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.js';
import { tokenHash } from '../../src/api/auth.js';
import { listen, type Serving } from '../../src/api/serve.js';
import { connectMemory } from '../../src/connectors/memory/connector.js';
import { MemorySystem } from '../../src/connectors/memory/system.js';
import { consolePage } from '../../src/console/page.js';
import { type ApiClient, createApiClient, eachRow } from '../../src/contract/api/client.js';
import type { PairEvent } from '../../src/contract/api/events.js';
import { type EntityId, pairId, recordKey, revisionId, sideName, unitName } from '../../src/core/ids.js';
import type { PairRules } from '../../src/core/rules.js';
import { migrate } from '../../src/db/migrate.js';
import { openStore, type PostgresStore } from '../../src/db/postgres-store.js';
import { createEngine } from '../../src/engine/create-engine.js';
import type { Engine } from '../../src/engine/engine.js';
import type { CycleSummary, Hasher, Runner } from '../../src/engine/ports.js';
import { appRole, freshDatabase, type TestDatabase } from '../support/postgres.js';
import { silentLog } from '../support/silent-log.js';

/** One pair over two systems in memory, with the real store and engine behind the real API, asked through the client. */

const pair = pairId('suppliers');
const crm = sideName('crm');
const erp = sideName('erp');
const owner = randomBytes(32).toString('hex');
const viewer = randomBytes(32).toString('hex');

const side = (name: typeof crm): PairRules['sides'][number] => ({
  name,
  connection: name,
  object: 'companies',
  key: ['id'],
  creates: 'copy',
  deletes: 'ask',
});

const rules: PairRules = {
  pair,
  revision: revisionId('0123456789ab'),
  about: 'The companies we buy from.',
  owner: 'data',
  sides: [side(crm), side(erp)],
  units: [
    {
      name: unitName('name'),
      authority: { kind: 'either', policy: { kind: 'ask' }, blank: 'value' },
      paths: { [crm]: ['name'], [erp]: ['title'] },
      as: 'text',
      same: 'exact',
      place: 'pairs/suppliers.yaml:9',
    },
  ],
  match: [{ kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' }],
  run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: null },
};

const sha256 = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const hasher: Hasher = {
  sha256: (text) => sha256(text),
  sha256Node: (prefix, ...hex) => sha256(Buffer.from([prefix]), ...hex.map((text) => Buffer.from(text, 'hex'))),
  nonce: () => randomBytes(16).toString('hex'),
};

const systems = {
  [crm]: new MemorySystem({ key: ['id'], fields: ['id', 'name'] }),
  [erp]: new MemorySystem({ key: ['id'], fields: ['id', 'title'] }),
};
let database: TestDatabase;
let store: PostgresStore;
let engine: Engine;
let serving: Serving;
let client: ApiClient;
const stopping = new AbortController();

beforeAll(async () => {
  database = await freshDatabase();
  await migrate({ ownerUrl: database.ownerUrl, appRole });
  store = await openStore({ url: database.appUrl, wrappingKeys: [Buffer.alloc(32, 9)] });
  await store.saveToken({ hash: tokenHash(owner), name: 'ana', role: 'owner' });
  await store.saveToken({ hash: tokenHash(viewer), name: 'jo', role: 'viewer' });
  await store.beat('worker of the test');
  const revision = { pair, id: rules.revision, rules, text: 'pair: suppliers\n', connections: {} };
  const runner: Runner = {
    ensure: () => Promise.resolve(),
    poke: () => Promise.resolve(),
    runNow: () => cycle(),
    setMode: (_pair, change, by) => engine.setMode({ pair, mode: change === 'hold' ? 'held' : 'active', by }),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  engine = createEngine({
    store,
    readModel: store.readModel,
    connectors: {
      open: (_revision, { name }) => Promise.resolve(connectMemory(systemOf(name))),
      close: () => Promise.resolve(),
    },
    runner,
    hasher,
    log: silentLog,
    loadRevision: () => Promise.resolve(revision),
  });
  const app = createApp({
    engine,
    readModel: store.readModel,
    store,
    runner,
    log: silentLog,
    version: '0.1.0',
    hosts: 'loopback',
    page: consolePage,
    stopping: stopping.signal,
    nowMs: () => Date.now(),
  });
  serving = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  client = createApiClient({ url: `http://127.0.0.1:${serving.port}`, token: owner });

  for (let id = 1; id <= 20; id += 1) {
    systemOf(crm).put({ id: String(id), name: `Company ${id}` });
    systemOf(erp).put({ id: String(id), title: id <= 17 ? `Company ${id}` : `Companie ${id}` });
  }
});

afterAll(async () => {
  stopping.abort();
  await serving?.close();
  await store?.close();
  await database?.drop();
});

function systemOf(name: string): MemorySystem {
  const system = Object.entries(systems).find(([known]) => known === name)?.[1];
  if (system === undefined) throw new Error(`no system ${name}`);
  return system;
}

/** What the pair's workflow does in one turn, in the order that it does it. */
async function cycle(): Promise<CycleSummary> {
  const step = await engine.nextStep({ pair });
  const run = step.run;
  if (step.plan === null) await readAll(run, null);
  else if (step.plan.state === 'applying') {
    await eachPage((after) => engine.applyPlanPage({ plan: step.plan?.id ?? 0, run, after }));
  } else {
    const plan = step.plan.id;
    await readAll(run, plan);
    await eachPage((after) => engine.decidePlanPage({ plan, after }));
    await engine.readyPlan({ plan });
    return engine.endRun({ pair, run, problem: null });
  }
  const { halted } = await engine.checkBrakes({ pair, run });
  const { deliveries } = await engine.nextStep({ pair });
  for (const { id } of halted ? [] : deliveries) await engine.deliverBatch({ pair, delivery: id });
  if (step.plan?.state === 'applying') await engine.finishPlan({ plan: step.plan.id });
  return engine.endRun({ pair, run, problem: null });
}

async function readAll(run: number, plan: number | null): Promise<void> {
  for (const name of [crm, erp]) {
    let more = true;
    while (more) ({ more } = await engine.takePage({ pair, side: name, run, plan }));
  }
}

async function eachPage(page: (after: EntityId | null) => Promise<{ next: EntityId | null }>): Promise<void> {
  let after: EntityId | null = null;
  do {
    const { next }: { next: EntityId | null } = await page(after);
    after = next;
  } while (after !== null);
}

test('before the first plan there is no pair to see', async () => {
  expect(await client.pairs.list()).toEqual({ rows: [] });
  await expect(client.pairs.show('suppliers')).rejects.toMatchObject({ code: 'pair.not_found' });
  expect(await client.server.ready()).toMatchObject({ ready: true });
});

test('a plan is made, shown row by row, approved and applied', async () => {
  const requested = await client.plans.request('suppliers');
  expect(requested).toMatchObject({ state: 'reading', createdBy: 'ana' });
  await expect(client.plans.approve(requested.id)).rejects.toMatchObject({ code: 'plan.not_ready' });
  await cycle();

  const ready = await client.plans.show(requested.id);
  expect(ready).toMatchObject({ state: 'ready', asOf: { crm: expect.stringMatching(/Z$/) } });
  expect(await client.pairs.show('suppliers')).toMatchObject({ state: 'Needs you', mode: 'new' });
  const items = [];
  for await (const item of eachRow((at) => client.plans.items(ready.id, { ...at, limit: 2 }))) items.push(item);
  expect(items.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(['ask 18', 'ask 19', 'ask 20']);

  expect(await client.plans.approve(ready.id)).toMatchObject({ state: 'applying', approvedBy: 'ana' });
  await cycle();
  expect(await client.plans.show(ready.id)).toMatchObject({ state: 'applied' });
  await expect(client.plans.approve(ready.id)).rejects.toMatchObject({ code: 'plan.already_applied' });
  expect(await client.pairs.show('suppliers')).toMatchObject({
    state: 'Needs you',
    mode: 'active',
    openConflicts: { clash: 3 },
    agreement: { agreed: 17, of: 20, percent: '85.00' },
    revision: { active: rules.revision, differs: false },
  });
});

test('an edit travels, and is explained where it arrived', async () => {
  // A pass over both sides confirms that each holds what the other one has; the edit comes after it.
  expect(await client.pairs.run('suppliers')).toMatchObject({ edited: 0, written: 0, problem: null });
  systemOf(erp).edit(recordKey('1'), { title: 'Company One' });
  expect(await client.pairs.run('suppliers')).toMatchObject({ edited: 1, written: 1 });
  expect(systemOf(crm).get(recordKey('1'))?.fields).toMatchObject({ name: 'Company One' });

  const record = await client.records.show('suppliers', 'crm', '1');
  expect(record).toMatchObject({
    keys: { crm: '1', erp: '1' },
    units: [{ unit: 'name', agreed: 'Company One', from: { side: 'erp' }, place: 'pairs/suppliers.yaml:9' }],
  });
  const place = { pair: 'suppliers', side: 'crm', key: '1' };
  const history = await client.records.ledger(place);
  expect(history.rows.map(({ kind }) => kind)).toContain('edited');
  const edit = history.rows.find(({ seq }) => seq === record.units[0]?.from?.seq);
  expect(edit?.payload?.effects).toMatchObject([{ unit: 'name', after: 'Company One' }]);
  expect((await client.records.deliveries(place)).rows).toMatchObject([
    { side: 'crm', fields: { name: 'Company One' } },
  ]);
});

test('a question is shown with its record and decided once, by whoever saw its present state', async () => {
  const open = await client.conflicts.list({ pair: 'suppliers', limit: 1 });
  expect(open.next).not.toBeNull();
  const { conflict, record } = await client.conflicts.show(open.rows[0]?.id ?? 0);
  expect(record?.keys).toMatchObject({ crm: expect.any(String), erp: expect.any(String) });
  expect(Object.keys(conflict.sides).sort()).toEqual(['crm', 'erp']);
  const key = recordKey(record?.keys['erp'] ?? '');

  const choice = { kind: 'keep', side: 'crm' } as const;
  await expect(client.conflicts.decide(conflict.id, { vv: 'crm#1:99', choice })).rejects.toMatchObject({
    code: 'conflict.changed',
  });
  const decided = await client.conflicts.decide(conflict.id, { vv: conflict.vv, choice, note: 'by phone' });
  expect(decided.conflict).toMatchObject({ state: 'decided', decidedBy: 'ana', choice });
  await expect(client.conflicts.decide(conflict.id, { vv: conflict.vv, choice })).rejects.toMatchObject({
    code: 'conflict.already_decided',
  });
  await client.pairs.run('suppliers');
  expect(systemOf(erp).get(key)?.fields['title']).toBe(systemOf(crm).get(key)?.fields['name']);
});

test('questions are grouped, and a shape is decided after a look at what that would do', async () => {
  const groups = await client.conflicts.groups({ pair: 'suppliers' });
  expect(groups.rows.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  for (const group of groups.rows) {
    const request = { like: group.exampleId, choice: { kind: 'keep', side: 'crm' } as const };
    const preview = await client.conflicts.decideAlike({ ...request, dryRun: true });
    expect(preview).toMatchObject({ alike: group.count, writes: { erp: group.count } });
    expect((await client.conflicts.show(group.exampleId)).conflict.state).toBe('open');
    await client.conflicts.decideAlike({ ...request, dryRun: false });
  }
  await client.pairs.run('suppliers');
  expect(await client.pairs.show('suppliers')).toMatchObject({
    state: 'Healthy',
    openConflictsTotal: 0,
    agreement: { percent: '100.00' },
  });
});

test('a pair that is held reads and does not write, and the reader of events sees it happen', async () => {
  const reading = new AbortController();
  const watcher = createApiClient({ url: `http://127.0.0.1:${serving.port}`, token: viewer, signal: reading.signal });
  const seen: PairEvent[] = [];
  const watching = (async () => {
    for await (const event of watcher.pairs.events('suppliers')) {
      seen.push(event);
      if (event.event === 'entry' && event.entry.kind === 'edited') reading.abort();
    }
  })();
  await expect.poll(() => seen.length).toBeGreaterThan(0);

  expect(await client.pairs.change('suppliers', 'hold')).toMatchObject({ mode: 'held', state: 'Held' });
  systemOf(crm).edit(recordKey('2'), { name: 'Company Two' });
  await client.pairs.run('suppliers');
  expect(systemOf(erp).get(recordKey('2'))?.fields['title']).toBe('Company 2');
  await watching;
  const states = seen.flatMap((event) => (event.event === 'status' ? [event.status.mode] : []));
  expect(states).toEqual(expect.arrayContaining(['active', 'held']));
  await expect(watcher.pairs.change('suppliers', 'resume')).rejects.toBeInstanceOf(Error);
});

test('the ledger is paged, newest first, and verifies', async () => {
  const entries = [];
  for await (const entry of eachRow((at) => client.pairs.ledger('suppliers', { ...at, limit: 7 }))) entries.push(entry);
  const { ledgerSize } = await client.pairs.show('suppliers');
  expect(entries.map(({ seq }) => seq)).toEqual(
    Array.from({ length: ledgerSize }, (_, index) => ledgerSize - 1 - index),
  );
  expect(await client.pairs.verifyLedger('suppliers')).toMatchObject({ ok: true, entries: ledgerSize, problems: [] });
});

test('a full comparison tells what differs and why', async () => {
  const events = [];
  for await (const event of client.pairs.verify('suppliers')) events.push(event);
  expect(events.at(-1)).toMatchObject({ event: 'result', result: { ok: true, unexplained: [] } });
});

test('runs are listed with what they did', async () => {
  const { rows } = await client.runs.list({ pair: 'suppliers' });
  expect(rows.length).toBeGreaterThan(2);
  expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted((a, b) => b - a));
});

test('a viewer sees everything and changes nothing', async () => {
  const jo = createApiClient({ url: `http://127.0.0.1:${serving.port}`, token: viewer });
  expect((await jo.pairs.list()).rows).toHaveLength(1);
  await expect(jo.plans.request('suppliers')).rejects.toMatchObject({ code: 'auth.refused' });
  await expect(jo.pairs.run('suppliers')).rejects.toMatchObject({ code: 'auth.refused' });
});
