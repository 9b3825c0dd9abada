import { afterEach, expect, test } from 'vitest';
import { pairId, recordKey, sideName, type SideName } from '../../src/core/ids.js';
import type { Choice } from '../../src/engine/engine.js';
import { openQuestions } from '../support/open-questions.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I15: a key that is used again for another record, told by the system's own mark of its making (semantics §1.11, "Id
// reuse"). The CRM stamps what it makes with a time, the ERP with a serial number; neither is ever written by us.

const people = (deletes: string): string => `pair: people
owner: test
systems:
  crm: { object: crm/crm.people, key: id, made: created_at }
  erp: { object: erp/erp.people, key: number, made: serial }
match: [ crm.id = erp.number ]
masters:
  either:
    name: { crm: name, erp: name }
creates: { crm: copy, erp: copy }
deletes: { crm: ${deletes}, erp: ${deletes} }
`;

const tables = `
  create table crm.people (id text primary key, name text, created_at timestamptz not null default clock_timestamp());
  create table erp.people (number text primary key, name text, serial bigserial);
  insert into crm.people values ('1', 'Ada', '2020-01-01 10:00:00.000001+00'), ('2', 'Ben', default);
  insert into erp.people values ('1', 'Ada'), ('2', 'Ben');`;

const pair = pairId('people');
const crm = sideName('crm');
const erp = sideName('erp');
let world: TablesWorld;

async function start(deletes: string): Promise<void> {
  world = await openTables({ pairs: { people: people(deletes) }, tables });
  await world.planAndApply('people');
  await rounds(2);
}
afterEach(async () => {
  await world.close();
});

const rounds = async (count: number): Promise<void> => {
  for (let round = 0; round < count; round += 1) await world.cycle('people');
};
const questions = () => openQuestions({ store: world.store, pair });
const names = (table: string) => world.sql.unsafe(`select * from ${table} order by 1`).then(all);
const all = (rows: readonly { readonly [column: string]: unknown }[]) =>
  rows.map((row) => [row['id'] ?? row['number'], row['name']]);
const explained = (key: string, side: SideName = crm) =>
  world.engine.explainRecord({ pair, side, key: recordKey(key) });
async function makeAnew(name: string): Promise<void> {
  await world.sql`delete from crm.people where id = '1'`;
  await world.sql`insert into crm.people values ('1', ${name})`;
}
const serialOf = async (number: string): Promise<number> => {
  const [row] = await world.sql<{ serial: string }[]>`select serial from erp.people where number = ${number}`;
  return Number(row?.serial);
};
async function decide(choice: Choice): Promise<void> {
  const [asked] = await questions();
  await world.engine.decide({ conflict: asked?.id ?? 0, vv: asked?.vv ?? '', choice, by: 'eve', note: null });
}
async function isProven(): Promise<void> {
  expect((await world.engine.verifyLedger({ pair })).problems).toEqual([]);
}

test('between two readings a record is deleted and another one made with its key: two entities, and nothing of the one is the other', async () => {
  await start('delete');
  const { entity: first } = await explained('1');
  const old = await serialOf('1');
  await makeAnew('Zoe');
  await rounds(5);
  const now = await serialOf('1');
  expect([await names('crm.people'), await names('erp.people')]).toEqual([
    [
      ['1', 'Zoe'],
      ['2', 'Ben'],
    ],
    [
      ['1', 'Zoe'],
      ['2', 'Ben'],
    ],
  ]);
  // Ada was deleted in the ERP, and Zoe made there: no edit made the one of the other.
  expect(now).toBeGreaterThan(old);
  const { entity, standing } = await explained('1');
  expect([entity === first, standing, (await explained('1', erp)).entity, await questions()]).toEqual([
    false,
    'agreed',
    entity,
    [],
  ]);
  await isProven();
});

test('the same mark is the same record, whatever else it shows', async () => {
  await start('delete');
  const { entity } = await explained('1');
  await world.sql`update crm.people set name = 'Ada L.' where id = '1'`;
  await rounds(2);
  expect([(await explained('1')).entity, await names('erp.people')]).toEqual([
    entity,
    [
      ['1', 'Ada L.'],
      ['2', 'Ben'],
    ],
  ]);
});

test('where deletes are asked about, the stranger waits with a sentence until somebody has decided about the other one', async () => {
  await start('ask');
  await makeAnew('Zoe');
  await rounds(3);
  const [held, ...others] = await questions();
  expect([held?.kind, others, await names('erp.people')]).toEqual([
    'delete',
    [],
    [
      ['1', 'Ada'],
      ['2', 'Ben'],
    ],
  ]);
  expect(held?.detail.note).toContain('Another record has its key in crm now; it waits until this is decided.');
  expect([(await explained('1')).standing, (await explained('1', erp)).standing]).toEqual(['waiting', 'held']);
  await decide({ kind: 'delete' });
  await rounds(4);
  expect([await names('erp.people'), await questions(), (await explained('1')).standing]).toEqual([
    [
      ['1', 'Zoe'],
      ['2', 'Ben'],
    ],
    [],
    'agreed',
  ]);
  await isProven();
});

test('a record that was left in the ERP keeps its key there, and a person is asked about the one that waited', async () => {
  await start('ask');
  await makeAnew('Zoe');
  await rounds(3);
  await decide({ kind: 'leave' });
  await rounds(3);
  const [asked] = await questions();
  expect([asked?.kind, asked?.detail.note, await names('erp.people')]).toEqual([
    'create',
    'The record that would be made in erp under the key 1 is there, and belongs to another one.',
    [
      ['1', 'Ada'],
      ['2', 'Ben'],
    ],
  ]);
  await isProven();
});

test('a write that was decided before meets the stranger, is not made, and its edit is not lost', async () => {
  await start('delete');
  await world.sql`update erp.people set name = 'Ada L.' where number = '1'`;
  await world.page('people', 'erp');
  // Made anew with just the values that the write expects.
  await makeAnew('Ada');
  await rounds(5);
  expect([await names('crm.people'), await names('erp.people')]).toEqual([
    [
      ['1', 'Ada'],
      ['2', 'Ben'],
    ],
    [
      ['1', 'Ada L.'],
      ['2', 'Ben'],
    ],
  ]);
  // The delete had not seen the edit: a person is asked (D4), and the stranger waits for that.
  expect((await questions()).map(({ kind }) => kind)).toEqual(['delete']);
  expect((await explained('1')).standing).toBe('waiting');
  await decide({ kind: 'delete' });
  await rounds(4);
  expect(await names('erp.people')).toEqual([
    ['1', 'Ada'],
    ['2', 'Ben'],
  ]);
  await isProven();
});

test('a record that was deleted everywhere and is put back with its mark is the record that it was', async () => {
  await start('delete');
  const { entity } = await explained('1');
  await world.sql`delete from crm.people where id = '1'`;
  await world.engine.listMissing({ pair, side: crm, run: 90, after: null });
  await rounds(2);
  expect(await names('erp.people')).toEqual([['2', 'Ben']]);
  await world.sql`insert into crm.people values ('1', 'Ada', '2020-01-01 10:00:00.000001+00')`;
  await rounds(3);
  expect([(await explained('1')).entity, (await explained('1')).standing, await names('erp.people')]).toEqual([
    entity,
    'agreed',
    [
      ['1', 'Ada'],
      ['2', 'Ben'],
    ],
  ]);
  await isProven();
});

test('nothing is written where people want a record back whose key another one has: they are asked about both', async () => {
  await start('ask');
  await makeAnew('Zoe');
  await rounds(3);
  await decide({ kind: 'restore' });
  await rounds(4);
  expect((await questions()).map(({ kind, detail }) => [kind, detail.note])).toEqual([
    ['create', 'The record that would be made in crm under the key 1 is there, and belongs to another one.'],
    ['create', 'The record that would be made in erp under the key 1 is there, and belongs to another one.'],
  ]);
  expect([(await names('crm.people'))[0], (await names('erp.people'))[0]]).toEqual([
    ['1', 'Zoe'],
    ['1', 'Ada'],
  ]);
  await isProven();
});
