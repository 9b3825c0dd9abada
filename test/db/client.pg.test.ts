import * as fc from 'fast-check';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { numbers, texts } from '../../src/db/array-text.js';
import { type Database, openDatabase, pipelined } from '../../src/db/client.js';
import { proxyTo } from '../connectors/postgres-proxy.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

let place: TestDatabase;
let database: Database;

const open = (url: string, lockTimeoutMs = 0) => openDatabase({ url, connectionsMax: 1, lockTimeoutMs });

beforeAll(async () => {
  place = await freshDatabase();
  database = open(place.url);
});

afterAll(async () => {
  await database.close();
  await place.drop();
});

const failsHalfWay = () => database.run((sql) => sql<object[]>`select 1 / (5 - i) from generate_series(1, 10) i`);
const threeRows = () => database.run((sql) => sql<{ i: number }[]>`select i from generate_series(1, 3) i`);

test('the rows after a statement that failed half-way are refused, not handed out', async () => {
  // When this fails with a good result, the driver was repaired and the guard may go.
  await expect(failsHalfWay()).rejects.toMatchObject({ code: 'internal.bug' });
  await expect(threeRows()).rejects.toMatchObject({ code: 'store.corrupt_result', retryable: true });
  await expect(threeRows()).resolves.toEqual([{ i: 1 }, { i: 2 }, { i: 3 }]);
});

test('without the guard the same rows are wrong: the trap is real', async () => {
  const bare = postgres(place.url, { max: 1 });
  await expect(bare`select 1 / (5 - i) from generate_series(1, 10) i`).rejects.toThrow();
  const rows = await bare`select i from generate_series(1, 3) i`;
  await bare.end();
  expect(rows.length).toBe(7);
});

test('rows returned by a write that follows a failure are refused too', async () => {
  await database.run((sql) => sql<object[]>`create table if not exists returned (i integer)`);
  await expect(failsHalfWay()).rejects.toThrow();
  const insert = database.run((sql) => sql<object[]>`insert into returned values (1), (2) returning i`);
  await expect(insert).rejects.toMatchObject({ code: 'store.corrupt_result' });
});

test('a failure in a pipeline is thrown once, and it is the first one', async () => {
  const work = database.transaction((sql) =>
    pipelined([
      () => sql<object[]>`select 1`,
      () => sql<object[]>`insert into no_such_table values (1)`,
      () => sql<object[]>`select 2`,
    ]),
  );
  await expect(work).rejects.toMatchObject({ code: 'store.not_migrated' });
  await expect(threeRows()).resolves.toHaveLength(3);
});

test('the text of a failure never quotes a value', async () => {
  await database.run((sql) => sql<object[]>`create table secrets (owner text unique)`);
  const insert = () => database.run((sql) => sql<object[]>`insert into secrets values ('ada@example.com')`);
  await insert();
  const failure = await insert().then(String, (error: Error) => `${error.message} ${JSON.stringify(error)}`);
  expect(failure).toContain('23505');
  expect(failure).toContain('secrets_owner_key');
  expect(failure).not.toContain('ada@example.com');
});

test.for([
  { what: 'a port where nothing listens', change: (url: URL) => Object.assign(url, { port: '1' }) },
  { what: 'a database that does not exist', change: (url: URL) => Object.assign(url, { pathname: '/nowhere' }) },
  { what: 'a wrong password', change: (url: URL) => Object.assign(url, { password: 'hunter2' }) },
])('$what is unreachable, and the password is not told', async ({ change }) => {
  const away = open(change(new URL(place.appUrl)).href);
  const failure = await away.run((sql) => sql<object[]>`select 1`).catch((error: unknown) => error);
  await away.close();
  expect(failure).toMatchObject({ code: 'store.unreachable', retryable: true });
  expect(String(failure)).not.toContain('hunter2');
});

test('a session that is ended under a running statement is unreachable, and the connection is made anew', async () => {
  const other = open(place.url);
  const running = database.run((sql) => sql<object[]>`select pg_sleep(20)`).catch((error: unknown) => error);
  await expect
    .poll(() =>
      other.run(
        (sql) => sql<{ ended: boolean }[]>`
          select pg_terminate_backend(pid) as ended from pg_stat_activity
          where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()`,
      ),
    )
    .toHaveLength(1);
  await other.close();
  await expect(running).resolves.toMatchObject({ code: 'store.unreachable' });
  await expect.poll(threeRows).toHaveLength(3);
});

test('a lock that is not free in time is a conflict worth another try', async () => {
  await database.run((sql) => sql<object[]>`create table locked (i integer)`);
  await database.run((sql) => sql<object[]>`insert into locked values (1)`);
  const waiting = open(place.url, 50);
  await database.transaction(async (sql) => {
    await sql`select i from locked for update`;
    const second = waiting.transaction((other) => other`select i from locked for update`);
    await expect(second).rejects.toMatchObject({ code: 'store.conflict', retryable: true });
  });
  await waiting.close();
});

test('of two transactions that wait for each other one gets a conflict worth another try', async () => {
  await database.run((sql) => sql<object[]>`create table crossed (i integer)`);
  await database.run((sql) => sql<object[]>`insert into crossed values (1), (2)`);
  const second = open(place.url);
  let arrived = 0;
  const crossing = (side: Database, first: number, then: number) =>
    side.transaction(async (sql) => {
      await sql`update crossed set i = i where i = ${first}`;
      arrived += 1;
      await expect.poll(() => arrived).toBe(2);
      await sql`update crossed set i = i where i = ${then}`;
    });
  const outcomes = await Promise.allSettled([crossing(database, 1, 2), crossing(second, 2, 1)]);
  await second.close();
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({ code: 'store.conflict', retryable: true });
});

test('a number beyond 2^53 is refused instead of rounded', async () => {
  const run = database.run((sql) => sql<object[]>`select 9007199254740993::bigint as n`);
  await expect(run).rejects.toThrow('2^53');
});

test('Postgres reads every array as it was meant', async () => {
  // U+0000 is no text for Postgres, and half a surrogate pair is no text at all.
  const text = fc
    .oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('', 'NULL', '{}', '"', '\\', ',', '\n\t', 'é😀'))
    .filter((value) => !value.includes('\u0000') && Buffer.from(value).toString() === value);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), fc.array(fc.option(fc.maxSafeInteger())), async (words, whole) => {
      const [row] = await database.run(
        (sql) => sql<{ words: string; whole: string }[]>`
          select array_to_json(${texts(words)}::text[])::text as words,
            array_to_json(${numbers(whole)}::bigint[])::text as whole`,
      );
      expect([JSON.parse(row?.words ?? ''), JSON.parse(row?.whole ?? '')]).toEqual([words, whole]);
    }),
    { numRuns: 200 },
  );
});

test('and every array that holds no null is read as it was meant', async () => {
  const text = fc
    .oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('', 'NULL', '{}', '"', '\\', ',', '\n\t', 'é😀'))
    .filter((value) => !value.includes('\u0000') && Buffer.from(value).toString() === value);
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(fc.maxSafeInteger()), async (words, whole) => {
      const [row] = await database.run(
        (sql) => sql<object[]>`select ${texts(words)}::text[] as words, ${numbers(whole)}::bigint[] as whole`,
      );
      expect(row).toEqual({ words, whole });
    }),
    { numRuns: 200 },
  );
});

test('a connection asks the database nothing of its own: nobody would hear that it failed', async () => {
  const way = await proxyTo(place.url);
  const behind = open(way.url);
  way.mishap = { at: 'pg_type', kind: 'before', forGood: true };
  try {
    expect(await behind.transaction((sql) => sql<{ i: number }[]>`select 1 as i`)).toEqual([{ i: 1 }]);
  } finally {
    await behind.close();
    await way.close();
  }
});

test.for(['a statement that follows', 'the end of the work', 'the failure of the work'])(
  'a connection that is lost in the middle of a transaction: %s',
  async (then) => {
    const way = await proxyTo(place.url);
    const behind = open(way.url);
    try {
      const lost = behind.transaction(async (sql) => {
        await sql`create table if not exists half_made (i integer)`;
        way.cut('both');
        // A later turn: the driver has heard that the connection is gone.
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (then === 'a statement that follows') await sql`insert into half_made values (1)`;
        if (then === 'the failure of the work') throw new Error('no');
      });
      await expect(lost).rejects.toMatchObject({ code: 'store.unreachable', retryable: true });
      way.heal();
      await expect(behind.run((sql) => sql<object[]>`select to_regclass('half_made')::text as name`)).resolves.toEqual([
        { name: null },
      ]);
    } finally {
      await behind.close();
      await way.close();
    }
  },
);

test('a statement in a transaction whose connection is lost under it fails, and the next one is made anew', async () => {
  const way = await proxyTo(place.url);
  const behind = open(way.url);
  try {
    for (let round = 0; round < 3; round += 1) {
      way.mishap = { at: 'pg_sleep', kind: 'before' };
      const lost = behind.transaction((sql) => sql`select pg_sleep(20)`);
      await expect(lost).rejects.toMatchObject({ code: 'store.unreachable' });
      await expect(behind.transaction((sql) => sql`select 1 as i`)).resolves.toEqual([{ i: 1 }]);
    }
  } finally {
    await behind.close();
    await way.close();
  }
});

test('more work than connections waits in line, and all of it is done', async () => {
  const two = openDatabase({ url: place.url, connectionsMax: 2, lockTimeoutMs: 0 });
  const done = new Set<number>();
  const connections = new Set<number | undefined>();
  await Promise.all(
    Array.from({ length: 12 }, (_, nr) =>
      two.transaction(async (sql) => {
        const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
        connections.add(row?.pid);
        done.add(nr);
      }),
    ),
  );
  expect(done.size).toBe(12);
  expect(connections.size).toBe(2);
  await two.close();
  await expect(two.run((sql) => sql<object[]>`select 1`)).rejects.toMatchObject({ code: 'store.unreachable' });
});
