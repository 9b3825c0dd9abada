import { afterEach, expect, test } from 'vitest';
import type { LinkInput } from '../../src/engine/engine.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// Semantics §1.12: two records that no rule found to be one are linked by a person.

let world: World;
afterEach(() => world.close());

const c1 = { side: crm, key: key('c1') } as const;
const e1 = { side: erp, key: key('e1') } as const;
const link = (changes: Partial<LinkInput> = {}) =>
  world.engine.linkRecords({
    pair: world.pair,
    record: e1,
    to: c1,
    by: 'ana',
    note: 'same',
    dryRun: false,
    ...changes,
  });
const kinds = async () => (await openQuestions(world)).map(({ kind, unit }) => [kind, unit]);
const sound = async (): Promise<void> => {
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
};

/** Two one-sided records: nothing is made elsewhere before somebody says so. */
async function start(creates: 'ask' | 'copy' = 'ask'): Promise<void> {
  const sides = worldRules().sides.map((side) => ({ ...side, creates }));
  world = await openWorld({ rules: worldRules({ sides }) });
  world.crm.put({ id: 'c1', name: 'Ada', phone: '1', street: 'High St', city: 'Bath' });
  world.erp.put({ id: 'e1', title: 'Ada Ltd', phone: '1', address: null });
  await world.planAndApply();
}

test('a look says what is written and asked, and changes nothing', async () => {
  await start();
  const before = await world.store.pair(world.pair);
  const looked = await link({ dryRun: true });
  expect(looked.writes).toEqual([{ side: erp, kind: 'update', key: 'e1', fields: { address: 'High St Bath' } }]);
  expect(looked.asks).toMatchObject([{ unit: 'name', kind: 'clash' }]);
  expect(await world.store.pair(world.pair)).toEqual(before);
});

test('linked, both are one record: blanks are filled, what differs is asked, and neither is made anew', async () => {
  await start();
  await link();
  await world.cycle({ list: true });
  expect(await kinds()).toEqual([['clash', 'name']]);
  expect([world.crm.keys, world.erp.keys]).toEqual([['c1'], ['e1']]);
  expect(world.erp.get(key('e1'))?.fields).toMatchObject({ address: 'High St Bath', title: 'Ada Ltd' });
  world.erp.edit(key('e1'), { phone: '2' });
  await world.cycle();
  expect(world.crm.get(key('c1'))?.fields).toMatchObject({ phone: '2', name: 'Ada' });
  await sound();
});

test('taken back and linked again, they are one again', async () => {
  await start();
  await link();
  await world.cycle();
  await world.engine.unlinkRecord({ pair: world.pair, ...e1, by: 'ana', note: null, dryRun: false });
  await world.cycle();
  await link();
  await world.cycle();
  world.crm.edit(key('c1'), { phone: '3' });
  await world.cycle();
  expect(world.erp.get(key('e1'))?.fields).toMatchObject({ phone: '3' });
  await sound();
});

test('where both have a record on a side already nothing is linked', async () => {
  await start('copy');
  await world.cycle();
  expect(world.erp.keys).toContain('c1');
  await expect(link()).rejects.toMatchObject({ code: 'record.not_linkable' });
});

test('nothing is linked to itself, to a deleted record or to one that nobody knows', async () => {
  await start();
  await expect(link({ to: { side: crm, key: key('nobody') } })).rejects.toMatchObject({ code: 'record.not_found' });
  await expect(link({ to: e1 })).rejects.toMatchObject({ code: 'record.not_linkable' });
  world.crm.remove(key('c1'));
  await world.cycle({ list: true });
  await expect(link()).rejects.toMatchObject({ code: 'record.not_linkable' });
});
