import { beforeEach, describe, expect, test } from 'vitest';
import { recordKey } from '../../src/core/ids.js';
import type { NativeFields } from '../../src/engine/connector.js';
import { imageOf, pass, update } from './conformance-steps.js';
import { usePostgres } from './postgres-world.js';

const place = usePostgres();

beforeEach(async () => {
  await place.sql`drop schema if exists odd cascade`;
  await place.sql`create schema odd`;
});

test.for([
  ['numeric', '12345678901234567890.000000000100', '-0.5'],
  ['numeric', 'NaN', '1e-5', '0.00001'],
  ['numeric(12,2)', '1.50', '2.345', '2.35'],
  ['bigint', '9007199254740993', '-9223372036854775808'],
  ['double precision', '0.1', '1.7976931348623157e+308', '1.7976931348623157e+308'],
  ['real', '0.1', 'Infinity'],
  ['timestamptz', '2026-03-04 05:06:07.123456+00', '2026-03-04T07:06:07.654321+02:00', '2026-03-04 05:06:07.654321+00'],
  ['timestamp', '2026-03-04 05:06:07.000001', 'infinity'],
  ['date', '2026-03-04', '0044-03-15 BC'],
  ['time', '23:59:59.999999', '24:00:00'],
  ['interval', '1 year 2 mons 3 days 04:05:06.000007', '-1 days'],
  [
    'uuid',
    '6f1c0b6e-7d0b-4e4e-9d8e-2f6f9a3a5f11',
    'A0EEBC999C0B4EF8BB6D6BB9BD380A11',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  ],
  ['json', '{"b": 1,  "a": 1.50}', '[1, null]'],
  ['jsonb', '{"a": 1.50}', '{"b":1,"a":[]}', '{"a": [], "b": 1}'],
  ['bytea', '\\x00ff', '\\xdeadbeef'],
  ['text[]', '{a,NULL,"b,c"}', '{"say \\"so\\""}', '{"say \\"so\\""}'],
  ['int4range', '[1,5)', '(1,5]', '[2,6)'],
  ['inet', '10.0.0.1/32', '2001:db8::1', '2001:db8::1/128'],
  ['char(5)', 'ab', 'abcde'],
  ['varchar(5)', 'ab', 'äöüßé'],
  ['bit(3)', '101', '010'],
  ['bit varying(5)', '1', '11111'],
  ['xml', '<a/>', '<b>1</b>'],
  ['odd.mood', 'glad', 'so so'],
  ['odd.short', 'abc', 'ä'],
  ['odd.pair', '(1,a)', '(2,"b c")'],
] as const)('a %s keeps its text: %s', async ([type, first, wanted, stored = wanted]) => {
  await place.sql`create type odd.mood as enum ('glad', 'so so')`;
  await place.sql`create domain odd.short as varchar(3) check (value <> 'no')`;
  await place.sql`create type odd.pair as (n int, t text)`;
  await place.sql.unsafe(`create table odd.values (id int primary key, v ${type})`);
  await place.sql.unsafe(`insert into odd.values values (1, '${first}')`);
  const connector = await place.open('odd.values');
  const key = recordKey('1');
  expect((await connector.readByKeys([key]))[0]?.fields).toEqual({ id: '1', v: first });
  const [outcome] = await connector.write([update(key, { v: wanted }, { v: first })]);
  expect(outcome).toMatchObject({ kind: 'accepted', record: { fields: { v: stored } } });
  const [emptied] = await connector.write([update(key, { v: null }, { v: stored })]);
  expect(emptied).toMatchObject({ kind: 'accepted', record: { fields: { v: null } } });
  const [again] = await connector.write([update(key, { v: first }, { v: null })]);
  expect((await connector.readByKeys([key]))[0]).toEqual(again === undefined ? null : imageOf(again));
});

test('booleans are booleans, and can be written as such or as text', async () => {
  await place.sql`create table odd.flags (id boolean primary key, v boolean)`;
  await place.sql`insert into odd.flags values (true, true), (false, null)`;
  const connector = await place.open('odd.flags');
  const { records } = await pass(connector, null);
  expect(records.map(({ key, fields }) => [key, fields])).toEqual([
    ['false', { id: false, v: null }],
    ['true', { id: true, v: true }],
  ]);
  const writes = [
    update(recordKey('true'), { v: false }, { v: true }),
    update(recordKey('false'), { v: 'true' }, { v: null }),
  ];
  expect(await connector.write(writes)).toMatchObject([
    { kind: 'accepted', record: { fields: { v: false } } },
    { kind: 'accepted', record: { fields: { v: true } } },
  ]);
});

test.for([
  ['varchar(3)', 'abcd', '22001'],
  ['char(3)', 'abcd', '22001'],
  ['odd.short', 'abcd', '22001'],
  ['odd.short', 'no', '23514'],
  ['bit(3)', '1011', '22026'],
  ['numeric(4,2)', '123.45', '22003'],
  ['smallint', '40000', '22003'],
  ['date', '2026-02-30', '22008'],
  ['jsonb', '{"a":', '22P02'],
  ['text', 'a\0b', '22021'],
] as const)('a %s never keeps a changed %s', async ([type, value, code]) => {
  await place.sql`create domain odd.short as varchar(3) check (value <> 'no')`;
  await place.sql.unsafe(`create table odd.values (id int primary key, v ${type})`);
  await place.sql`insert into odd.values values (1, null)`;
  const connector = await place.open('odd.values');
  const [outcome] = await connector.write([update(recordKey('1'), { v: value }, { v: null })]);
  expect(outcome).toMatchObject({ kind: 'refused', code });
  expect(await place.sql`select v::text as v from odd.values`).toMatchObject([{ v: null }]);
});

describe('names', () => {
  test('tables and columns may be called whatever they like', async () => {
    const table = 'we.ird "t"';
    await place.sql.unsafe(
      `create table odd."we.ird ""t""" ("the.id" text, "k;2" int, "a""b" text, "Straße" text, "select" text, primary key ("the.id", "k;2"))`,
    );
    const key = recordKey('["x","1"]');
    await place.sql.unsafe(`insert into odd."we.ird ""t""" values ('x', 1, 'a', 'b', 'c')`);
    const connector = await place.open(`odd."${table.replaceAll('"', '""')}"`, { key: ['the.id', 'k;2'] });
    expect((await pass(connector, null)).records.map((record) => record.key)).toEqual([key]);
    const wanted = { 'a"b': 'x', Straße: 'y', select: 'z' };
    const [outcome] = await connector.write([update(key, wanted, { 'a"b': 'a', Straße: 'b', select: 'c' })]);
    expect(outcome).toMatchObject({ kind: 'accepted', record: { key, fields: wanted } });
    expect((await connector.listKeys({ after: null, limit: 5 })).keys).toEqual([key]);
  });

  test('two hundred columns are written at once', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `c${index}`);
    await place.sql.unsafe(
      `create table odd.wide (id int primary key, ${names.map((name) => `${name} int`).join(', ')})`,
    );
    await place.sql`insert into odd.wide (id) values (1)`;
    const connector = await place.open('odd.wide');
    const all = (value: string | null): NativeFields => Object.fromEntries(names.map((name) => [name, value]));
    const [outcome] = await connector.write([update(recordKey('1'), all('7'), all(null))]);
    expect(outcome).toMatchObject({ kind: 'accepted', record: { fields: { id: '1', ...all('7') } } });
  });

  test('only mapped fields are read when they are known', async () => {
    await place.sql`create table odd.values (id int primary key, a text, b text)`;
    await place.sql`insert into odd.values values (1, 'x', 'y')`;
    const connector = await place.open('odd.values', { fields: ['b'] });
    expect((await pass(connector, null)).records[0]?.fields).toEqual({ id: '1', b: 'y' });
    expect((await connector.describe()).fields.map((field) => field.name)).toEqual(['id', 'a', 'b']);
  });
});

test('the settings of a role do not change what is read', async () => {
  await place.sql`create table odd.values (id int primary key, t timestamptz, i interval, f float8, b bytea)`;
  await place.sql`insert into odd.values values (1, '2026-03-04 05:06:07+00', '1 day', 0.1::float8 + 0.2, '\\x01')`;
  await place.sql`alter role parley_owner in database ${place.sql(place.database.name)} set timezone = 'Asia/Tokyo'`;
  await place.sql`alter role parley_owner in database ${place.sql(place.database.name)} set datestyle = 'German'`;
  const connector = await place.open('odd.values');
  const { records } = await pass(connector, null);
  const fields = { t: '2026-03-04 05:06:07+00', i: '1 day', f: '0.30000000000000004', b: '\\x01' };
  expect(records[0]?.fields).toEqual({ id: '1', ...fields });
});
