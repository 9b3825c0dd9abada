import { afterEach, expect, test } from 'vitest';
import { unpack } from '../../src/core/pack.js';
import type { MatchRule } from '../../src/core/rules.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// Semantics §1.12: a record is found by what it says now, not by what it said when it was first read.

let world: World;
afterEach(async () => {
  await world.close();
});

const certain: MatchRule = {
  kind: 'certain',
  fields: { [crm]: ['phone'], [erp]: ['phone'] },
  text: 'crm.phone = erp.phone',
};
const likely: MatchRule = { kind: 'likely', units: ['phone' as never], text: 'phone' };
const alike: MatchRule = { kind: 'alike', unit: 'name' as never, least: 0.9, text: 'name ~ 0.9' };

/** A record of the CRM that the ERP has not: nothing is created before somebody says so. */
async function start(rule: MatchRule): Promise<void> {
  const sides = worldRules().sides.map((side) => ({ ...side, creates: 'ask' as const }));
  world = await openWorld({ rules: worldRules({ match: [rule], sides }) });
  world.crm.put({ id: 'c1', name: 'Margaret Hamilton', phone: '1', street: null, city: null });
  await world.planAndApply();
}

const isLinked = async (record: string): Promise<boolean> => {
  const [row] = await world.store.transact(world.pair, (transaction) => transaction.entitiesByKeys(erp, [key(record)]));
  return row !== undefined && unpack(row.state).sides[crm] !== undefined;
};
const matchQuestions = async () => (await openQuestions(world)).filter(({ kind }) => kind === 'match');

test.each([certain, likely])('what a record said before ($text) finds it no more', async (rule) => {
  await start(rule);
  world.crm.edit(key('c1'), { phone: '2' });
  await world.cycle();
  world.erp.put({ id: 'e1', title: 'Bo', phone: '1', address: null });
  await world.cycle();
  expect([await isLinked('e1'), await matchQuestions()]).toEqual([false, []]);
});

test('what a record says since it was first read finds it', async () => {
  await start(certain);
  world.crm.edit(key('c1'), { phone: '2' });
  await world.cycle();
  world.erp.put({ id: 'e2', title: 'Ada', phone: '2', address: null });
  await world.cycle();
  expect(await isLinked('e2')).toBe(true);
});

test('so does a text that is like what it says now', async () => {
  await start(alike);
  world.crm.edit(key('c1'), { name: 'Grace Hopper' });
  await world.cycle();
  world.erp.put({ id: 'e3', title: 'Grace Hoper', phone: null, address: null });
  await world.cycle();
  expect(await matchQuestions()).toHaveLength(1);
});
