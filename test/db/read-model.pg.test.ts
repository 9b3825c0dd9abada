import { afterAll, beforeAll, expect, test } from 'vitest';
import { entityId, pairId, recordKey, revisionId } from '../../src/core/ids.js';
import { standings } from '../../src/core/standing.js';
import type { Page, PageRequest } from '../../src/engine/read-model.js';
import {
  address,
  commit,
  conflict,
  crm,
  delivery,
  entity,
  entry,
  erp,
  name,
  openedStore,
  type OpenedStore,
  savedRevision,
  sealed,
  suppliers,
} from './sample.js';

let opened: OpenedStore;
const model = () => opened.store.readModel;
const other = pairId('customers');
const firstPage = (limit = 100): PageRequest => ({ after: null, limit });

/** 12 records: K01 to K12 in the CRM; the even ones also in the ERP, under another key from K06 on. */
beforeAll(async () => {
  opened = await openedStore();
  await opened.store.saveRevision(savedRevision('r1', other));
  const ids = Array.from({ length: 12 }, (_, index) => index + 1);
  const padded = (id: number) => String(id).padStart(2, '0');
  await commit(opened.store, ({ nowMs }) => ({
    entities: ids.map((id) => entity(id, { standing: id % 3 === 0 ? 'asked' : id % 5 === 0 ? 'held' : 'agreed' })),
    links: ids.flatMap((id) => [
      { side: crm, key: recordKey(`K${padded(id)}`), entity: entityId(id) },
      ...(id % 2 === 0
        ? [{ side: erp, key: recordKey(`${id < 6 ? 'K' : 'E'}${padded(id)}`), entity: entityId(id) }]
        : []),
    ]),
    entries: ids.map((id, seq) => ({
      entry: entry(seq, nowMs, { entity: entityId((id % 4) + 1) }),
      payload: sealed(`${id}`),
    })),
    deliveries: [
      delivery(1, [1, 2, 9], { state: 'done', attempt: 1, createdAtMs: nowMs - 90_000 }),
      delivery(2, [2], { createdAtMs: nowMs - 60_000 }),
      delivery(3, [4, 3, 1], { createdAtMs: nowMs - 30_000 }),
    ],
    intents: [
      {
        delivery: 1,
        entity: entityId(2),
        side: erp,
        kind: 'update',
        units: [name],
        state: 'refused',
        code: 'too_long',
        message: null,
        atMs: nowMs,
      },
    ],
    conflicts: [
      conflict(1, { shape: 'a', label: 'A' }),
      conflict(2, { shape: 'b', label: 'B' }),
      conflict(3, { shape: 'b', label: 'B' }),
      conflict(4, { shape: 'b', label: 'B', unit: address }),
      conflict(5, { shape: 'c', label: 'C', unit: null, kind: 'delete' }),
    ],
    setAside: ['line 1', 'line 2'].map((place) => ({ side: crm, place, reason: 'no key', key: null })),
    run: { id: 1, kind: 'poll', add: { read: 12 }, ended: 'done' },
  }));
  await commit(opened.store, {
    conflicts: [conflict(3, { shape: 'b', label: 'B', revision: revisionId('r2') })],
    run: { id: 2, kind: 'poll', add: { read: 1 } },
  });
  await commit(opened.store, {
    closes: [{ entity: entityId(1), unit: name, kind: 'clash', state: 'decided', decidedBy: 'ada', choice: 'x' }],
  });
});

afterAll(() => opened.close());

/** Reads a list to its end, page by page. */
async function all<Row>(page: (request: PageRequest) => Promise<Page<Row>>, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = null;
  do {
    const next: Page<Row> = await page({ after, limit });
    expect(next.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...next.rows);
    after = next.next;
  } while (after !== null);
  return rows;
}

test('the status of a pair adds up, and is the same alone and in the list', async () => {
  const status = await model().pairStatus(suppliers);
  expect(status).toMatchObject({
    owner: 'data',
    about: 'The companies we buy from.',
    everyMs: 1000,
    sides: [
      { name: crm, connection: 'crm', object: 'things' },
      { name: erp, connection: 'erp', object: 'things' },
    ],
    openConflicts: { clash: 3, delete: 1, create: 0, match: 0, refused: 0 },
    setAside: 2,
    openPlan: null,
    lastRun: { id: 2, result: 'running' },
  });
  expect(Object.keys(status.standings).sort()).toEqual([...standings].sort());
  expect(status.standings).toMatchObject({ agreed: 6, asked: 4, held: 2, gone: 0 });
  expect(status.nowMs - (status.oldestUndeliveredMs ?? 0)).toBeGreaterThanOrEqual(60_000);
  const listed = await model().pairStatuses();
  expect(listed.map(({ row }) => row.pair)).toEqual([other, suppliers]);
  expect({ ...listed[1], nowMs: 0 }).toEqual({ ...status, nowMs: 0 });
  expect(listed[0]).toMatchObject({ oldestUndeliveredMs: null, lastRun: null, setAside: 0 });
  await expect(model().pairStatus(pairId('nobody'))).rejects.toMatchObject({ code: 'pair.not_found' });
});

test('a plan that waits for approval shows in the status', async () => {
  const id = await opened.store.createPlan({ pair: other, revision: revisionId('r1'), by: 'ada' });
  expect((await model().pairStatus(other)).openPlan?.id).toBe(id);
  await opened.store.updatePlan(id, { state: 'ready' });
  expect((await model().pairStatus(other)).openPlan?.state).toBe('ready');
  await opened.store.updatePlan(id, { state: 'applied' });
  expect((await model().pairStatus(other)).openPlan).toBeNull();
});

test.for([1, 2, 3, 100])(
  'records come page by page, each once, with the keys of both sides (pages of %i)',
  async (limit) => {
    const rows = await all(
      (request) => model().records(suppliers, { standing: null, keyPrefix: null }, request),
      limit,
    );
    expect(rows.map((row) => row.entity)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(rows[5]).toMatchObject({ standing: 'asked', keys: { crm: 'K06', erp: 'E06' } });
    expect(rows[0]).toMatchObject({ standing: 'agreed', keys: { crm: 'K01' } });
  },
);

test.for([
  { prefix: 'K0', standing: null, entities: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { prefix: 'E', standing: null, entities: [6, 8, 10, 12] },
  { prefix: 'K1', standing: 'asked', entities: [12] },
  { prefix: 'k', standing: null, entities: [] },
  { prefix: 'K0%', standing: null, entities: [] },
  { prefix: null, standing: 'held', entities: [5, 10] },
  { prefix: '', standing: 'agreed', entities: [1, 2, 4, 7, 8, 11] },
] as const)('records by prefix "$prefix" and standing $standing, each once', async ({ prefix, standing, entities }) => {
  for (const limit of [1, 2, 100]) {
    const rows = await all((request) => model().records(suppliers, { standing, keyPrefix: prefix }, request), limit);
    expect(rows.map((row) => row.entity)).toEqual(entities);
  }
});

test('a record is found by its key on its side only', async () => {
  expect((await model().entityByKey(suppliers, erp, recordKey('E06')))?.id).toBe(6);
  expect(await model().entityByKey(suppliers, crm, recordKey('E06'))).toBeNull();
  expect(await model().entityByKey(other, erp, recordKey('E06'))).toBeNull();
});

test.for([1, 5, 100])('the ledger is read newest first, of all and of one entity (pages of %i)', async (limit) => {
  const whole = await all((request) => model().ledger(suppliers, request), limit);
  expect(whole.map((row) => row.entry.seq)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  const one = await all((request) => model().entityLedger(suppliers, entityId(2), request), limit);
  expect(one.map((row) => row.entry.seq)).toEqual([8, 4, 0]);
});

test('watchers get what came after, oldest first', async () => {
  const since = await model().entriesSince(suppliers, 8, 2);
  expect(since.map((row) => row.entry.seq)).toEqual([9, 10]);
  expect(await model().entriesSince(suppliers, 11, 2)).toEqual([]);
});

test('the deliveries of an entity, newest first, each with its own item and what became of it', async () => {
  const two = await model().entityDeliveries(suppliers, entityId(2), 10);
  expect(two.map(({ id, state, outcome, fields, kind }) => ({ id, state, outcome, fields, kind }))).toEqual([
    { id: 2, state: 'planned', outcome: 'planned', fields: { name: 'new "2"' }, kind: 'update' },
    { id: 1, state: 'done', outcome: 'refused', fields: { name: 'new "2"' }, kind: 'update' },
  ]);
  const one = await model().entityDeliveries(suppliers, entityId(1), 10);
  expect(one.map(({ id, outcome, fields }) => [id, outcome, fields['name']])).toEqual([
    [3, 'planned', 'new "1"'],
    [1, 'landed', 'new "1"'],
  ]);
  // Within the range of delivery 1, but not in its list.
  expect(await model().entityDeliveries(suppliers, entityId(5), 10)).toEqual([]);
  expect(await model().entityDeliveries(suppliers, entityId(2), 1)).toHaveLength(1);
});

test('runs are listed newest first', async () => {
  const runs = await all((request) => model().runs(suppliers, request), 1);
  expect(runs.map(({ id, result }) => [id, result])).toEqual([
    [2, 'running'],
    [1, 'done'],
  ]);
  expect(await all((request) => model().runs(null, request), 1)).toEqual(runs);
});

const anyConflict = { pair: null, state: null, kind: null, unit: null, shape: null };

test.for([1, 2, 100])('questions come in groups, the largest first, then the oldest (pages of %i)', async (limit) => {
  const filter = { ...anyConflict, pair: suppliers, state: 'open' } as const;
  const groups = await all((request) => model().conflictGroups(filter, request), limit);
  expect(
    groups.map(({ kind, unit, shape, label, count, revision }) => [kind, unit, shape, label, count, revision]),
  ).toEqual([
    ['clash', name, 'b', 'B', 2, 'r2'],
    ['clash', address, 'b', 'B', 1, 'r1'],
    ['delete', null, 'c', 'C', 1, 'r1'],
  ]);
  const example = await model().conflict(groups[0]?.exampleId ?? 0);
  expect(example?.entity).toBe(2);
});

test.for([
  { filter: {}, entities: [1, 2, 3, 4, 5] },
  { filter: { state: 'open' }, entities: [2, 3, 4, 5] },
  { filter: { state: 'decided' }, entities: [1] },
  { filter: { kind: 'delete' }, entities: [5] },
  { filter: { unit: address }, entities: [4] },
  { filter: { shape: 'b', unit: name }, entities: [2, 3] },
  { filter: { pair: other }, entities: [] },
] as const)('questions filtered by $filter', async ({ filter, entities }) => {
  for (const limit of [1, 100]) {
    const rows = await all((request) => model().conflicts({ ...anyConflict, ...filter }, request), limit);
    expect(rows.map((row) => row.entity)).toEqual(entities);
  }
});

test('the questions of one entity: open ones first, then what was answered', async () => {
  await commit(opened.store, { conflicts: [conflict(1, { shape: 'later' })] });
  const rows = await model().entityConflicts(suppliers, entityId(1));
  expect(rows.map(({ state, shape }) => [state, shape])).toEqual([
    ['open', 'later'],
    ['decided', 'a'],
  ]);
  expect(await model().conflict(0)).toBeNull();
});

test('rows set aside are listed page by page', async () => {
  const rows = await all((request) => model().setAside(suppliers, request), 1);
  expect(rows.map(({ place }) => place)).toEqual(['line 1', 'line 2']);
});

test('lines of a plan are filtered by kind, unit and by what they would blank', async () => {
  const id = await opened.store.createPlan({ pair: suppliers, revision: revisionId('r1'), by: 'ada' });
  const line = (number: number, unit: typeof name, after: string | string[]) =>
    ({
      entity: entityId(number),
      kind: 'update',
      side: erp,
      key: recordKey('k'),
      label: 'l\u0000',
      unit,
      before: 'b',
      after,
      shape: null,
      rule: 'r',
    }) as const;
  await opened.store.savePlanItems(id, [
    line(1, name, 'x'),
    line(2, name, ' '),
    line(3, address, ['', '']),
    line(4, address, ['a', '']),
  ]);
  const listed = async (filter: { unit?: typeof name; blankOnly?: boolean; kind?: 'ask' }) => {
    const whole = { kind: null, unit: null, blankOnly: false, ...filter };
    return (await all((request) => model().planItems(id, whole, request), 2)).map((row) => row.entity);
  };
  expect(await listed({})).toEqual([1, 2, 3, 4]);
  expect(await listed({ unit: name })).toEqual([1, 2]);
  expect(await listed({ blankOnly: true })).toEqual([2, 3]);
  expect(await listed({ kind: 'ask' })).toEqual([]);
  expect((await model().plans(suppliers, firstPage())).rows.map((row) => row.id)).toEqual([id]);
});

test.for([{ after: 'nonsense' }, { after: '' }, { after: Buffer.from('["x"]').toString('base64url') }])(
  'a place that no page gave is refused: "$after"',
  async ({ after }) => {
    const page = model().ledger(suppliers, { after, limit: 5 });
    await expect(page).rejects.toMatchObject({ code: 'request.invalid' });
  },
);
