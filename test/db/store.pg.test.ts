import { afterAll, beforeAll, expect, test } from 'vitest';
import { entityId, pairId, recordKey, revisionId } from '../../src/core/ids.js';
import type { Changes } from '../../src/engine/store.js';
import {
  address,
  conflict,
  crm,
  delivery,
  entity,
  entry,
  erp,
  first,
  name,
  openedStore,
  type OpenedStore,
  payload,
  savedRevision,
  sealed,
} from './sample.js';

let opened: OpenedStore;

beforeAll(async () => {
  opened = await openedStore();
});

afterAll(() => opened.close());

/** Each test speaks of a pair of its own, so that none sees what another wrote. */
async function freshPair(): Promise<ReturnType<typeof pairId>> {
  pairCount += 1;
  const pair = pairId(`pair${pairCount}`);
  await opened.store.saveRevision(savedRevision('r1', pair));
  return pair;
}
let pairCount = 0;

async function write(pair: ReturnType<typeof pairId>, lists: Omit<Changes, 'pair'>): Promise<void> {
  await opened.store.transact(pair, (transaction) =>
    transaction.commit({ ...lists, pair: { ...transaction.pair, tick: transaction.pair.tick + 1 } }),
  );
}

const key = recordKey;

test('a revision makes the pair once; a newer one is named and does not yet decide', async () => {
  const pair = await freshPair();
  await opened.store.saveRevision(savedRevision('r1', pair));
  await opened.store.saveRevision(savedRevision('r2', pair));
  expect(await opened.store.pair(pair)).toEqual({
    pair,
    mode: 'new',
    halt: null,
    revision: null,
    latestRevision: 'r2',
    epoch: 1,
    tick: 0,
    nextEntity: 1,
    linked: 0,
    cursors: {},
    ledgerSize: 0,
    ledgerPeaks: [],
    nextRun: 1,
    nextDelivery: 1,
    waiting: false,
    lastVerifyAtMs: null,
  });
  expect(await opened.store.revision(pair, first)).toEqual(savedRevision('r1', pair));
  expect(await opened.store.revision(pair, revisionId('r9'))).toBeNull();
  await expect(opened.store.pair(pairId('nobody'))).rejects.toMatchObject({ code: 'pair.not_found' });
});

test('the whole row of a pair comes back as it was committed, but for the newest revision', async () => {
  const pair = await freshPair();
  const pass = { tick: 3, atMs: 1_700_000_000_123 };
  const problem = { code: 'connector.denied', text: 'ö', sinceMs: 5 } as const;
  const row = {
    pair,
    mode: 'held',
    halt: { reason: 'too many deletes', counts: { deletes: 12 }, atMs: 1_700_000_000_001 },
    revision: first,
    latestRevision: revisionId('a stale reading'),
    epoch: 2,
    tick: 7,
    nextEntity: 58_001,
    linked: 46_521,
    cursors: { [crm]: { cursor: '{"xmin":"1\\u0000"}', pass, complete: null, problem } },
    ledgerSize: 3,
    ledgerPeaks: ['ab'.repeat(32), 'cd'.repeat(32)],
    nextRun: 4,
    nextDelivery: 5,
    waiting: true,
    lastVerifyAtMs: 1_700_000_000_999,
  } as const;
  await opened.store.transact(pair, (transaction) => transaction.commit({ pair: row }));
  expect(await opened.store.pair(pair)).toEqual({ ...row, latestRevision: 'r1' });
});

test('work on one pair is serial: the second sees what the first committed, and a later clock', async () => {
  const pair = await freshPair();
  const seen: { tick: number; nowMs: number }[] = [];
  const step = () =>
    opened.store.transact(pair, async (transaction) => {
      seen.push({ tick: transaction.pair.tick, nowMs: transaction.nowMs });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await transaction.commit({ pair: { ...transaction.pair, tick: transaction.pair.tick + 1 } });
    });
  await Promise.all(Array.from({ length: 8 }, step));
  expect(seen.map(({ tick }) => tick)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const gaps = seen.slice(1).map(({ nowMs }, index) => nowMs - (seen[index]?.nowMs ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(19);
});

test('work that throws leaves nothing behind and throws its own error', async () => {
  const pair = await freshPair();
  const failing = opened.store.transact(pair, async (transaction) => {
    await transaction.commit({
      pair: { ...transaction.pair, tick: 9 },
      entities: [entity(1)],
      rereads: [{ side: crm, key: key('a') }],
    });
    throw new RangeError('changed my mind');
  });
  await expect(failing).rejects.toThrow(new RangeError('changed my mind'));
  expect((await opened.store.pair(pair)).tick).toBe(0);
  expect(await opened.store.rereads(pair, crm, 10)).toEqual([]);
  expect(await opened.store.entities(pair, { after: null, limit: 10, standings: null })).toEqual([]);
});

test('a page of which one statement fails is not committed at all', async () => {
  const pair = await freshPair();
  // One moment for both: the history is unique by position within a moment, since it is partitioned by time.
  const atMs = Date.now();
  const twice = [0, 0].map((seq) => ({ entry: entry(seq, atMs, { pair }), payload: sealed('x') }));
  await expect(write(pair, { entities: [entity(1)], entries: twice })).rejects.toThrow('23505');
  expect((await opened.store.pair(pair)).tick).toBe(0);
  expect(await opened.store.entities(pair, { after: null, limit: 10, standings: null })).toEqual([]);
});

test('a pair that is not there cannot be worked on', async () => {
  const work = opened.store.transact(pairId('nobody'), async () => 1);
  await expect(work).rejects.toMatchObject({ code: 'pair.not_found' });
});

test('entities are found by id, key and match value, and know when they moved', async () => {
  const pair = await freshPair();
  await write(pair, {
    entities: [entity(1), entity(2, { standing: 'asked' }), entity(3, { standing: 'held' })],
    links: [1, 2, 3].map((id) => ({ side: crm, key: key(`K${id}`), entity: entityId(id) })),
    matches: [
      { value: 'ada', side: crm, entity: entityId(1) },
      { value: 'ada', side: erp, entity: entityId(2) },
      { value: `long ${'x'.repeat(5000)}`, side: erp, entity: entityId(3) },
    ],
  });
  await write(pair, { entities: [entity(2, { isNew: false, state: 'moved', standing: 'agreed' })] });
  await opened.store.transact(pair, async (transaction) => {
    const moved = { id: 2, state: 'moved', tick: 2 };
    expect(await transaction.entitiesByIds([3, 2, 99].map(entityId))).toEqual([
      moved,
      { id: 3, state: '["state of 3"]', tick: 1 },
    ]);
    expect(await transaction.entitiesByKeys(crm, ['K2', 'K9'].map(key))).toEqual([{ ...moved, key: 'K2' }]);
    expect(await transaction.entitiesByKeys(erp, [key('K2')])).toEqual([]);
    expect(await transaction.movedSince([1, 2, 3].map(entityId), 1)).toEqual([2]);
    expect(await transaction.entitiesByMatch(['ada', 'ada', 'bob', `long ${'x'.repeat(5000)}`])).toEqual([
      { value: 'ada', side: crm, entity: 1 },
      { value: 'ada', side: erp, entity: 2 },
      { value: `long ${'x'.repeat(5000)}`, side: erp, entity: 3 },
    ]);
    expect(await transaction.entitiesByMatch([])).toEqual([]);
  });
  const page = { after: null, limit: 2, standings: null };
  expect((await opened.store.entities(pair, page)).map(({ id }) => id)).toEqual([1, 2]);
  expect((await opened.store.entities(pair, { ...page, after: entityId(2) })).map(({ id }) => id)).toEqual([3]);
  expect((await opened.store.entities(pair, { ...page, standings: ['held', 'asked'] })).map(({ id }) => id)).toEqual([
    3,
  ]);
});

test('keys are listed by their bytes, and a key that ended and began anew stands for the new entity', async () => {
  const pair = await freshPair();
  const keys = ['Z', 'a', 'é', 'B', 'ä', '10', '9', '😀', '\uffee'];
  const links = keys.map((text, index) => ({ side: crm, key: key(text), entity: entityId(index + 1) }));
  await write(pair, { links });
  const listed = await opened.store.linkedKeys(pair, crm, null, 100);
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(listed.map((row) => row.key)).toEqual(byBytes);
  const rest = await opened.store.linkedKeys(pair, crm, key('B'), 2);
  expect(rest.map((row) => row.key)).toEqual(['Z', 'a']);
  await write(pair, {
    unlinks: [links[0], links[1]] as typeof links,
    links: [{ side: crm, key: key('Z'), entity: entityId(77) }],
  });
  const after = await opened.store.linkedKeys(pair, crm, key('B'), 2);
  expect(after).toEqual([
    { side: crm, key: 'Z', entity: 77 },
    { side: crm, key: 'ä', entity: 5 },
  ]);
  await write(pair, { unlinks: [{ side: crm, key: key('Z'), entity: entityId(1) }] });
  expect((await opened.store.linkedKeys(pair, crm, key('B'), 1))[0]?.entity).toBe(77);
});

test('ledger entries come back to the last bit, payloads to the last character', async () => {
  const pair = await freshPair();
  const bare = {
    pair,
    entity: null,
    side: null,
    units: [],
    dot: null,
    lo: null,
    hi: null,
    run: null,
    delivery: 3,
    kind: 'pair',
  } as const;
  const now = Date.now();
  const entries = [
    { entry: entry(0, now, { pair }), payload: sealed('a "quoted" \\ value\n, é😀 \u0000') },
    { entry: entry(1, now + 1, bare), payload: { nonce: 'n', text: '{ "b": 1.0, "a": 2 }' } },
  ];
  await write(pair, { entries });
  const stored = await opened.store.ledger(pair, 0, 10);
  expect(stored.map((row) => row.entry)).toEqual(entries.map((row) => row.entry));
  expect(stored.map((row) => row.sealed)).toEqual(entries.map((row) => row.payload));
  expect(stored[0]?.payload).toEqual(payload('a "quoted" \\ value\n, é😀 \u0000'));
  expect((await opened.store.ledger(pair, 1, 10)).map((row) => row.entry.seq)).toEqual([1]);
});

test('a delivery goes from planned to sent to done and leaves the queue', async () => {
  const pair = await freshPair();
  const rows = [delivery(1, [3, 1, 2], { pair }), delivery(2, [4], { pair, plan: 9, side: crm })];
  await write(pair, { deliveries: rows });
  await opened.store.transact(pair, async (transaction) => {
    expect(await transaction.delivery(1)).toEqual(rows[0]);
    expect(await transaction.delivery(2)).toEqual(rows[1]);
    expect(await transaction.delivery(3)).toBeNull();
  });
  await write(pair, { deliveryStates: [{ id: 1, state: 'sent', attempt: 1 }] });
  expect(await opened.store.openDeliveries(pair)).toEqual([
    { id: 1, side: erp, state: 'sent', attempt: 1, count: 3 },
    { id: 2, side: crm, state: 'planned', attempt: 0, count: 1 },
  ]);
  await write(pair, { deliveryStates: [{ id: 1, state: 'done', attempt: 1, outcome: { written: 3 } }] });
  expect((await opened.store.openDeliveries(pair)).map(({ id }) => id)).toEqual([2]);
});

test('a question is asked once: asked again it keeps its id and age, ended it may be asked anew', async () => {
  const pair = await freshPair();
  const open = async () =>
    opened.store.transact(pair, (transaction) => transaction.openConflicts([1, 2].map(entityId)));
  await write(pair, { conflicts: [conflict(1), conflict(1, { unit: null, kind: 'delete' }), conflict(3)] });
  const [asked] = await open();
  await write(pair, { conflicts: [conflict(1, { vv: 'crm#1:2', label: 'newer\u0000' })] });
  const again = await open();
  expect(again).toHaveLength(2);
  expect(again[0]).toEqual({ ...asked, vv: 'crm#1:2', label: 'newer\ufffd' });
  expect(asked).toMatchObject({ ...conflict(1), pair, state: 'open', endedAtMs: null, decidedBy: null, choice: null });
  const close = {
    entity: entityId(1),
    unit: name,
    kind: 'clash',
    state: 'decided',
    decidedBy: 'ada',
    choice: { keep: 'crm' },
  } as const;
  await write(pair, { closes: [close], conflicts: [conflict(1, { label: 'next' })] });
  const [, next] = await open();
  expect(next).toMatchObject({ label: 'next', state: 'open' });
  expect(next?.id).not.toBe(asked?.id);
  const ended = await opened.store.readModel.conflict(asked?.id ?? 0);
  expect(ended).toMatchObject({ state: 'decided', decidedBy: 'ada', choice: { keep: 'crm' }, label: 'newer\ufffd' });
  expect(ended?.endedAtMs).toBeGreaterThanOrEqual(ended?.openedAtMs ?? Number.POSITIVE_INFINITY);
});

test('keys to read again wait in line, each once, until they are done', async () => {
  const pair = await freshPair();
  const places = (...keys: string[]) => keys.map((text) => ({ side: crm, key: key(text) }));
  await write(pair, { rereads: places('c', 'a', 'b', 'a') });
  await write(pair, { rereads: places('d', 'c') });
  expect(await opened.store.rereads(pair, crm, 3)).toEqual(['c', 'a', 'b']);
  expect(await opened.store.rereads(pair, erp, 3)).toEqual([]);
  await write(pair, { rereadsDone: places('c', 'b'), rereads: places('c') });
  expect(await opened.store.rereads(pair, crm, 9)).toEqual(['a', 'd', 'c']);
});

test('rows set aside are replaced when their side is read in full again', async () => {
  const pair = await freshPair();
  const row = (side: typeof crm, place: string, reason = 'no key') => ({ side, place, reason, key: null });
  await write(pair, { setAside: [row(crm, 'line 1'), row(crm, 'line 2'), row(erp, 'line 1')] });
  await write(pair, {
    setAsideCleared: [crm],
    setAside: [row(crm, 'line 2', 'bad date'), row(erp, 'line 1', 'bad date')],
  });
  const { rows } = await opened.store.readModel.setAside(pair, { after: null, limit: 10 });
  expect(rows.map(({ side, place, reason }) => [side, place, reason])).toEqual([
    [crm, 'line 2', 'bad date'],
    [erp, 'line 1', 'bad date'],
  ]);
});

test('a run adds up its counters from commit to commit', async () => {
  const pair = await freshPair();
  expect(await opened.store.runCounts(pair, 1)).toEqual({});
  await write(pair, { run: { id: 1, kind: 'poll', add: { read: 5, edited: 1 }, problem: 'slow' } });
  await write(pair, { run: { id: 1, kind: 'poll', add: { read: 3, asked: 2 } } });
  expect(await opened.store.runCounts(pair, 1)).toEqual({ read: 8, edited: 1, asked: 2 });
  const status = async () => (await opened.store.readModel.pairStatus(pair)).lastRun;
  expect(await status()).toMatchObject({ result: 'running', problem: 'slow', endedAtMs: null });
  await write(pair, { run: { id: 1, kind: 'poll', add: {}, ended: 'done', problem: null } });
  expect(await status()).toMatchObject({ result: 'done', problem: null, counts: { read: 8, edited: 1, asked: 2 } });
});

test('the last outcome of an item stands', async () => {
  const pair = await freshPair();
  const intent = {
    delivery: 1,
    entity: entityId(1),
    side: erp,
    kind: 'update',
    units: [name, address],
    code: null,
    message: 'a\u0000',
    atMs: 5,
  } as const;
  await write(pair, { deliveries: [delivery(1, [1], { pair })], intents: [{ ...intent, state: 'unknown' }] });
  await write(pair, {
    intents: [
      { ...intent, state: 'unknown' },
      { ...intent, state: 'landed' },
    ],
  });
  const [row] = await opened.store.readModel.entityDeliveries(pair, entityId(1), 5);
  expect(row?.outcome).toBe('landed');
});

test('a plan is made, changed by name, filled, and found while it is under way', async () => {
  const pair = await freshPair();
  const id = await opened.store.createPlan({ pair, revision: first, by: 'ada' });
  expect(await opened.store.plan(id)).toMatchObject({
    id,
    pair,
    revision: 'r1',
    state: 'reading',
    createdBy: 'ada',
    counts: null,
    progress: null,
  });
  expect((await opened.store.openPlan(pair))?.id).toBe(id);
  const progress = { done: 1, total: null, text: 'reading crm' };
  await opened.store.updatePlan(id, { progress, asOf: { [crm]: 12 }, tick: 4, expiresAtMs: 1_700_000_000_001 });
  await opened.store.updatePlan(id, { state: 'ready', progress: null });
  expect(await opened.store.plan(id)).toMatchObject({
    state: 'ready',
    progress: null,
    asOf: { crm: 12 },
    tick: 4,
    expiresAtMs: 1_700_000_000_001,
  });
  expect(await opened.store.openPlan(pair)).toBeNull();
  expect(await opened.store.plan(0)).toBeNull();
  await expect(opened.store.updatePlan(0, { state: 'failed' })).rejects.toMatchObject({ code: 'plan.not_found' });

  const item = {
    entity: entityId(1),
    kind: 'ask',
    side: null,
    key: key('K1'),
    label: 'L',
    unit: name,
    before: null,
    after: 'x',
    shape: 's',
    rule: 'r',
  } as const;
  const items = [item, { ...item, entity: entityId(2) }, { ...item, entity: entityId(3), shape: 't' }];
  await opened.store.savePlanItems(id, items);
  await opened.store.savePlanItems(id, items);
  expect(await opened.store.countShapes(id)).toBe(2);
  const { rows } = await opened.store.readModel.planItems(
    id,
    { kind: null, unit: null, blankOnly: false },
    { after: null, limit: 9 },
  );
  expect(rows.map(({ seq: _seq, ...row }) => row)).toEqual(items);
});

test('tokens are known by their hash, workers by their beat', async () => {
  await opened.store.saveToken({ hash: 'ab', name: 'ada', role: 'viewer' });
  await opened.store.saveToken({ hash: 'ab', name: 'ada', role: 'owner' });
  expect(await opened.store.tokenByHash('ab')).toEqual({ name: 'ada', role: 'owner' });
  expect(await opened.store.tokenByHash('cd')).toBeNull();
  await opened.store.beat('one');
  await opened.store.beat('one');
  await opened.store.beat('two');
  expect(await opened.store.readModel.workersAlive()).toBe(2);
  expect(Math.abs((await opened.store.nowMs()) - Date.now())).toBeLessThan(5_000);
});
