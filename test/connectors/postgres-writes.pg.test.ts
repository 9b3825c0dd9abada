import { beforeEach, describe, expect, test } from 'vitest';
import { type RecordKey, recordKey } from '../../src/core/ids.js';
import type { NativeFields, NativeWrite, WriteOutcome } from '../../src/engine/connector.js';
import { pass, remove, update } from './conformance-steps.js';
import { usePostgres } from './postgres-world.js';

const place = usePostgres();

beforeEach(async () => {
  await place.sql`drop schema if exists shop cascade`;
  await place.sql`create schema shop`;
});

const key = (id: number | string): RecordKey => recordKey(String(id));
const created = (fields: NativeFields & { readonly id: string }): NativeWrite => ({
  kind: 'create',
  key: recordKey(fields.id),
  fields,
  expect: {},
  token: null,
  idempotencyKey: `create ${fields.id}`,
});
const kindsOf = (outcomes: readonly WriteOutcome[]): readonly string[] => outcomes.map((outcome) => outcome.kind);
const namesIn = async (): Promise<readonly string[]> =>
  (await place.sql<{ name: string }[]>`select name from shop.items order by id`).map(({ name }) => name);

async function items(columns = 'name text', names: readonly string[] = ['a', 'b', 'c']): Promise<void> {
  await place.sql.unsafe(`create table shop.items (id int primary key, ${columns})`);
  await place.sql`insert into shop.items (id, name) select * from unnest(${names.map((_, i) => i + 1)}::int[], ${[...names]}::text[])`;
}

describe('a row that the database refuses', () => {
  test('is named by its constraint, and neither message nor hint holds a value', async () => {
    await items('name text constraint name_is_taken unique, price int constraint price_is_fair check (price > 0)');
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { name: 'b' }, { name: 'a' }),
      update(key(2), { price: '-987654321' }, { name: 'b' }),
      created({ id: '9', name: 'c' }),
      update(key(3), { name: 'd' }, { name: 'c' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'refused', code: '23505', message: 'another record already has this value (constraint name_is_taken)' },
      { kind: 'refused', code: '23514', message: 'a check is not met (constraint price_is_fair)' },
      // The name was still taken when its half was written; the last update gives it up.
      { kind: 'accepted', record: { fields: { name: 'c' } } },
      { kind: 'accepted', record: { fields: { name: 'd' } } },
    ]);
    expect(JSON.stringify(outcomes)).not.toContain('987654321');
    expect(await namesIn()).toEqual(['a', 'b', 'd', 'c']);
  });

  /** Each case: the names that rows 1, 2, … are to get, and what they have in the end. They begin as a, b, c, d. */
  test.for([
    ['two that swap', ['b', 'a'], ['b', 'a', 'c', 'd'], 'accepted accepted'],
    ['three that rotate', ['b', 'c', 'a'], ['b', 'c', 'a', 'd'], 'accepted accepted accepted'],
    ['two swaps at once', ['b', 'a', 'd', 'c'], ['b', 'a', 'd', 'c'], 'accepted accepted accepted accepted'],
    ['a chain to a free name', ['b', 'c', 'd', 'e'], ['b', 'c', 'd', 'e'], 'accepted accepted accepted accepted'],
    ['a swap beside a real clash', ['b', 'a', 'd'], ['b', 'a', 'c', 'd'], 'accepted accepted refused'],
    ['two that want one name', ['c', 'c'], ['a', 'b', 'c', 'd'], 'refused refused'],
  ] as const)('names are passed on by %s', async ([, wanted, left, kinds]) => {
    await items('name text unique, note text', ['a', 'b', 'c', 'd']);
    const connector = await place.open('shop.items');
    const begin = ['a', 'b', 'c', 'd'];
    const outcomes = await connector.write(
      wanted.map((name, index) =>
        update(key(index + 1), { name, note: 'n' }, { name: begin[index] ?? '', note: null }),
      ),
    );
    expect(kindsOf(outcomes).join(' ')).toBe(kinds);
    expect(await namesIn()).toEqual(left);
  });

  test('a swap is not made when one of its rows was changed meanwhile, or its column may not be empty', async () => {
    await items('name text unique');
    const connector = await place.open('shop.items');
    await place.sql`update shop.items set name = 'x' where id = 2`;
    await place.sql`update shop.items set name = 'b' where id = 3`;
    const swap = [update(key(1), { name: 'b' }, { name: 'a' }), update(key(2), { name: 'a' }, { name: 'b' })];
    expect(kindsOf(await connector.write(swap))).toEqual(['refused', 'stale']);
    expect(await namesIn()).toEqual(['a', 'x', 'b']);
    await place.sql`update shop.items set name = 'c' where id = 3`;
    await place.sql`update shop.items set name = 'b' where id = 2`;
    await place.sql`alter table shop.items alter name set not null`;
    const strict = await place.open('shop.items');
    expect(kindsOf(await strict.write(swap))).toEqual(['refused', 'refused']);
    expect(await namesIn()).toEqual(['a', 'b', 'c']);
  });

  test('by a constraint that waits for the commit is found all the same', async () => {
    await place.sql`create table shop.owners (id int primary key)`;
    await place.sql`insert into shop.owners values (1)`;
    await items('name text, owner int references shop.owners deferrable initially deferred');
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { owner: '1' }, { name: 'a' }),
      update(key(2), { owner: '2' }, { name: 'b' }),
      update(key(3), { owner: '1' }, { name: 'c' }),
    ]);
    expect(kindsOf(outcomes)).toEqual(['accepted', 'refused', 'accepted']);
    expect(outcomes[1]).toMatchObject({ code: '23503' });
  });

  test('by a trigger names the function and not its words', async () => {
    await items();
    await place.sql.unsafe(`create function shop.no_b() returns trigger language plpgsql as $$
      begin if new.name = 'secret' then raise exception 'not %', new.name; end if; return new; end $$`);
    await place.sql`create trigger no_b before update on shop.items for each row execute function shop.no_b()`;
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { name: 'secret' }, { name: 'a' }),
      update(key(2), { name: 'x' }, { name: 'b' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'refused', code: 'P0001', message: 'the database refuses the row (function shop.no_b)' },
      { kind: 'accepted' },
    ]);
  });

  test('without a word, by a trigger that drops the change, is refused and not stale for ever', async () => {
    await items();
    await place.sql.unsafe(`create function shop.keep_a() returns trigger language plpgsql as $$
      begin if old.name = 'a' then return null; end if; return new; end $$`);
    await place.sql`create trigger keep_a before update on shop.items for each row execute function shop.keep_a()`;
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { name: 'x' }, { name: 'a' }),
      update(key(2), { name: 'x' }, { name: 'b' }),
    ]);
    expect(outcomes).toMatchObject([{ kind: 'refused', code: '02000' }, { kind: 'accepted' }]);
  });

  test('by a row-level policy is refused, and the others are written', async () => {
    await items();
    await place.sql`grant usage on schema shop to parley_app`;
    await place.sql`grant select, update on shop.items to parley_app`;
    await place.sql`alter table shop.items enable row level security`;
    await place.sql`create policy see on shop.items for select using (true)`;
    await place.sql`create policy low on shop.items for update using (true) with check (id < 3)`;
    const connector = await place.open('shop.items', { options: { url: place.database.appUrl } });
    const outcomes = await connector.write([1, 2, 3].map((id) => update(key(id), { name: 'x' }, {})));
    expect(outcomes).toMatchObject([
      { kind: 'accepted' },
      { kind: 'accepted' },
      { kind: 'refused', code: '42501', message: 'a row-level policy does not allow it' },
    ]);
  });

  test('because the database fills the column itself is refused before anything is asked of it', async () => {
    await items('name text, shout text generated always as (upper(name)) stored, n int generated always as identity');
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { shout: 'X' }, { name: 'a' }),
      update(key(2), { name: 'x' }, { name: 'b', shout: 'B' }),
      update(key(3), { n: '8' }, { name: 'c' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'refused', code: '428C9', message: 'the database fills the column itself (column shout)' },
      { kind: 'accepted', record: { fields: { shout: 'X', n: '2' } } },
      { kind: 'refused', code: '428C9' },
    ]);
  });

  test('may be every row of a large batch', async () => {
    await place.sql`create table shop.items (id int primary key, name text unique)`;
    await place.sql`insert into shop.items select i, i::text from generate_series(1, 600) i`;
    const connector = await place.open('shop.items');
    const writes = Array.from({ length: 599 }, (_, i) => update(key(i + 2), { name: '1' }, { name: String(i + 2) }));
    const outcomes = await connector.write([...writes, update(key(1), { name: 'free' }, { name: '1' })]);
    // The name becomes free at the end, when all but itself have been refused.
    expect(kindsOf(outcomes).filter((kind) => kind === 'accepted').length).toBe(1);
    expect(await place.sql`select id from shop.items where name = 'free'`).toMatchObject([{ id: 1 }]);
  });
});

describe('images', () => {
  test.for(['before', 'after'])('what a trigger changes %s the row is written is in the image', async (when) => {
    await items('name text, edits int default 0');
    await place.sql.unsafe(`create function shop.tidy() returns trigger language plpgsql as $$ begin
      ${
        when === 'before'
          ? 'new.name := upper(new.name); return new;'
          : 'update shop.items set name = upper(new.name) where id = new.id and name <> upper(new.name); return null;'
      } end $$`);
    await place.sql.unsafe(
      `create trigger tidy ${when} insert or update on shop.items for each row execute function shop.tidy()`,
    );
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { name: 'x' }, { name: 'a' }),
      created({ id: '7', name: 'y' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'accepted', record: { fields: { name: 'X' } } },
      { kind: 'accepted', record: { fields: { name: 'Y', edits: '0' } } },
    ]);
    const read = await connector.readByKeys([key(1), key(7)]);
    expect(read).toEqual(outcomes.map((outcome) => outcome.kind === 'accepted' && outcome.record));
  });

  test('a partitioned table is written and read like any other', async () => {
    await place.sql`create table shop.items (id int, name text, primary key (id)) partition by range (id)`;
    await place.sql`create table shop.low partition of shop.items for values from (0) to (10)`;
    await place.sql`create table shop.high partition of shop.items for values from (10) to (20)`;
    await place.sql`insert into shop.items values (1, 'a'), (11, 'b')`;
    const connector = await place.open('shop.items');
    const { last } = await pass(connector, null);
    const outcomes = await connector.write([
      update(key(1), { name: 'x' }, { name: 'a' }),
      created({ id: '12', name: 'y' }),
      created({ id: '30', name: 'beyond' }),
      remove(key(11), { name: 'b' }),
    ]);
    expect(kindsOf(outcomes)).toEqual(['accepted', 'accepted', 'refused', 'accepted']);
    const next = await pass(connector, last.cursor);
    const images = outcomes.slice(0, 2).map((outcome) => outcome.kind === 'accepted' && outcome.record);
    expect(next.records).toEqual(images);
  });

  test('a key that the database writes differently is still ours', async () => {
    await items();
    const connector = await place.open('shop.items');
    const writes = [
      created({ id: '007', name: 'x' }),
      created({ id: '+8', name: 'y' }),
      created({ id: '02', name: 'z' }),
    ];
    expect(await connector.write(writes)).toMatchObject([
      { kind: 'accepted', record: { key: '7', fields: { name: 'x' } } },
      { kind: 'accepted', record: { key: '8' } },
      { kind: 'stale', record: { key: '2', fields: { name: 'b' } } },
    ]);
    expect(await namesIn()).toEqual(['a', 'b', 'c', 'x', 'y']);
  });
});

describe('preconditions', () => {
  test('without expected values the token is the precondition', async () => {
    await items();
    const connector = await place.open('shop.items');
    const { records } = await pass(connector, null);
    await place.sql`update shop.items set name = 'changed' where id = 2`;
    const writes = records.map(({ key: id, token }) => ({ ...update(id, { name: 'x' }, {}), token }));
    expect(kindsOf(await connector.write(writes))).toEqual(['accepted', 'stale', 'accepted']);
    expect(await namesIn()).toEqual(['x', 'changed', 'x']);
  });

  test('two writes of one record in a batch are made one after the other', async () => {
    await items();
    const connector = await place.open('shop.items');
    const outcomes = await connector.write([
      update(key(1), { name: 'x' }, { name: 'a' }),
      update(key(1), { name: 'y' }, { name: 'x' }),
      update(key(1), { name: 'z' }, { name: 'a' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'accepted' },
      { kind: 'accepted' },
      { kind: 'stale', record: { fields: { name: 'y' } } },
    ]);
  });

  test('no update is lost among writers that race for one row', async () => {
    await place.sql`create table shop.items (id int primary key, n int)`;
    await place.sql`insert into shop.items values (1, 0)`;
    const connectors = await Promise.all([1, 2, 3].map(() => place.open('shop.items')));
    const raise = async (connector: (typeof connectors)[number]): Promise<number> => {
      let done = 0;
      for (let left = 20; left > 0; left -= 1) {
        const [record] = await connector.readByKeys([key(1)]);
        const n = record?.fields['n'] ?? null;
        const outcomes = await connector.write([update(key(1), { n: String(Number(n) + 1) }, { n })]);
        done += kindsOf(outcomes).filter((kind) => kind === 'accepted').length;
      }
      return done;
    };
    const raised = await Promise.all(connectors.map(raise));
    const sum = raised.reduce((all, one) => all + one, 0);
    expect(await place.sql`select n from shop.items`).toMatchObject([{ n: sum }]);
    expect(sum).toBeGreaterThanOrEqual(20);
  });

  test('a deadlock is tried again and nothing of it stays', async () => {
    await items();
    await place.sql`create sequence shop.turns`;
    await place.sql.unsafe(`create function shop.unlucky() returns trigger language plpgsql as $$
      begin if nextval('shop.turns') <= 2 then raise exception using errcode = '40P01'; end if; return new; end $$`);
    await place.sql`create trigger unlucky before update on shop.items for each row execute function shop.unlucky()`;
    const connector = await place.open('shop.items');
    expect(kindsOf(await connector.write([update(key(1), { name: 'x' }, { name: 'a' })]))).toEqual(['accepted']);
    expect(await namesIn()).toEqual(['x', 'b', 'c']);
  });

  test('when the deadlock does not end, the error may be retried and nothing was written', async () => {
    await items();
    await place.sql.unsafe(`create function shop.unlucky() returns trigger language plpgsql as $$
      begin if new.id = 2 then raise exception using errcode = '40P01'; end if; return new; end $$`);
    await place.sql`create trigger unlucky before update on shop.items for each row execute function shop.unlucky()`;
    const connector = await place.open('shop.items');
    const writes = [1, 2].map((id) => update(key(id), { name: 'x' }, {}));
    await expect(connector.write(writes)).rejects.toMatchObject({ code: 'connector.unreachable', retryable: true });
    expect(await namesIn()).toEqual(['a', 'b', 'c']);
  });
});
