import { afterAll, beforeAll, expect, test } from 'vitest';
import { entityId, pairId, recordKey as key } from '../../src/core/ids.js';
import type { Changes } from '../../src/engine/store.js';
import {
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
const sent: string[] = [];

beforeAll(async () => {
  opened = await openedStore({ onStatement: (text) => sent.push(text) });
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

/** Every list a page can carry, with `size` rows each. */
function everything(pair: ReturnType<typeof pairId>, size: number, tick: number): Omit<Changes, 'pair'> {
  const ids = Array.from({ length: size }, (_, index) => index + 1);
  const keys = ids.map((id) => ({ side: crm, key: key(`K${id}`) }));
  const links = ids.map((id) => ({ side: crm, key: key(`K${id}`), entity: entityId(id) }));
  const now = Date.now();
  return {
    entities: ids.map((id) => entity(id, { standing: tick % 2 === 0 ? 'agreed' : 'asked', isNew: tick === 1 })),
    links,
    unlinks: links.map((link) => ({ ...link, side: erp })),
    matches: ids.map((id) => ({ value: `v${id}`, side: crm, entity: entityId(id) })),
    entries: ids.map((id) => ({ entry: entry(tick * 100_000 + id, now, { pair }), payload: sealed(`${id}`) })),
    deliveries: [delivery(tick, ids, { pair })],
    deliveryStates: [{ id: tick - 1, state: 'done', attempt: 1, outcome: { written: size } }],
    intents: ids.map((id) => ({
      delivery: tick,
      entity: entityId(id),
      side: erp,
      kind: 'update',
      units: [name],
      state: 'stale',
      code: null,
      message: null,
      atMs: now,
    })),
    conflicts: ids.map((id) => conflict(id)),
    closes: ids.map((id) => ({
      entity: entityId(id),
      unit: name,
      kind: 'clash',
      state: 'closed',
      decidedBy: null,
      choice: null,
    })),
    rereads: keys,
    rereadsDone: keys,
    setAside: ids.map((id) => ({ side: crm, place: `line ${id}`, reason: 'r', key: null })),
    setAsideCleared: [crm],
    run: { id: 1, kind: 'poll', add: { read: size } },
  };
}

test('a page costs the same number of statements for one row and for five thousand; empty lists cost none', async () => {
  const pair = await freshPair();
  const cost = async (lists: Omit<Changes, 'pair'>): Promise<number> => {
    sent.length = 0;
    await write(pair, lists);
    return sent.length;
  };
  // The driver asks for the types of arrays once for each connection; the first page pays for that.
  await cost(everything(pair, 5_000, 1));
  const one = await cost(everything(pair, 1, 2));
  const many = await cost(everything(pair, 5_000, 3));
  expect(many).toBe(one);
  // BEGIN, lock, clock, what is under way, the pair's row, COMMIT, and one for each of sixteen lists: entries take two.
  expect(one).toBe(6 + 16);
  expect(await cost({ entities: [], entries: [], links: [], conflicts: [] })).toBe(6);
  // Entities that are new and entities that move are written by a statement each.
  expect(await cost({ entities: [entity(1, { isNew: false }), entity(5_001)] })).toBe(6 + 2);
});

test('a state that is changed and is not there fails the page', async () => {
  const pair = await freshPair();
  await expect(write(pair, { entities: [entity(1), entity(2, { isNew: false })] })).rejects.toThrow(
    '1 states were to be changed and 0 were',
  );
  expect(await opened.store.entities(pair, { after: null, limit: 10, standings: null })).toEqual([]);
});

test('a list beyond ten thousand rows goes in parts, and all of it arrives', async () => {
  const pair = await freshPair();
  const ids = Array.from({ length: 20_001 }, (_, index) => index + 1);
  await write(pair, { entities: ids.map((id) => entity(id)) });
  const status = await opened.store.readModel.pairStatus(pair);
  expect(status.standings.agreed).toBe(20_001);
});

test('two commits in one transaction both count', async () => {
  await commit(opened.store, { entities: [entity(1)] });
  await opened.store.transact(suppliers, async (transaction) => {
    await transaction.commit({ pair: transaction.pair, entities: [entity(1, { standing: 'asked', isNew: false })] });
    await transaction.commit({ pair: transaction.pair, entities: [entity(1, { standing: 'held', isNew: false })] });
  });
  const { standings } = await opened.store.readModel.pairStatus(suppliers);
  expect([standings.agreed, standings.asked, standings.held]).toEqual([0, 0, 1]);
});
