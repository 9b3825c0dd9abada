import { afterEach, expect, test } from 'vitest';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
afterEach(async () => {
  await world.close();
});

async function start(): Promise<void> {
  const sides = worldRules().sides.map((side) => ({ ...side, deletes: 'delete' as const }));
  world = await openWorld({ rules: worldRules({ sides }) });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St 1', city: 'Bath' });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: 'Bath, High St 1' });
  await world.planAndApply();
  await world.cycle();
}

const questions = () => openQuestions(world);

async function expectHeldAndRestored(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await world.cycle();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ phone: '77' });
  const question = (await questions()).find(({ kind }) => kind === 'delete');
  expect(question).toBeDefined();
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'restore' }, by: 'jo', note: null });
  await world.deliver();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada', address: 'High St 1 Bath' });
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
}

test('deletes: delete lets a delete happen everywhere when every edit was seen', async () => {
  await start();
  world.erp.remove(key('1'));
  await world.cycle();
  expect([world.crm.keys, await questions()]).toEqual([[], []]);
});

test('an edit that was read after a delete was decided and before it was written holds the delete', async () => {
  await start();
  world.erp.remove(key('1'));
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: erp, run, plan: null });
  world.crm.edit(key('1'), { phone: '77' });
  await world.engine.takePage({ pair: world.pair, side: crm, run, plan: null });
  await world.deliver();
  await expectHeldAndRestored();
});

test('an edit that the delete itself runs into holds the delete', async () => {
  await start();
  world.erp.remove(key('1'));
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: erp, run, plan: null });
  world.crm.edit(key('1'), { phone: '77' });
  await world.deliver();
  await expectHeldAndRestored();
});

test('an edit while writes are held does the same', async () => {
  await start();
  await world.engine.setMode({ pair: world.pair, mode: 'held', by: 'jo' });
  world.erp.remove(key('1'));
  await world.cycle();
  world.crm.edit(key('1'), { phone: '77' });
  await world.cycle();
  await world.engine.setMode({ pair: world.pair, mode: 'active', by: 'jo' });
  await expectHeldAndRestored();
});

test('a record that is back where it was deleted, before the delete was written elsewhere, cancels the delete', async () => {
  await start();
  world.erp.remove(key('1'));
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: erp, run, plan: null });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: 'Bath, High St 1' });
  await world.engine.takePage({ pair: world.pair, side: erp, run, plan: null });
  await world.deliver();
  for (let round = 0; round < 3; round += 1) await world.cycle();
  expect([world.crm.keys, world.erp.keys, await questions()]).toEqual([['1'], ['1'], []]);
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ name: 'Ada', phone: '1' });
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
  expect((await world.store.entities(world.pair, { after: null, limit: 9, standings: ['agreed'] })).length).toBe(1);
});
