import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { recordKey, sideName } from '../../src/core/ids.js';
import { wholePairs } from '../contract/guide-pairs.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I2, I12, I16: the pair of the guide, in which the segment of a record says who decides, on real tables.

let world: TablesWorld;
afterEach(async () => {
  await world.close();
});

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guide', 'policies.md'), 'utf8');
const tables = `
  create table crm.accounts (id text primary key, country text, revenue integer, street text, city text, phone text, name text);
  create table erp.customers (id text primary key, country text, turnover integer, street text, town text,
    phone text check (phone not like '%x%'), name text);`;

test('master, deletes and refused writes go by the segment of the record, and the ledger says what it looked at', async () => {
  const pair = (wholePairs(guide).get('customers') ?? '')
    .replace('crm/public.accounts', 'crm/crm.accounts')
    .replace('erp/public.customers', 'erp/erp.customers');
  world = await openTables({ pairs: { customers: pair }, tables });
  const { sql } = world;
  for (const [id, country, erpName] of [
    ['1', 'DE', 'Ada'],
    ['2', 'US', 'Ada Ltd'],
  ] as const) {
    await sql`insert into crm.accounts values (${id}, ${country}, 5, 's', 'c', '1', 'Ada')`;
    await sql`insert into erp.customers values (${id}, ${country}, 5, 's', 'c', '1', ${erpName})`;
  }
  await world.planAndApply('customers');
  await world.cycle('customers');
  const phones = async (): Promise<readonly unknown[]> => [
    ...(await sql`select a.id, a.phone as crm, b.phone as erp, b.name from crm.accounts a full join erp.customers b using (id)
      order by a.id`),
  ];
  // Names met differently in the United States: the policy for records that meet decides, and nobody is asked.
  expect(await phones()).toMatchObject([{ name: 'Ada' }, { name: 'Ada' }]);
  await sql`update erp.customers set phone = '7'`;
  await sql`update crm.accounts set street = 'elsewhere'`;
  for (let cycle = 0; cycle < 3; cycle += 1) await world.cycle('customers');
  expect(await phones()).toMatchObject([
    { id: '1', crm: '1', erp: '1' },
    { id: '2', crm: '7', erp: '7' },
  ]);
  const streets = await sql`select street from erp.customers order by id`;
  expect(streets.map(({ street }) => street as unknown)).toEqual(['elsewhere', 's']);
  // The ERP would not have a number with an x, and may keep its own.
  await sql`update crm.accounts set phone = '1x' where id = '1'`;
  for (let cycle = 0; cycle < 2; cycle += 1) await world.cycle('customers');
  expect(await phones()).toMatchObject([{ crm: '1x', erp: '1' }, {}]);
  await sql`delete from crm.accounts`;
  // In a run keys are listed once a minute; a row is gone when two listings lack it.
  const { pair: id } = world.rules('customers');
  for (const run of [90, 91]) await world.engine.listMissing({ pair: id, side: sideName('crm'), run, after: null });
  for (let cycle = 0; cycle < 3; cycle += 1) await world.cycle('customers');
  expect(await sql`select id from erp.customers`).toMatchObject([{ id: '2' }]);
  const { rows: asked } = await world.store.readModel.conflicts(
    { pair: world.rules('customers').pair, state: 'open', kind: null, unit: null, shape: null },
    { after: null, limit: 9 },
  );
  expect(asked.map(({ kind }) => kind)).toEqual(['delete']);
  const explained = await world.engine.explainRecord({
    pair: world.rules('customers').pair,
    side: sideName('erp'),
    key: recordKey('2'),
  });
  expect(explained.units.map(({ sentences }) => sentences[0]).join(' ')).toContain('When eu: crm alone decides this');
  const { rows } = await world.store.readModel.ledger(world.rules('customers').pair, { after: null, limit: 100 });
  const judged = rows.flatMap(({ payload }) => (payload?.detail['when'] === undefined ? [] : [payload.detail['when']]));
  expect(judged).toContainEqual(expect.objectContaining({ written: 'eu', holds: true, inputs: { country: 'DE' } }));
  expect(await world.engine.verifyLedger({ pair: world.rules('customers').pair })).toMatchObject({
    ok: true,
    problems: [],
  });
});
