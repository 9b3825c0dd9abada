import * as fc from 'fast-check';
import postgres from 'postgres';
import { afterEach, describe, expect, test } from 'vitest';
import type { Connector, ReadPage } from '../../src/engine/connector.js';
import { pass, untilQuiet } from './conformance-steps.js';
import { usePostgres } from './postgres-world.js';

const place = usePostgres();

afterEach(async () => {
  await place.sql`drop table if exists accounts cascade`;
});

async function accounts(count = 3): Promise<{ connector: Connector; cursor: string }> {
  await place.sql`create table accounts (id bigint primary key, name text)`;
  await place.sql`insert into accounts select i, 'name ' || i from generate_series(1, ${count}::int) i`;
  const connector = await place.open('accounts');
  const first = await pass(connector, null);
  return { connector, cursor: (await untilQuiet(connector, first.last.cursor)).cursor };
}

type Cursor = { server: string; since: string | null; next: string | null; after: string[] | null };
const changed = (cursor: string, change: Partial<Cursor>): string =>
  JSON.stringify({ ...(JSON.parse(cursor) as Cursor), ...change });

describe('what a pass finds', () => {
  test('an older transaction that commits after a newer one was seen is found', async () => {
    const { connector, cursor } = await accounts();
    const older = await place.sql.reserve();
    await older`begin`;
    await older`update accounts set name = 'older' where id = 1`;
    await place.sql`update accounts set name = 'newer' where id = 2`;
    const second = await pass(connector, cursor);
    expect(second.records.map((record) => record.key)).toEqual(['2']);
    await place.sql`update accounts set name = 'newest' where id = 3`;
    const third = await pass(connector, second.last.cursor);
    expect(third.records.map((record) => record.key)).toContain('3');
    await older`commit`;
    older.release();
    const fourth = await pass(connector, third.last.cursor);
    expect(fourth.records.find((record) => record.key === '1')?.fields['name']).toBe('older');
    expect((await untilQuiet(connector, fourth.last.cursor)).records).toEqual([]);
  });

  test('what a late commit wrote below a savepoint is found', async () => {
    const { connector, cursor } = await accounts();
    const older = await place.sql.reserve();
    await older`begin`;
    await older`select pg_current_xact_id()`;
    await older`savepoint a`;
    await older`update accounts set name = 'below a savepoint' where id = 1`;
    await older`release savepoint a`;
    await place.sql`update accounts set name = 'newer' where id = 2`;
    const second = await pass(connector, cursor);
    await older`commit`;
    older.release();
    const third = await pass(connector, second.last.cursor);
    expect(third.records.find((record) => record.key === '1')?.fields['name']).toBe('below a savepoint');
  });

  test('a change behind the page that is being read is in the next pass', async () => {
    const { connector } = await accounts(9);
    const first = await connector.read({ cursor: null, limit: 4 });
    await place.sql`update accounts set name = 'behind' where id = 2`;
    const rest = await pass(connector, first.cursor, 4);
    expect(rest.records.map((record) => record.key)).toEqual(['5', '6', '7', '8', '9']);
    const next = await pass(connector, rest.last.cursor, 4);
    expect(next.records.find((record) => record.key === '2')?.fields['name']).toBe('behind');
  });

  test('a pass over many pages shows rows that were written in an order other than that of their keys', async () => {
    const { connector, cursor } = await accounts(50);
    for (const id of [41, 7, 23, 50, 1, 12]) await place.sql`update accounts set name = 'x' where id = ${id}`;
    const { records } = await pass(connector, cursor, 2);
    expect(records.map((record) => record.key)).toEqual(['1', '7', '12', '23', '41', '50']);
  });

  test('a rewrite of the table shows every row again, a vacuum none', async () => {
    const { connector, cursor } = await accounts();
    await place.sql`vacuum freeze accounts`;
    const frozen = await pass(connector, cursor);
    expect(frozen.records).toEqual([]);
    await place.sql`alter table accounts alter column name type varchar(40) using name || '!'`;
    const { records } = await pass(connector, frozen.last.cursor);
    expect(records.map((record) => record.fields['name'])).toEqual(['name 1!', 'name 2!', 'name 3!']);
  });
});

describe('what one transaction changed', () => {
  const change = async (ids: readonly number[], name: string): Promise<void> => {
    await place.sql`update accounts set name = ${name} where id = any(${ids as number[]})`;
  };
  const namesOf = ({ records }: Pick<ReadPage, 'records'>, name: string): readonly string[] =>
    records.filter(({ fields }) => fields['name'] === name).map(({ key }) => key);

  test('is on one page, however many rows more than a page it is, and wherever their keys are', async () => {
    const { connector, cursor } = await accounts(30);
    await change([2, 3, 5, 7, 11, 13, 17, 19, 23, 29], 'x');
    await change([14, 28], 'y');
    const page = await connector.read({ cursor, limit: 3 });
    expect([namesOf(page, 'x').length, namesOf(page, 'y'), page.more, page.split]).toEqual([10, [], true, undefined]);
    expect(new Set(page.records.map(({ key }) => key)).size).toBe(page.records.length);
  });

  test('behind a page that was read is shown with what it changed after it', async () => {
    const { connector, cursor } = await accounts(30);
    await change([2, 4, 6, 8, 10, 12], 'x');
    await connector.read({ cursor, limit: 30 });
    for (const id of [2, 4, 6, 8, 10]) await change([id], 'each');
    const first = await connector.read({ cursor, limit: 2 });
    await change([1, 9], 'z');
    const second = await connector.read({ cursor: first.cursor, limit: 3 });
    expect([...namesOf(second, 'z')].sort()).toEqual(['1', '9']);
  });

  test('below a savepoint is told apart: a transaction with savepoints is several', async () => {
    const { connector, cursor } = await accounts(30);
    await place.sql.begin(async (tx) => {
      await tx`update accounts set name = 'outside' where id in (1, 20)`;
      await tx.savepoint((inner) => inner`update accounts set name = 'inside' where id in (2, 21)`);
    });
    const page = await connector.read({ cursor, limit: 1 });
    expect([namesOf(page, 'outside'), namesOf(page, 'inside')]).toEqual([['1', '20'], []]);
  });

  test('that is more than a page may hold is taken in parts, and the page says so', async () => {
    const { connector, cursor } = await accounts(30);
    await place.sql`update accounts set name = 'all'`;
    const page = await connector.read({ cursor, limit: 3 });
    expect([page.records.length, page.split]).toEqual([
      15,
      'Transactions changed more than 12 rows of accounts beside one page; they are taken in parts.',
    ]);
    const rest = await pass(connector, page.cursor, 3);
    expect(new Set([...page.records, ...rest.records].map(({ key }) => key)).size).toBe(30);
  });

  test('is seen whole at the end of every page, whatever is changed between pages', async () => {
    await place.sql`create table accounts (id bigint primary key, name text)`;
    const connector = await place.open('accounts');
    const move = fc.oneof(
      { weight: 2, arbitrary: fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 6 }) }) },
      { weight: 3, arbitrary: fc.record({ limit: fc.integer({ min: 2, max: 4 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 24 }), async (moves) => {
        await place.sql`truncate accounts`;
        await place.sql`insert into accounts select i, 'first' from generate_series(1, 15) i`;
        const seen = new Map<string, unknown>();
        let { cursor } = (await untilQuiet(connector, (await pass(connector, null)).last.cursor)) as { cursor: string };
        let made = 0;
        for (const next of moves) {
          if ('ids' in next) await change(next.ids, `transaction ${(made += 1)}`);
          else {
            const page = await connector.read({ cursor, limit: next.limit });
            ({ cursor } = page);
            for (const { key, fields } of page.records) seen.set(key, fields['name']);
            // Two transactions of six rows beside a page of two are more than a page may hold, and it says so.
            const shown = new Set(page.split === undefined ? page.records.map(({ fields }) => fields['name']) : []);
            for (const { id, name } of await place.sql<
              { id: string; name: string }[]
            >`select id::text, name from accounts`)
              if (shown.has(name)) expect([id, seen.get(id)]).toEqual([id, name]);
          }
        }
      }),
      {
        numRuns: 60,
        examples: [
          [
            [
              { ids: [5, 8, 4, 6, 1, 3] },
              { ids: [10, 2, 7, 11, 9] },
              { limit: 2 },
              { limit: 2 },
              { ids: [] },
              { limit: 2 },
            ],
          ],
        ],
      },
    );
  });
});

type Step =
  | { readonly kind: 'edit'; readonly writer: number; readonly row: number; readonly below: boolean }
  | { readonly kind: 'end'; readonly writer: number; readonly commit: boolean }
  | { readonly kind: 'read'; readonly limit: number };

const writer = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('edit'), writer, row: fc.nat({ max: 4 }), below: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end'), writer, commit: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read'), limit: fc.integer({ min: 1, max: 4 }) }) },
);

test('whoever commits when, the pages together show the table as it is', async () => {
  await place.sql`create table accounts (id bigint primary key, name text)`;
  const connector = await place.open('accounts');
  const sessions = await Promise.all([0, 1, 2].map(() => place.sql.reserve()));
  const law = fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const seen = new Map<string, unknown>();
      const open = new Set<number>();
      let cursor: string | null = null;
      let edits = 0;
      const [admin] = sessions;
      await admin?.unsafe('truncate accounts');
      await admin?.unsafe("insert into accounts select i, 'first' from generate_series(0, 14) i");
      const read = async (limit: number): Promise<boolean> => {
        const page: ReadPage = await connector.read({ cursor, limit });
        ({ cursor } = page);
        for (const { key, fields } of page.records) seen.set(key, fields['name']);
        return page.more;
      };
      const end = async (by: number, how: string): Promise<void> => {
        if (open.delete(by)) await sessions[by]?.unsafe(how);
      };
      for (const next of steps) {
        if (next.kind === 'read') await read(next.limit);
        else if (next.kind === 'end') await end(next.writer, next.commit ? 'commit' : 'rollback');
        else {
          // Every writer has rows of its own, so that none waits for another.
          const session = sessions[next.writer];
          if (!open.has(next.writer)) await session?.unsafe('begin');
          open.add(next.writer);
          edits += 1;
          if (next.below) await session?.unsafe('savepoint s');
          await session?.unsafe(`update accounts set name = 'edit ${edits}' where id = ${next.writer * 5 + next.row}`);
          if (next.below) await session?.unsafe('release savepoint s');
        }
      }
      for (const by of open) await end(by, 'commit');
      // What a pass under way has gone past is in the next one.
      while (await read(4));
      while (await read(4));
      const there = (await admin?.unsafe('select id::text, name from accounts')) ?? [];
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(there.map(({ id, name }) => [id, name])));
    }),
    { numRuns: 60 },
  );
  try {
    await law;
  } finally {
    for (const session of sessions) {
      await session`rollback`;
      session.release();
    }
  }
});

describe('a cursor whose numbers mean nothing any more', () => {
  test.for([
    ['of another server', { server: 'another' }],
    ['ahead of the server', { since: '9000000000' }],
    ['in the middle of a pass on another server', { server: 'another', next: '3', after: ['2'] }],
    ['in the middle of a pass, ahead of the server', { next: '9000000000', after: ['2'] }],
  ] as const)('%s leads to a full pass that says so', async ([, change]) => {
    const { connector, cursor } = await accounts();
    const wrong = changed(cursor, change as Partial<Cursor>);
    expect((await connector.read({ cursor: wrong, limit: 10 })).isOtherHistory).toBe(true);
    expect((await connector.read({ cursor, limit: 10 })).isOtherHistory).toBeUndefined();
    const { records, last } = await pass(connector, wrong);
    expect(records.map((record) => record.key)).toEqual(['1', '2', '3']);
    expect((await untilQuiet(connector, last.cursor)).records).toEqual([]);
  });

  test('a little ahead, as a server is that crashed before it kept the ids it had given: a full pass, and the same history', async () => {
    const { connector, cursor } = await accounts();
    const { since } = JSON.parse(cursor) as { since: string };
    const ahead = changed(cursor, { since: String(BigInt(since) + 500n) });
    const first = await connector.read({ cursor: ahead, limit: 10 });
    expect([first.isOtherHistory, first.records.map(({ key }) => key)]).toEqual([undefined, ['1', '2', '3']]);
  });

  test('a table that was dropped and made again is read in full', async () => {
    const { connector, cursor } = await accounts();
    await place.sql`drop table accounts`;
    await place.sql`create table accounts (id bigint primary key, name text)`;
    await place.sql`insert into accounts values (7, 'new')`;
    const { records } = await pass(connector, cursor);
    expect(records.map((record) => record.key)).toEqual(['7']);
  });

  test.for(['nonsense', '{"offset":7}', '{"server":null,"since":1,"next":null,"after":null}'])(
    'text that is no cursor is refused: %s',
    async (cursor) => {
      const { connector } = await accounts();
      await expect(connector.read({ cursor, limit: 10 })).rejects.toMatchObject({ code: 'connector.cursor_expired' });
    },
  );
});

describe('keys in a table', () => {
  test('numbers are paged by value and listed by text', async () => {
    const { connector } = await accounts(12);
    const { records } = await pass(connector, null, 5);
    expect(records.map((record) => record.key)).toEqual(Array.from({ length: 12 }, (_, index) => String(index + 1)));
    const first = await connector.listKeys({ after: null, limit: 4 });
    expect(first).toEqual({ keys: ['1', '10', '11', '12'], more: true });
    const between = await connector.listKeys({ after: '3' as never, limit: 4 });
    expect(between).toEqual({ keys: ['4', '5', '6', '7'], more: true });
    expect(await connector.listKeys({ after: '9' as never, limit: 4 })).toEqual({ keys: [], more: false });
  });

  test('a language that sorts otherwise changes neither the pages nor the listing', async () => {
    await place.sql`create table accounts (id text collate "en-x-icu" primary key)`;
    await place.sql`insert into accounts select unnest(${['b', 'B', 'a', 'A', 'ä', 'Z', 'é']}::text[])`;
    const connector = await place.open('accounts');
    const { records } = await pass(connector, null, 2);
    expect(records.map((record) => record.key)).toEqual(['a', 'A', 'ä', 'b', 'B', 'é', 'Z']);
    expect((await connector.listKeys({ after: null, limit: 9 })).keys).toEqual(['A', 'B', 'Z', 'a', 'b', 'ä', 'é']);
  });

  test('a listing from the first key is never an old one', async () => {
    const { connector } = await accounts(3);
    await connector.listKeys({ after: null, limit: 1 });
    await place.sql`delete from accounts where id = 2`;
    expect((await connector.listKeys({ after: null, limit: 9 })).keys).toEqual(['1', '3']);
  });

  test('rows whose key is not filled in are set aside', async () => {
    await place.sql`create table accounts (id text unique, name text)`;
    await place.sql`insert into accounts values ('a', 'x'), (null, 'y'), (null, 'z')`;
    const connector = await place.open('accounts');
    const { records, last } = await pass(connector, null);
    expect(records.map((record) => record.key)).toEqual(['a']);
    expect(last.setAside.map(({ reason }) => reason)).toEqual(Array(2).fill('The key (id) is not filled in.'));
    expect((await connector.listKeys({ after: null, limit: 9 })).keys).toEqual(['a']);
  });

  test('a key that is no value of its column, or that no text can be, is the key of nothing', async () => {
    const { connector } = await accounts();
    const found = await connector.readByKeys(['2', 'abc', '', '99999999999999999999', 'a\0b'] as never);
    expect(found.map((record) => record.key)).toEqual(['2']);
  });

  test('in a database of another encoding keys are still listed by their UTF-8 bytes', async () => {
    const name = `${place.database.name}_latin1`;
    const admin = postgres(place.database.url, { max: 1 });
    await admin.unsafe(`create database ${name} encoding 'LATIN1' locale 'C' locale_provider libc template template0`);
    const url = new URL(place.database.url);
    url.pathname = `/${name}`;
    const elsewhere = await place.open('accounts', { options: { url: url.href } });
    const setUp = postgres(url.href, { max: 1 });
    await setUp`create table accounts (id text primary key)`;
    await setUp`insert into accounts select unnest(${['é', 'z', 'ÿ', 'a']}::text[])`;
    await setUp.end();
    expect((await elsewhere.listKeys({ after: null, limit: 9 })).keys).toEqual(['a', 'z', 'é', 'ÿ']);
    expect((await pass(elsewhere, null)).records.length).toBe(4);
    await elsewhere.close();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  });
});
