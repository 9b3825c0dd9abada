import { afterEach, expect, test } from 'vitest';
import { pairId, recordKey, sideName, type SideName } from '../../src/core/ids.js';
import { openQuestions } from '../support/open-questions.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I15: a record that is split off another one on its own side. A split is an edit and a new record; the new one is never
// taken for the old one's, although a key or a name says so, and a person is asked.

const people = (match: string): string => `pair: people
owner: test
systems:
  crm: { object: crm/crm.people, key: id }
  erp: { object: erp/erp.people, key: number }
match: [ ${match} ]
masters:
  either:
    name: { crm: name, erp: name }
    mail: { crm: mail, erp: mail }
creates: { crm: copy, erp: copy }
deletes: { crm: ask }
`;

const tables = `
  create table crm.people (id text primary key, code text, name text, mail text);
  create table erp.people (number text primary key, code text, name text, mail text);
  insert into crm.people values ('1', 'C1', 'Smith & Sons', 'office@smith.test');
  insert into erp.people values ('1', 'C1', 'Smith & Sons', 'office@smith.test');`;

let world: TablesWorld;
afterEach(async () => {
  await world.close();
});

const pair = pairId('people');
const crm = sideName('crm');

async function start(match: string): Promise<void> {
  world = await openTables({ pairs: { people: people(match) }, tables });
  await world.planAndApply('people');
  await world.cycle('people');
}

const questions = async () =>
  (await openQuestions({ store: world.store, pair })).map(({ kind, detail: { note } }) => [kind, note]);
const standing = async (key: string, side: SideName = crm) =>
  (await world.engine.explainRecord({ pair, side, key: recordKey(key) })).standing;

test('a record that is split off with its code waits, and the question says that the other one has a record there', async () => {
  await start('crm.code = erp.code');
  await world.sql`update crm.people set name = 'Smith' where id = '1'`;
  await world.sql`insert into crm.people values ('2', 'C1', 'Sons', 'sons@smith.test')`;
  for (let round = 0; round < 3; round += 1) await world.cycle('people');
  expect(await world.sql`select number, name from erp.people`).toEqual([{ number: '1', name: 'Smith' }]);
  expect([await questions(), await standing('1'), await standing('2')]).toEqual([
    [
      [
        'match',
        'This record may be the same as one that is already known. There is a record in crm for it already (1); this one may have been split off that one.',
      ],
    ],
    'agreed',
    'held',
  ]);
  expect((await world.engine.verifyLedger({ pair })).problems).toEqual([]);
});

test('a record that is split off without a code is a new one, and its values are its own', async () => {
  await start('crm.code = erp.code, crm.id = erp.number');
  await world.sql`update crm.people set name = 'Smith' where id = '1'`;
  await world.sql`insert into crm.people values ('2', null, 'Sons', 'office@smith.test')`;
  for (let round = 0; round < 3; round += 1) await world.cycle('people');
  expect(await world.sql`select number, name from erp.people order by number`).toEqual([
    { number: '1', name: 'Smith' },
    { number: '2', name: 'Sons' },
  ]);
  expect([await questions(), await standing('1'), await standing('2')]).toEqual([[], 'agreed', 'agreed']);
});
