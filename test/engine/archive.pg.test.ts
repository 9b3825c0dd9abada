import { afterEach, expect, test } from 'vitest';
import { pairId, recordKey, sideName } from '../../src/core/ids.js';
import { openQuestions } from '../support/open-questions.js';
import { openTables, type TablesWorld } from './tables-world.js';

// SPEC I16, I17: deletes that archive elsewhere, through the engine, over real tables.

const people = `pair: people
owner: test
systems:
  crm: { object: crm/crm.people, key: id }
  erp: { object: erp/erp.people, key: id, archive: { set: { status: archived, archived_at: now, active: false }, restore: { active: true } } }
match: [ crm.id = erp.id ]
masters:
  either:
    name: { crm: name, erp: name }
    status: { crm: status, erp: status }
creates: { crm: copy, erp: copy }
deletes: { crm: archive }
`;

const tables = `
  create table crm.people (id bigint primary key, name text, status text);
  create table erp.people (id bigint primary key, name text, status text not null, active boolean not null default true,
    archived_at timestamptz);`;

let world: TablesWorld;
afterEach(async () => {
  await world.close();
});

const pair = pairId('people');
const crm = sideName('crm');

async function start(count = 2): Promise<void> {
  world = await openTables({ pairs: { people }, tables });
  await world.sql`insert into crm.people select id, 'Name ' || id, 'open' from generate_series(1, ${count}) id`;
  await world.planAndApply('people');
  await world.cycle('people');
}

/** The keys are listed as on every so many cycles; then it is decided and written. */
async function lookForDeleted(): Promise<void> {
  await world.engine.listMissing({ pair, side: crm, run: 1, after: null });
  for (let round = 0; round < 3; round += 1) await world.cycle('people');
}

const inErp = (id = 1) =>
  world.sql`select name, status, active, archived_at is not null as archived from erp.people where id = ${id}`.then(
    ([row]) => row,
  );
const standings = async () => {
  const all = await world.store.entities(pair, { after: null, limit: 99, standings: ['archived'] });
  return all.length;
};

test('what was deleted in one table is archived in the other, comes back, and everything is told', async () => {
  await start();
  await world.sql`delete from crm.people where id = 1`;
  await lookForDeleted();
  expect(await inErp()).toEqual({ name: 'Name 1', status: 'archived', active: false, archived: true });
  expect([await standings(), await openQuestions({ store: world.store, pair })]).toEqual([1, []]);

  // An archived record is no new record, and no edit of its fields.
  await world.sql`update erp.people set name = 'Renamed in the archive' where id = 1`;
  for (let round = 0; round < 2; round += 1) await world.cycle('people');
  expect(await world.sql`select id from crm.people order by id`).toEqual([{ id: '2' }]);
  const verified = await world.engine.verify({ pair });
  expect([verified.ok, verified.differences]).toEqual([true, { archived: 1 }]);

  // Somebody makes it again under its key: the archived one is taken out, and a clash of names is asked about.
  await world.sql`insert into crm.people values (1, 'Name 1', 'open')`;
  for (let round = 0; round < 4; round += 1) await world.cycle('people');
  expect(await inErp()).toEqual({ name: 'Renamed in the archive', status: 'open', active: true, archived: false });
  expect(await world.sql`select name from crm.people where id = 1`).toEqual([{ name: 'Renamed in the archive' }]);
  expect((await world.engine.verifyLedger({ pair })).problems).toEqual([]);
  const explained = await world.engine.explainRecord({ pair, side: crm, key: recordKey('1') });
  expect(explained.standing).toBe('agreed');
});

test('records out of proportion are not archived before somebody says so', async () => {
  await start(30);
  await world.sql`delete from crm.people where id <= 15`;
  await world.engine.listMissing({ pair, side: crm, run: 1, after: null });
  const { run } = await world.engine.nextStep({ pair });
  const { halted } = await world.engine.checkBrakes({ pair, run });
  expect([halted, await world.sql`select count(*)::int as n from erp.people where not active`]).toEqual([
    true,
    [{ n: 0 }],
  ]);
});
