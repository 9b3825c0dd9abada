import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commit, entry, openedStore, type OpenedStore, payload, sealed, suppliers } from './sample.js';

let opened: OpenedStore;
let owner: postgres.Sql;
let app: postgres.Sql;

beforeAll(async () => {
  opened = await openedStore();
  owner = postgres(opened.database.ownerUrl, { max: 1, onnotice: () => undefined });
  app = postgres(opened.database.appUrl, { max: 1, onnotice: () => undefined });
  await commit(opened.store, ({ nowMs }) => ({
    entries: [0, 1, 2].map((seq) => ({ entry: entry(seq, nowMs), payload: sealed(`value ${seq}`) })),
  }));
});

afterAll(async () => {
  await Promise.all([owner.end(), app.end()]);
  await opened.close();
});

const month = (ahead: number) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1))
    .toISOString()
    .slice(0, 7)
    .replace('-', '_');
};
const thisMonth = `ledger_${month(0)}`;

test.for([
  { statement: 'update ledger set rule = rule' },
  { statement: 'delete from ledger' },
  { statement: 'truncate ledger' },
  { statement: 'update ledger_payloads set payload = payload' },
  { statement: 'delete from ledger_payloads' },
  { statement: 'truncate ledger_payloads' },
  { statement: `delete from ${thisMonth}` },
  { statement: `select * from ${thisMonth}` },
  { statement: 'delete from revisions' },
  { statement: 'alter table ledger disable trigger all' },
  { statement: 'create table mine (i integer)' },
  { statement: "select set_config('parley.app_role', current_user, false), grant_application_role()" },
])('the application may not: $statement', async ({ statement }) => {
  await expect(app.unsafe(statement)).rejects.toMatchObject({ code: '42501' });
});

test.for([
  { statement: 'update ledger set rule = rule' },
  { statement: 'delete from ledger' },
  { statement: 'truncate ledger' },
  { statement: 'update ledger_payloads set payload = payload' },
  { statement: 'truncate ledger_payloads' },
  { statement: `update ${thisMonth} set rule = rule` },
  { statement: `delete from ${thisMonth}` },
  { statement: `truncate ${thisMonth}` },
  { statement: 'truncate ledger_other' },
  { statement: `truncate ledger_payloads_${month(3)}` },
])('a trigger refuses the owner too: $statement', async ({ statement }) => {
  await expect(owner.unsafe(statement)).rejects.toThrow('the history is append-only');
});

test('the owner may erase a payload: the entry stays, without values', async () => {
  await owner`delete from ledger_payloads where pair = ${suppliers} and seq = 1`;
  const entries = await opened.store.ledger(suppliers, 0, 10);
  expect(entries.map(({ entry: { seq }, payload: held }) => [seq, held === null])).toEqual([
    [0, false],
    [1, true],
    [2, false],
  ]);
});

test('partitions of this month and the three after it are there, of both tables, and hold what is written', async () => {
  const found = await owner<{ name: string }[]>`
    select relname as name from pg_class where relispartition and relkind = 'r' order by relname`;
  const months = [0, 1, 2, 3].map(month);
  const expected = ['ledger', 'ledger_payloads'].flatMap((table) =>
    [...months, 'other'].map((part) => `${table}_${part}`),
  );
  expect(found.map(({ name }) => name).sort()).toEqual(expected.sort());
  const [row] = await owner.unsafe<{ count: string }[]>(`select count(*) from ${thisMonth}`);
  expect(Number(row?.count)).toBe(3);
});

test('the application makes coming months at start, and calling it again makes none', async () => {
  await owner.unsafe(`drop table ledger_${month(3)}`);
  const made = async () => (await app<{ made: number }[]>`select history_partitions_ahead(3) as made`)[0]?.made;
  await expect(made()).resolves.toBe(1);
  await expect(made()).resolves.toBe(0);
});

test('a fact of a month without partition is kept, and that month is left where it is', async () => {
  await owner.unsafe(`drop table ledger_${month(2)}`);
  const [year, number] = month(2).split('_').map(Number) as [number, number];
  const atMs = Date.UTC(year, number - 1, 15);
  await commit(opened.store, { entries: [{ entry: entry(3, atMs), payload: sealed('early') }] });
  await app`select history_partitions_ahead(3)`;
  const [last] = await opened.store.ledger(suppliers, 3, 1);
  expect(last?.entry.atMs).toBe(atMs);
  expect(last?.payload).toEqual(payload('early'));
});
