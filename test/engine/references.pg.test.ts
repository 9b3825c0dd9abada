import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.js';
import { pairId, recordKey, sideName } from '../../src/core/ids.js';
import type { RecordExplanation } from '../../src/engine/engine.js';
import { openQuestions } from '../support/open-questions.js';
import { contactsPair } from './contacts-pair.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I14, I1, I17: references through the engine, over real tables with foreign keys on both sides.

const accounts = `pair: accounts
owner: test
systems:
  crm: { object: crm/crm.accounts, key: id }
  erp: { object: erp/erp.suppliers, key: number }
match: [ crm.code = erp.code, crm.id = erp.number ]
masters:
  either:
    name: { crm: name, erp: title }
    code: { crm: code, erp: code }
creates: { crm: copy, erp: ignore }
`;

const tables = (nullness = 'not null'): string => `
  create table crm.accounts (id bigint primary key, code text unique not null, name text);
  create table crm.contacts (id bigint primary key, name text, account_id bigint ${nullness} references crm.accounts);
  create table erp.suppliers (number text primary key, title text, code text unique);
  create table erp.people (id bigint primary key, name text, supplier text ${nullness} references erp.suppliers);`;

let world: TablesWorld;
afterEach(async () => {
  await world.close();
});

const required = async (): Promise<void> => {
  world = await openTables({ pairs: { accounts, contacts: contactsPair() }, tables: tables() });
};

async function inCrm(account: number | null, contact: number | null = null): Promise<void> {
  if (account !== null)
    await world.sql`insert into crm.accounts values (${account}, ${`A${account}`}, ${`Account ${account}`})`;
  if (contact !== null)
    await world.sql`insert into crm.contacts values (${contact}, ${`Contact ${contact}`}, ${account})`;
}

async function inErp(supplier: number, person: number | null = null): Promise<void> {
  await world.sql`insert into erp.suppliers values (${`S${supplier}`}, ${`Account ${supplier}`}, ${`A${supplier}`})`;
  if (person !== null)
    await world.sql`insert into erp.people values (${person}, ${`Contact ${person}`}, ${`S${supplier}`})`;
}

const people = async (): Promise<unknown> =>
  (await world.sql`select id::int, supplier from erp.people order by id`).map(
    ({ id, supplier }) => [id, supplier] as unknown,
  );

const questions = () => openQuestions({ store: world.store, pair: pairId('contacts') });

const explained = (key: string): Promise<RecordExplanation> =>
  world.engine.explainRecord({ pair: pairId('contacts'), side: sideName('crm'), key: recordKey(key) });

async function holds(): Promise<void> {
  expect((await world.engine.verifyLedger({ pair: pairId('contacts') })).problems).toEqual([]);
}

describe('a reference', () => {
  test('is written as the key that the record has on each side, both ways', async () => {
    await required();
    await inCrm(1, 11);
    await inCrm(2);
    await inErp(1);
    await world.planAndApply('accounts');
    await world.planAndApply('contacts');
    expect(await people()).toEqual([[11, 'S1']]);
    await world.cycle('contacts');
    await world.sql`update erp.people set supplier = '2' where id = 11`;
    await world.cycle('contacts');
    await world.cycle('contacts');
    expect((await world.sql`select account_id::int from crm.contacts where id = 11`)[0]?.['account_id']).toBe(2);
    expect([(await explained('11')).standing, await questions()]).toEqual(['agreed', []]);
    const verified = await world.engine.verify({ pair: pairId('contacts') });
    expect([verified.ok, verified.agree]).toEqual([true, 1]);
    await holds();
  });

  test('names records that have a key of two fields on one side, parents first, both ways', async () => {
    const twoFields = accounts.replace('key: number', 'key: [number, branch]').replace(', crm.id = erp.number', '');
    const pairs = {
      accounts: twoFields.replace('crm: copy', 'crm: ignore'),
      contacts: contactsPair().replace('erp: supplier', 'erp: [supplier, branch]'),
    };
    const own = `
      create table erp.suppliers (number text, branch integer, title text, code text, primary key (number, branch));
      create table erp.people (id bigint primary key, name text, supplier text not null, branch integer not null,
        foreign key (supplier, branch) references erp.suppliers);`;
    world = await openTables({ pairs, tables: tables().replace(/create table erp[^]*$/, own) });
    await inCrm(1, 11);
    await inCrm(2);
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    expect(await people()).toEqual([]);
    for (const nr of [1, 2]) await world.sql`insert into erp.suppliers values (${`S${nr}`}, ${nr}, 'x', ${`A${nr}`})`;
    await world.planAndApply('accounts');
    await world.cycle('contacts');
    const named = (): Promise<unknown> => world.sql`select supplier, branch from erp.people`.then(([row]) => row);
    expect(await named()).toEqual({ supplier: 'S1', branch: 1 });
    await world.sql`update erp.people set supplier = 'S2', branch = 2`;
    for (let cycle = 0; cycle < 2; cycle += 1) await world.cycle('contacts');
    expect((await world.sql`select account_id::int from crm.contacts`)[0]?.['account_id']).toBe(2);
    await world.sql`update crm.contacts set account_id = 1`;
    for (let cycle = 0; cycle < 2; cycle += 1) await world.cycle('contacts');
    expect([await named(), (await explained('11')).standing]).toEqual([{ supplier: 'S1', branch: 1 }, 'agreed']);
    await holds();
  });

  test('to a record that is not there yet waits, and says for what; nothing is refused', async () => {
    await required();
    await inCrm(1, 11);
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    expect([await people(), await questions()]).toEqual([[], []]);
    expect((await world.store.plan(1))?.counts).toMatchObject({ waiting: 1, sides: { erp: { create: 0 } } });
    const waiting = await explained('11');
    expect(waiting.standing).toBe('waiting');
    expect((await world.engine.verify({ pair: pairId('contacts') })).differences).toEqual({ waiting: 1 });
    await world.planAndApply('accounts');
    await world.cycle('contacts');
    expect([await people(), (await explained('11')).standing]).toEqual([[[11, '1']], 'agreed']);
    expect((await world.sql`select 1 from reference_waits`).length).toBe(0);
    await holds();
  });

  test('that is edited to a record which the other side lacks leaves the other side its own value meanwhile', async () => {
    await required();
    await inCrm(1, 11);
    await world.planAndApply('accounts');
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    await inCrm(2);
    await world.sql`update crm.contacts set account_id = 2, name = 'Eve' where id = 11`;
    await world.cycle('contacts');
    expect(await people()).toEqual([[11, '1']]);
    expect((await world.sql`select name from erp.people`)[0]?.['name']).toBe('Eve');
    const { units, standing } = await explained('11');
    expect([standing, units[1]?.sentences.join(' ')]).toEqual([
      'waiting',
      expect.stringContaining('erp waits for crm:2 of accounts, which has no record there yet.'),
    ]);
    await world.cycle('accounts');
    await world.cycle('contacts');
    expect([await people(), (await explained('11')).standing]).toEqual([[[11, '2']], 'agreed']);
    await holds();
  });

  test('that may be blank is made blank and filled later', async () => {
    const pairs = { accounts, contacts: contactsPair(', required: false') };
    world = await openTables({ pairs, tables: tables('') });
    await inCrm(1, 11);
    await world.planAndApply('contacts');
    expect(await people()).toEqual([[11, null]]);
    expect((await explained('11')).standing).toBe('waiting');
    await world.planAndApply('accounts');
    await world.cycle('contacts');
    await world.cycle('contacts');
    expect([await people(), (await explained('11')).standing]).toEqual([[[11, '1']], 'agreed']);
    await holds();
  });

  test('that two sides typed differently for one record is no clash once that is known', async () => {
    await required();
    await inCrm(1, 11);
    await inErp(1, 11);
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    expect((await questions()).map(({ kind, unit }) => [kind, unit])).toEqual([['clash', 'account']]);
    await world.planAndApply('accounts');
    await world.cycle('contacts');
    expect([await questions(), (await explained('11')).standing]).toEqual([[], 'agreed']);
    await holds();
  });

  test('is answered by a person with the name of a side and its key', async () => {
    await required();
    await inCrm(1, 11);
    await inCrm(2);
    await inErp(2, 11);
    await world.planAndApply('accounts');
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    const [asked] = await questions();
    if (asked === undefined) throw new Error('nothing was asked');
    expect([asked.kind, asked.label]).toEqual(['clash', 'crm:1 | erp:S2']);
    const answer = { conflict: asked.id, vv: asked.vv, by: 'ann', note: null } as const;
    const bare = world.engine.decide({ ...answer, choice: { kind: 'value', value: '1' } });
    await expect(bare).rejects.toSatisfy((error) => hasCode(error, 'conflict.bad_choice'));
    await world.engine.decide({ ...answer, choice: { kind: 'value', value: 'crm:1' } });
    await world.cycle('contacts');
    expect([await people(), await questions()]).toEqual([[[11, '1']], []]);
    await holds();
  });

  test('to a record that is gone from the other side waits and does not blank it', async () => {
    await required();
    await inCrm(1, 11);
    await inCrm(2);
    await world.planAndApply('accounts');
    await world.planAndApply('contacts');
    await world.cycle('contacts');
    await world.sql`delete from erp.suppliers where number = '2'`;
    for (let round = 0; round < 2; round += 1) {
      const side = sideName('erp');
      await world.engine.listMissing({ pair: pairId('accounts'), side, run: 90 + round, after: null });
    }
    await world.sql`update crm.contacts set account_id = 2 where id = 11`;
    await world.cycle('contacts');
    expect([await people(), (await explained('11')).standing, await questions()]).toEqual([[[11, '1']], 'waiting', []]);
  });
});

type Move = 'account' | 'contact' | 'contact elsewhere' | 'move' | 'accounts runs' | 'contacts runs';
const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.constantFrom<Move>('account', 'contact', 'contact elsewhere', 'move', 'accounts runs', 'contacts runs'),
  { minLength: 3, maxLength: 12 },
);

test('in any order of arrival no write names a record that is not there, and all is made in the end', async () => {
  await required();
  await inCrm(1, 1);
  await world.planAndApply('accounts');
  await world.planAndApply('contacts');
  let next = 1;
  await fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      for (const step of steps) {
        next += 1;
        if (step === 'account') await inCrm(next);
        else if (step === 'contact') await inCrm(next, next);
        else if (step === 'contact elsewhere') {
          await inErp(next, next);
        } else if (step === 'move') {
          await inCrm(next);
          await world.sql`update crm.contacts set account_id = ${next} where id = (select max(id) from crm.contacts)`;
        } else await world.cycle(step === 'accounts runs' ? 'accounts' : 'contacts');
        expect((await questions()).map(({ kind, detail }) => [kind, detail.note] as unknown)).toEqual([]);
      }
      // What the ERP alone has waits for its supplier to be made in the CRM, which a person does here.
      await world.sql`insert into crm.accounts (id, code, name)
        select substr(code, 2)::bigint, code, title from erp.suppliers on conflict do nothing`;
      for (const pair of ['accounts', 'contacts', 'accounts', 'contacts', 'contacts']) await world.cycle(pair);
      const differing = await world.sql`
        select c.id, a.code, s.code
        from (crm.contacts c join crm.accounts a on a.id = c.account_id)
        full join (erp.people p join erp.suppliers s on s.number = p.supplier) on p.id = c.id
        where a.code is distinct from s.code`;
      expect([...differing]).toEqual([]);
    }),
    { numRuns: 8 },
  );
  expect(await questions()).toEqual([]);
  await holds();
});
