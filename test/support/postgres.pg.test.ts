import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from './postgres.js';

const made: TestDatabase[] = [];
afterAll(async () => {
  for (const database of made) await database.drop();
});

test('each fresh database is empty, owned by the owner, and its own', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
  made.push(one, two);
  const owner = postgres(one.ownerUrl, { max: 1 });
  const elsewhere = postgres(two.ownerUrl, { max: 1 });
  try {
    await owner`create table pairs (id int)`;
    const [found] = await elsewhere`select to_regclass('pairs') is null as absent, current_setting('wal_level') as wal`;
    expect(found).toEqual({ absent: true, wal: 'logical' });
  } finally {
    await Promise.all([owner.end(), elsewhere.end()]);
  }
});

test('the application role may do nothing until the owner grants it', async () => {
  const database = await freshDatabase();
  made.push(database);
  const owner = postgres(database.ownerUrl, { max: 1 });
  const app = postgres(database.appUrl, { max: 1 });
  try {
    await owner`create table ledger (id int)`;
    await expect(app`insert into ledger values (1)`).rejects.toMatchObject({ code: '42501' });
    await expect(app`create table other (id int)`).rejects.toMatchObject({ code: '42501' });
    await owner`grant insert, select on ledger to parley_app`;
    await app`insert into ledger values (1)`;
    expect(await app`select id from ledger`).toMatchObject([{ id: 1 }]);
  } finally {
    await Promise.all([owner.end(), app.end()]);
  }
});

test('a database copied from a template holds what the template holds', async () => {
  const template = await freshDatabase();
  made.push(template);
  const owner = postgres(template.ownerUrl, { max: 1 });
  await owner`create table marks (id int)`;
  await owner`insert into marks values (7)`;
  await owner.end();
  const copy = await freshDatabase({ template: template.name });
  made.push(copy);
  const sql = postgres(copy.appUrl, { max: 1 });
  const asOwner = postgres(copy.ownerUrl, { max: 1 });
  try {
    expect(await asOwner`select id from marks`).toMatchObject([{ id: 7 }]);
    await expect(sql`select id from marks`).rejects.toMatchObject({ code: '42501' });
  } finally {
    await Promise.all([sql.end(), asOwner.end()]);
  }
});
