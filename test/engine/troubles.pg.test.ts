import { afterEach, beforeEach, expect, test } from 'vitest';
import { healthOf } from '../../src/api/health-word.js';
import { erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules() });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St 1', city: 'Bath' });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: 'Bath, High St 1' });
  await world.planAndApply();
  await world.cycle();
});
afterEach(async () => {
  await world.close();
});

const status = () => world.store.readModel.pairStatus(world.pair);

async function failingCycle(): Promise<void> {
  await expect(world.cycle()).rejects.toMatchObject({ code: 'connector.unreachable' });
}

test('a side that cannot be written keeps its delivery, with its age, until it can be written', async () => {
  world.crm.edit(key('1'), { phone: '2' });
  world.erp.inject({ kind: 'before_effect' });
  await failingCycle();
  const [waiting] = await world.store.openDeliveries(world.pair);
  const first = await status();
  expect(waiting).toMatchObject({ side: erp, state: 'planned', attempt: 1 });
  expect(first.row.cursors[erp]?.writeProblem).toMatchObject({ code: 'connector.unreachable' });

  world.erp.inject({ kind: 'before_effect' });
  await failingCycle();
  const second = await status();
  expect((await world.store.openDeliveries(world.pair)).map(({ id }) => id)).toEqual([waiting?.id]);
  expect(second.oldestUndeliveredMs).toBe(first.oldestUndeliveredMs);
  expect(second.row.cursors[erp]?.writeProblem?.sinceMs).toBe(first.row.cursors[erp]?.writeProblem?.sinceMs);
  expect(healthOf({ ...second, nowMs: second.nowMs + 61_000 }, 1)).toMatchObject({ word: 'Late' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  const ended = await world.engine.endRun({ pair: world.pair, run, problem: null });
  expect(ended.troubles).toMatchObject([{ side: erp, doing: 'written', code: 'connector.unreachable' }]);

  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '2' });
  expect((await status()).row.cursors[erp]?.writeProblem).toBeNull();
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('a side that cannot be read says so, since when, and no longer once it was read', async () => {
  world.erp.inject({ kind: 'read' });
  await failingCycle();
  const first = (await status()).row.cursors[erp]?.problem;
  expect(first).toMatchObject({ code: 'connector.unreachable', text: expect.stringContaining('did not answer') });
  world.erp.inject({ kind: 'read' });
  await failingCycle();
  expect((await status()).row.cursors[erp]?.problem).toEqual(first);
  await world.cycle();
  expect((await status()).row.cursors[erp]?.problem).toBeNull();
});

test('a held delete is no agreement: a comparison counts it as held', async () => {
  world.erp.remove(key('1'));
  await world.cycle();
  const { agree, compared, differences } = await world.engine.verify({ pair: world.pair });
  expect({ agree, compared, differences }).toEqual({ agree: 0, compared: 1, differences: { held: 1 } });
});

test('a plan that nobody approved in time is expired for everybody, and is not applied', async () => {
  const plan = await world.plan();
  await world.store.updatePlan(plan, { expiresAtMs: (await world.store.nowMs()) - 1 });
  await expect(world.engine.approvePlan({ plan, by: 'jo' })).rejects.toMatchObject({ code: 'plan.expired' });
  expect(await world.store.plan(plan)).toMatchObject({ state: 'expired', approvedBy: null });
  await expect(world.engine.approvePlan({ plan, by: 'jo' })).rejects.toMatchObject({ code: 'plan.expired' });
  const forgotten = await world.plan();
  await world.store.updatePlan(forgotten, { expiresAtMs: (await world.store.nowMs()) - 1 });
  await world.plan();
  expect(await world.store.plan(forgotten)).toMatchObject({ state: 'expired' });
});
