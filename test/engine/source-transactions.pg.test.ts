import { afterEach, beforeEach, expect, test } from 'vitest';
import { pairId, sideName } from '../../src/core/ids.js';
import { unpack } from '../../src/core/pack.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC, source transactions: what one transaction changed in a table is in the hub whole, or not yet.

const parts = `pair: parts
owner: test
systems:
  crm: { object: crm/crm.parts, key: id }
  erp: { object: erp/erp.parts, key: id }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: name }
creates: { crm: copy, erp: copy }
`;
const pair = pairId('parts');
const crm = sideName('crm');

let world: TablesWorld;
beforeEach(async () => {
  const tables = ['crm', 'erp'].map((schema) => `create table ${schema}.parts (id bigint primary key, name text);`);
  world = await openTables({ pairs: { parts }, tables: tables.join(' '), pageSize: 3 });
  await world.sql`insert into crm.parts select i, 'first' from generate_series(1, 20) i`;
  await world.planAndApply('parts');
  await world.cycle('parts');
  await world.cycle('parts');
});
afterEach(async () => {
  await world.close();
});

async function known(): Promise<readonly unknown[]> {
  const entities = await world.store.entities(pair, { after: null, limit: 100, standings: null });
  return entities.map(({ state }) => unpack(state).sides[crm]?.raws['name' as never]);
}

/** How often the ledger says that a transaction is taken in parts. */
async function said(): Promise<number> {
  const entries = await world.store.ledger(pair, 0, 500);
  return entries.filter(({ entry }) => entry.rule === 'a transaction is taken in parts').length;
}

test('a transaction over many pages is in the hub after one', async () => {
  await world.sql`update crm.parts set name = 'second' where id % 3 = 0`;
  expect((await world.page('parts', 'crm')).more).toBe(true);
  expect((await known()).filter((name) => name === 'second').length).toBe(6);
  await world.cycle('parts');
  expect((await world.sql`select 1 from erp.parts where name = 'second'`).length).toBe(6);
});

test('one that is larger than a page may hold is taken in parts, and the ledger says so', async () => {
  const before = await said();
  await world.sql`update crm.parts set name = 'second'`;
  await world.page('parts', 'crm');
  expect((await known()).filter((name) => name === 'second').length).toBe(15);
  expect((await said()) - before).toBe(1);
  await world.cycle('parts');
  expect((await known()).filter((name) => name === 'second').length).toBe(20);
  expect((await world.engine.verifyLedger({ pair })).problems).toEqual([]);
});
