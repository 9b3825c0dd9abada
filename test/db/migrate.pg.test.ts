import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { migrationNames, migrationsFolder } from '../../src/db/migration-files.js';
import { openStore } from '../../src/db/postgres-store.js';
import { appRole, freshDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'parley-migrations-'));
  await cp(migrationsFolder(), folder, { recursive: true });
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const run = () => migrate({ ownerUrl: database.ownerUrl, appRole, folder });
const add = (name: string, text: string) => writeFile(join(folder, name), text);

async function rows<Row extends object>(statement: string): Promise<Row[]> {
  const sql = postgres(database.ownerUrl, { max: 1 });
  try {
    return [...(await sql.unsafe<Row[]>(statement))];
  } finally {
    await sql.end();
  }
}

test('a fresh database gets every migration, a second call finds nothing to do', async () => {
  const names = await migrationNames(folder);
  expect(names.length).toBeGreaterThan(2);
  await expect(run()).resolves.toEqual({ applied: names });
  await expect(run()).resolves.toEqual({ applied: [] });
});

test('twenty processes at once apply each migration once', async () => {
  await add('9998_slow.sql', 'select pg_sleep(0.2)');
  const all = await Promise.all(Array.from({ length: 20 }, run));
  expect(all.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  const remembered = await rows<{ name: string }>('select name from parley_migrations order by name');
  expect(remembered.map(({ name }) => name)).toEqual(await migrationNames(folder));
});

test('an applied file that has other content now stops everything', async () => {
  await run();
  const [name] = (await migrationNames(folder)) as [string];
  await add(name, `${await readFile(join(folder, name), 'utf8')}\n-- edited`);
  await add('9999_later.sql', 'create table later (i integer)');
  await expect(run()).rejects.toMatchObject({
    code: 'store.migration_changed',
    message: expect.stringContaining(name),
  });
  await expect(rows('select * from later')).rejects.toThrow('later');
});

test('line ends of a checkout do not change a file', async () => {
  await run();
  for (const name of await migrationNames(folder)) {
    await add(name, (await readFile(join(folder, name), 'utf8')).replaceAll('\n', '\r\n'));
  }
  await expect(run()).resolves.toEqual({ applied: [] });
});

test('a file that comes late, before one that is applied, is a gap and is never skipped in silence', async () => {
  await add('9999_later.sql', 'create table later (i integer)');
  await run();
  await add('9998_late.sql', 'create table late (i integer)');
  await expect(run()).rejects.toMatchObject({
    code: 'store.migration_gap',
    message: expect.stringContaining('9998_late'),
  });
});

test('a database of a newer version is left alone', async () => {
  await add('9999_newer.sql', 'create table newer (i integer)');
  await run();
  await rm(join(folder, '9999_newer.sql'));
  await expect(run()).rejects.toMatchObject({
    code: 'store.migration_gap',
    message: expect.stringContaining('9999_newer'),
  });
});

test('a file that fails half-way leaves nothing behind', async () => {
  await run();
  await add('9999_broken.sql', 'create table half (i integer);\n--> statement-breakpoint\nselect 1 / 0');
  await expect(run()).rejects.toThrow('22012');
  await expect(rows('select * from half')).rejects.toThrow('half');
  await add('9999_broken.sql', 'create table half (i integer)');
  await expect(run()).resolves.toEqual({ applied: ['9999_broken.sql'] });
});

test('a file may ask to run outside a transaction, even while others wait for the lock', async () => {
  const text = [
    '-- parley: no transaction\ncreate table big (i integer)',
    'select pg_sleep(0.3)',
    'create index concurrently big_i on big (i)',
  ].join('\n--> statement-breakpoint\n');
  await add('9999_index.sql', text);
  const all = await Promise.all(Array.from({ length: 5 }, run));
  expect(all.flatMap(({ applied }) => applied)).toContain('9999_index.sql');
});

test.for([
  { role: 'nobody_of_this_name', what: 'does not exist' },
  { role: 'parley_owner', what: "owner's own" },
])('the application role $role is refused before anything is changed', async ({ role, what }) => {
  const refused = migrate({ ownerUrl: database.ownerUrl, appRole: role, folder });
  await expect(refused).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringContaining(what) });
  await expect(rows('select * from parley_migrations')).rejects.toThrow();
});

test('the tables are those of the schema, column by column', async () => {
  await run();
  const files = (await readdir(join(import.meta.dirname, '../../src/db/schema'))).filter(
    (file) => file !== 'columns.ts',
  );
  const described: Record<string, string[]> = {};
  for (const file of files) {
    const module = (await import(`../../src/db/schema/${file.replace(/\.ts$/, '')}.ts`)) as Record<string, unknown>;
    for (const table of Object.values(module).filter((value) => value instanceof PgTable)) {
      const { name, columns } = getTableConfig(table);
      described[name] = columns.map((column) => `${column.name} ${column.notNull ? 'not null' : 'null'}`).sort();
    }
  }
  const found = await rows<{ name: string; columns: string[] }>(`
    select c.relname as name, array_agg(a.attname || case when a.attnotnull then ' not null' else ' null' end) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'parley_migrations'
    group by c.relname`);
  expect(Object.keys(described).length).toBeGreaterThan(15);
  expect(Object.fromEntries(found.map(({ name, columns }) => [name, columns.sort()]))).toEqual(described);
});

test('the application may append to the history, save revisions, use the rest, and nothing more', async () => {
  await run();
  const found = await rows<{ name: string; rights: string }>(`
    select c.relname as name, string_agg(p.privilege_type, ' ' order by p.privilege_type) as rights
    from pg_class c cross join lateral aclexplode(c.relacl) p
    where c.relnamespace = 'public'::regnamespace and p.grantee = '${appRole}'::regrole
    group by c.relname`);
  const rights = Object.fromEntries(found.map(({ name, rights: text }) => [name, text]));
  const tables = await rows<{ name: string }>(`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`);
  const special: Record<string, string> = {
    ledger: 'INSERT SELECT',
    ledger_payloads: 'INSERT SELECT',
    revisions: 'INSERT SELECT',
    suppressions: 'INSERT SELECT',
    data_keys: 'INSERT SELECT',
    ledger_retirements: 'SELECT',
    retired_leaves: 'SELECT',
    parley_migrations: 'SELECT',
  };
  expect(rights).toEqual(
    Object.fromEntries(tables.map(({ name }) => [name, special[name] ?? 'DELETE INSERT SELECT UPDATE'])),
  );
});

test('the store says so when the database is not migrated, and works as soon as it is', async () => {
  const store = await openStore({ url: database.appUrl });
  await expect(store.ping()).rejects.toMatchObject({ code: 'store.not_migrated' });
  await expect(store.pairs()).rejects.toMatchObject({ code: 'store.not_migrated' });
  await run();
  await expect(store.ping()).resolves.toBeUndefined();
  await expect(store.pairs()).resolves.toEqual([]);
  await store.close();
});

test('a database that lacks the newest migration is not ready', async () => {
  await run();
  const last = (await migrationNames(folder)).at(-1) as string;
  await rows(`delete from parley_migrations where name = '${last}'`);
  const store = await openStore({ url: database.appUrl });
  await expect(store.ping()).rejects.toMatchObject({
    code: 'store.not_migrated',
    message: expect.stringContaining(last),
  });
  await store.close();
});
