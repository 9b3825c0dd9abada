import { afterAll, beforeAll, expect, test } from 'vitest';
import { pairId } from '../../src/core/ids.js';
import { openQuestions } from '../support/open-questions.js';
import { openTables, type TablesWorld } from './tables-world.js';

// Semantics §1.7: what a system makes of a value is that value there. Its table rounds by type, and cuts and shouts by trigger.

const file = `pair: items
owner: data
systems:
  crm: { object: crm/crm.items, key: id }
  erp: { object: erp/erp.items, key: id }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: name, stores: { erp: { length: 8, case: upper } } }
    price: { crm: price, erp: price, as: decimal, stores: { erp: { scale: 2 } } }
creates: { crm: copy, erp: copy }
`;
const tables = `
  create table crm.items (id text primary key, name text, price numeric);
  create table erp.items (id text primary key, name text, price numeric(10,2));
  create function erp.shout() returns trigger language plpgsql as
    'begin new.name := upper(left(new.name, 8)); return new; end';
  create trigger shout before insert or update on erp.items for each row execute function erp.shout();
  insert into crm.items select n::text, 'Screwdriver ' || n, n + 0.345 from generate_series(1, 50) n;
  insert into erp.items select id, name, price from crm.items where id::int <= 40;`;

let world: TablesWorld;
beforeAll(async () => {
  world = await openTables({ pairs: { items: file }, tables });
  await world.planAndApply('items');
  await world.cycle('items');
});
afterAll(async () => {
  await world.close();
});

const rows = async (schema: string, id: string): Promise<unknown> => {
  const [row] = await world.sql`select name, price::text from ${world.sql(schema)}.items where id = ${id}`;
  return { ...row };
};
const asked = async (): Promise<number> => (await openQuestions({ store: world.store, pair: pairId('items') })).length;

test('what is there rounded and cut is linked without a question, and nobody is rewritten', async () => {
  expect(await asked()).toBe(0);
  expect(await rows('crm', '7')).toEqual({ name: 'Screwdriver 7', price: '7.345' });
  expect(await rows('erp', '7')).toEqual({ name: 'SCREWDRI', price: '7.35' });
  expect(await rows('erp', '50')).toEqual({ name: 'SCREWDRI', price: '50.35' });
});

test('a longer value is written as the system will hold it, and what people type there counts', async () => {
  await world.sql`update crm.items set name = 'Spanner set', price = 9.8765 where id = '7'`;
  await world.sql`update erp.items set price = 1.25 where id = '8'`;
  for (let round = 0; round < 3; round += 1) await world.cycle('items');
  expect([await rows('crm', '7'), await rows('erp', '7')]).toEqual([
    { name: 'Spanner set', price: '9.8765' },
    { name: 'SPANNER ', price: '9.88' },
  ]);
  expect([await rows('crm', '8'), await rows('erp', '8')]).toEqual([
    { name: 'Screwdriver 8', price: '1.25' },
    { name: 'SCREWDRI', price: '1.25' },
  ]);
  expect(await asked()).toBe(0);
});
