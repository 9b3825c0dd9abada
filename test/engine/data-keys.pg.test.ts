import { afterEach, expect, test } from 'vitest';
import { apartName } from '../../src/core/identity.js';
import { openStore, type PostgresStore } from '../../src/db/postgres-store.js';
import { crm, erp, key, openWorld, type World, worldRules } from './world.js';

// SPEC I19: values of the history are encrypted under a key for each record, and an erasure deletes that key.

const [older, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(wrappingKeys: readonly Buffer[]): Promise<World> {
  const world = await openWorld({ rules, erasureKey: Buffer.alloc(32, 7), wrappingKeys });
  opened.push(world);
  world.crm.put({ id: 'c1', name: 'Ada Lovelace', phone: 'tel 1815', street: 'High St', city: 'Bath' });
  world.crm.put({ id: 'c2', name: 'Grace', phone: '1906', street: 'Low St', city: 'Bath' });
  await world.planAndApply();
  world.erp.edit(key('c1'), { title: 'Countess' });
  await world.cycle();
  return world;
}

const rules = worldRules({
  match: [
    { kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' },
    { kind: 'likely', units: ['phone' as never], text: 'phone' },
  ],
});

/** Another process on the same database, with other keys. */
async function another(world: World, wrappingKeys: readonly Buffer[]): Promise<PostgresStore> {
  const store = await openStore({ url: world.appUrl, wrappingKeys });
  opened.push(store);
  return store;
}

const historyText = (world: World): Promise<string> =>
  world.asOwner(async (sql) => {
    const rows = await sql<{ text: string }[]>`
      select held::text as text from ledger_payloads held union all select held::text from ledger held
      union all select held::text from match_values held union all select held::text from kept_apart held`;
    return rows.map(({ text }) => text).join('\n');
  });

const valuesOf = async (store: PostgresStore, world: World): Promise<readonly boolean[]> =>
  (await store.ledger(world.pair, 0, 500)).map(({ payload }) => payload !== null);

test('no value and no nonce of the history can be read in the database, and everything that reads it goes on', async () => {
  const world = await start([older]);
  const text = await historyText(world);
  for (const value of ['Ada', 'Countess', 'Grace', 'tel 1815', '"nonce"', 'effects']) expect(text).not.toContain(value);
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
  const { units } = await world.engine.recordAsOf({ pair: world.pair, side: crm, key: key('c1'), asOf: { seq: 3 } });
  expect(units.find(({ unit }) => unit === ('name' as never))?.agreed).toBe('Ada Lovelace');
});

test('a copy of the values that was made before an erasure cannot be read after it', async () => {
  const world = await start([older]);
  const mine = await world.store.readModel.entityByKey(world.pair, crm, key('c1'));
  await world.asOwner((sql) => sql`create table copied as select pair, seq, at, key, encrypted from ledger_payloads`);
  await world.engine.eraseRecord({
    pair: world.pair,
    side: crm,
    key: key('c1'),
    by: 'ana',
    reason: 'request 1',
    systems: 'leave',
  });
  await world.asOwner(
    (sql) => sql`
      insert into ledger_payloads (pair, seq, at, key, encrypted)
      select pair, seq, at, key, encrypted from copied on conflict do nothing`,
  );
  const history = await world.store.ledger(world.pair, 0, 500);
  const about = history.filter(({ entry }) => entry.entity === mine?.id);
  expect(about.length).toBeGreaterThan(2);
  expect(about.filter(({ payload }) => payload !== null).map(({ entry }) => entry.kind)).toEqual(['erased']);
  // Keys of the record stood in what was said about whole deliveries, too.
  expect(JSON.stringify(history)).not.toContain('"c1"');
  expect(JSON.stringify(history)).toContain('"c2"');
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('a value that was changed, or moved to another entry, is gone and is found', async () => {
  const world = await start([older]);
  await world.asOwner(async (sql) => {
    await sql`alter table ledger_payloads disable trigger ledger_payloads_no_update`;
    await sql`
      update ledger_payloads held set encrypted = set_byte(encrypted, 40, get_byte(encrypted, 40) # 1)
      where seq = (select min(seq) from ledger where kind = 'linked')`;
  });
  const { problems } = await world.engine.verifyLedger({ pair: world.pair });
  expect(problems.map(({ what }) => what)).toContain('the values of this entry are gone');
});

test('rotation wraps every key anew, touches no value, and makes the old key useless', async () => {
  const world = await start([older]);
  const before = await historyText(world);
  await expect(valuesOf(await another(world, [newer]), world)).rejects.toMatchObject({ code: 'keys.unknown' });
  const both = await another(world, [newer, older]);
  expect((await both.rewrapKeys()).rewrapped).toBeGreaterThan(3);
  expect(await both.rewrapKeys()).toEqual({ rewrapped: 0 });
  expect(await historyText(world)).toBe(before);
  expect(await valuesOf(await another(world, [newer]), world)).not.toContain(false);
  await expect(valuesOf(world.store, world)).rejects.toMatchObject({ code: 'keys.unknown' });
  await expect(world.cycle()).rejects.toMatchObject({ code: 'keys.unknown' });
});

test('a pair of a version without keys is taken over: its digests are keyed at once, its older values can be read', async () => {
  const world = await start([]);
  world.erp.put({ id: 'e3', title: 'Grace too', phone: '1906', address: null });
  await world.cycle();
  const digests = (): Promise<readonly string[]> =>
    world.asOwner(async (sql) =>
      (await sql<{ digest: string }[]>`select encode(digest, 'hex') as digest from match_values`).map(
        (row) => row.digest,
      ),
    );
  const unkeyed = new Set(await digests());
  expect(unkeyed.size).toBeGreaterThan(0);
  const store = await another(world, [older]);
  const found = await store.transact(world.pair, (transaction) =>
    transaction.entitiesByKeys(crm, [key('c1'), key('c2')]),
  );
  expect(found).toHaveLength(2);
  expect((await digests()).filter((digest) => unkeyed.has(digest))).toEqual([]);
  expect(new Set(await digests()).size).toBe(unkeyed.size);
  expect(await valuesOf(store, world)).not.toContain(false);
  await expect(world.cycle()).rejects.toMatchObject({ code: 'keys.unknown' });
});

test('what a person kept apart is found by its digests, and forgotten with either record', async () => {
  const world = await start([older]);
  const [mine, other] = (['c1', 'c2'] as const).map((id) =>
    apartName({ side: crm, key: key(id) }, { side: erp, key: key('e9') }),
  ) as [string, string];
  await world.store.transact(world.pair, (transaction) =>
    transaction.commit({ pair: { ...transaction.pair, tick: transaction.pair.tick + 1 }, keptApart: [mine, other] }),
  );
  const kept = (): Promise<readonly string[]> =>
    world.store.transact(world.pair, (transaction) => transaction.keptApart([mine, other, 'nobody']));
  expect([...(await kept())].sort()).toEqual([mine, other].sort());
  const wish = { pair: world.pair, side: crm, by: 'ana', reason: 'request 2', systems: 'leave' } as const;
  await world.engine.eraseRecord({ ...wish, key: key('c1') });
  expect(await kept()).toEqual([other]);
});
