import { afterEach, expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.js';
import { pairId, recordKey, sideName } from '../../src/core/ids.js';
import type { ConflictRow } from '../../src/engine/store.js';
import { openQuestions } from '../support/open-questions.js';
import { contactsPair } from './contacts-pair.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I14, I16: what follows for records that name one which was deleted. In the CRM nothing holds records together; the
// ERP's foreign key refuses the delete of a record that is still named.

const accounts = `pair: accounts
owner: test
systems:
  crm: { object: crm/crm.accounts, key: id }
  erp: { object: erp/erp.suppliers, key: number }
match: [ crm.id = erp.number ]
masters:
  either:
    name: { crm: name, erp: title }
creates: { crm: copy, erp: ignore }
deletes: { crm: delete }
`;

const contacts = (settings: string, deletes = '{ crm: delete }'): string =>
  contactsPair(settings, `deletes: ${deletes}\n`);

const tables = `
  create table crm.accounts (id bigint primary key, name text);
  create table crm.contacts (id bigint primary key, name text, account_id bigint);
  create table erp.suppliers (number text primary key, title text);
  create table erp.people (id bigint primary key, name text, supplier text references erp.suppliers on delete restrict);
  insert into crm.accounts values (1, 'One'), (2, 'Two');
  insert into crm.contacts values (11, 'Eve', 1), (12, 'Bob', 1), (13, 'Ann', 2);`;

const crm = sideName('crm');
let world: TablesWorld;
afterEach(async () => {
  await world.close();
});

async function start(settings = '', deletes?: string): Promise<void> {
  world = await openTables({ pairs: { accounts, contacts: contacts(settings, deletes) }, tables });
  await world.planAndApply('accounts');
  await world.planAndApply('contacts');
  await world.cycle('accounts');
  await world.cycle('contacts');
}

/** Both pairs run, several times over; keys are listed as on every so many cycles. */
async function goOn(rounds = 4): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const pair of ['accounts', 'contacts']) {
      await world.engine.listMissing({ pair: pairId(pair), side: crm, run: 90, after: null });
      await world.cycle(pair);
    }
  }
}

const suppliers = async () =>
  (await world.sql`select number from erp.suppliers order by number`).map((row) => row['number'] as unknown);
const people = async () =>
  (await world.sql`select id::int, supplier from erp.people order by id`).map(
    (row) => [row['id'], row['supplier']] as unknown,
  );
const asked = (pair = 'accounts') => openQuestions({ store: world.store, pair: pairId(pair) });
const standing = async () => {
  const found = await world.engine.explainRecord({ pair: pairId('accounts'), side: crm, key: recordKey('1') });
  return found.standing;
};
async function holds(): Promise<void> {
  for (const pair of ['accounts', 'contacts'])
    expect((await world.engine.verifyLedger({ pair: pairId(pair) })).problems).toEqual([]);
}

test('restrict: a record that others name is not deleted; a person is told how many, and which', async () => {
  await start();
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn(2);
  const [question] = (await asked()) as [ConflictRow];
  expect([question.kind, question.detail.note]).toEqual([
    'delete',
    '2 records of contacts name it in erp: 11, 12. It is not deleted there before none does.',
  ]);
  expect([await suppliers(), await standing(), (await asked()).length]).toEqual([['1', '2'], 'held', 1]);
  const answer = { conflict: question.id, vv: question.vv, by: 'ann', note: null } as const;
  const refused = world.engine.decide({ ...answer, choice: { kind: 'delete' } });
  await expect(refused).rejects.toSatisfy((error) => hasCode(error, 'conflict.bad_choice'));

  // Those who name it move on, or go: then it is deleted, and nobody has to answer.
  await world.sql`update crm.contacts set account_id = 2 where id = 11`;
  await world.sql`delete from crm.contacts where id = 12`;
  await goOn();
  expect([await suppliers(), await people(), await asked(), await standing()]).toEqual([
    ['2'],
    [
      [11, '2'],
      [13, '2'],
    ],
    [],
    'gone',
  ]);
  await holds();
});

test('restrict: the answer may be to have it back', async () => {
  await start();
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn(1);
  const [question] = (await asked()) as [ConflictRow];
  await world.engine.decide({
    conflict: question.id,
    vv: question.vv,
    by: 'ann',
    note: null,
    choice: { kind: 'restore' },
  });
  await goOn(2);
  expect([
    (await world.sql`select id::int from crm.accounts order by id`).map((row) => row['id'] as unknown),
    await asked(),
  ]).toEqual([[1, 2], []]);
  expect(await standing()).toBe('agreed');
  await holds();
});

test('nullify: what names it is blanked on both sides first, then it goes; nobody is asked', async () => {
  await start(', required: false, parent_deleted: nullify');
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn();
  expect([await suppliers(), await people(), await asked(), await asked('contacts')]).toEqual([
    ['2'],
    [
      [11, null],
      [12, null],
      [13, '2'],
    ],
    [],
    [],
  ]);
  const inCrm = await world.sql`select account_id::int as account from crm.contacts order by id`;
  expect(inCrm.map((row) => row['account'] as unknown)).toEqual([null, null, 2]);
  const rules = await world.sql`select rule from ledger where pair = 'contacts' and kind = 'decided' order by seq`;
  expect(rules.map((row) => row['rule'] as unknown)).toEqual([
    'parent_deleted: nullify (pairs/contacts.yaml:10)',
    'parent_deleted: nullify (pairs/contacts.yaml:10)',
  ]);
  await holds();
});

test('cascade: the records that name it go first, everywhere, as their own pair says', async () => {
  await start(', parent_deleted: cascade');
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn();
  expect([await suppliers(), await people(), await asked(), await asked('contacts')]).toEqual([
    ['2'],
    [[13, '2']],
    [],
    [],
  ]);
  expect((await world.sql`select id::int from crm.contacts`).map((row) => row['id'] as unknown)).toEqual([13]);
  await holds();
});

test('cascade: where their own pair asks about deletes, people are asked, and their parent waits', async () => {
  await start(', parent_deleted: cascade', '{ crm: ask }');
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn(2);
  const open = await asked('contacts');
  expect([open.map(({ kind }) => kind), await suppliers(), await standing(), await asked()]).toEqual([
    ['delete', 'delete'],
    ['1', '2'],
    'waiting',
    [],
  ]);
  for (const { id, vv } of open)
    await world.engine.decide({ conflict: id, vv, by: 'ann', note: null, choice: { kind: 'delete' } });
  await goOn();
  expect([await suppliers(), await people()]).toEqual([['2'], [[13, '2']]]);
  await holds();
});

test('a plan says what will be held, and applying it does just that', async () => {
  await start();
  await world.engine.setMode({ pair: pairId('accounts'), mode: 'held', by: 'ann' });
  await world.sql`delete from crm.accounts where id = 1`;
  await goOn(1);
  await world.engine.setMode({ pair: pairId('accounts'), mode: 'active', by: 'ann' });
  const before = (await world.sql`select max(id)::int as id from plans`)[0]?.['id'] as number;
  await world.planAndApply('accounts');
  const plan = await world.store.plan(before + 1);
  expect([plan?.counts?.sides['erp' as never], plan?.counts?.ask]).toMatchObject([{ delete: 0 }, { delete: 1 }]);
  expect([await suppliers(), (await asked()).length]).toEqual([['1', '2'], 1]);
  await holds();
});
