import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordKey } from '../../src/core/ids.js';
import type { Connector } from '../../src/engine/connector.js';
import { type CsvWorld, csvWorld } from './csv-world.js';

const whole = 'id,name\n1,Ada\n2,Bob\n3,Cy\n';
const keys = ['1', '2', '3'].map(recordKey);

let world: CsvWorld;
let connector: Connector;
beforeEach(async () => {
  world = await csvWorld(['id'], whole);
  connector = await world.make();
});
afterEach(() => world.close());

/** Whole passes until nothing is new; the cursor of the last page. */
async function pass(cursor: string | null): Promise<{ cursor: string; deleted: readonly string[] }> {
  const deleted: string[] = [];
  let page = await connector.read({ cursor, limit: 100 });
  for (; page.more; page = await connector.read({ cursor: page.cursor, limit: 100 })) deleted.push(...page.deleted);
  return { cursor: page.cursor, deleted: [...deleted, ...page.deleted] };
}

const update = (key: string) => ({
  kind: 'update' as const,
  key: recordKey(key),
  fields: { name: 'new' },
  expect: { name: 'Bob' },
  token: null,
  idempotencyKey: key,
});

test('a record whose row lost its key is there and cannot be read, before and after the feed has told so', async () => {
  const first = await pass((await pass(null)).cursor);
  await world.put('id,name\n1,Ada\n,Bob\n3,Cy\n');
  const unread = { key: '2', fields: {}, token: null };
  expect(await connector.readByKeys(keys)).toContainEqual(unread);
  const second = await pass(first.cursor);
  const third = await pass((await pass(second.cursor)).cursor);
  expect(third.deleted).toEqual([]);
  expect(await connector.readByKeys(keys)).toContainEqual(unread);
  expect(await (await world.make()).readByKeys(keys)).toContainEqual(unread);

  const [outcome] = await connector.write([update('2')]);
  expect(outcome).toMatchObject({ kind: 'refused', code: 'csv.row_set_aside' });
  expect(await world.text()).toBe('id,name\n1,Ada\n,Bob\n3,Cy\n');
});

test('a row without a key that was always there hides nothing: what is gone beside it is gone', async () => {
  await world.put(`${whole},total\n`);
  const first = await pass((await pass(null)).cursor);
  await world.put('id,name\n1,Ada\n3,Cy\n,total\n');
  const [found] = [await connector.readByKeys(keys)];
  expect(found.map(({ key }) => key).sort()).toEqual(['1', '3']);
  const second = await pass(first.cursor);
  expect([...second.deleted, ...(await pass(second.cursor)).deleted]).toEqual(['2']);
});
