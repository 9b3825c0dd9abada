import { afterEach, beforeEach, expect, test } from 'vitest';
import { erp, key, openWorld, worldRules, type World } from './world.js';

// A system whose history is another one looks like somebody who edited every record back: a person says what it is.

let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules(), pageSize: 2 });
  for (const id of ['1', '2', '3']) world.crm.put({ id, name: `Ada ${id}`, phone: id, street: null, city: null });
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { name: 'New' });
  await world.cycle();
});
afterEach(() => world.close());

const halt = async () => (await world.store.pair(world.pair)).halt;
const names = () => [world.crm.get(key('1'))?.fields['name'], world.erp.get(key('1'))?.fields['title']];

async function putBack(): Promise<void> {
  world.crm.edit(key('1'), { name: 'Ada 1' });
  for (let round = 0; round < 2; round += 1) {
    world.crm.inject({ kind: 'other_history' });
    await world.cycle();
  }
  // The plan meets it, too.
  world.crm.inject({ kind: 'other_history' });
}

test('nothing of it is written, and the pair says why; other edits wait with it', async () => {
  await putBack();
  world.erp.edit(key('2'), { title: 'Typed meanwhile' });
  await world.cycle();
  world.crm.inject({ kind: 'other_history' });
  await world.cycle();
  expect((await halt())?.reason).toMatch(/^crm was put back to an earlier state/);
  expect(names()).toEqual(['Ada 1', 'New']);
  expect(world.crm.get(key('2'))?.fields['name']).toBe('Ada 2');
});

test('an approved plan takes its present state over', async () => {
  await putBack();
  await world.planAndApply();
  expect([names(), await halt()]).toEqual([['Ada 1', 'Ada 1'], null]);
});

test('with the other side as master, an approved plan gives the system back what it lost', async () => {
  await putBack();
  const [name, ...rest] = worldRules().units;
  const authority = { kind: 'master', side: erp, stray: 'restore', blank: 'keeps' } as const;
  world.use({
    ...worldRules(),
    revision: 'r2' as never,
    units: [{ ...(name as NonNullable<typeof name>), authority }, ...rest],
  });
  await world.planAndApply();
  for (let round = 0; round < 2; round += 1) await world.cycle();
  expect(names()).toEqual(['New', 'New']);
  expect(await halt()).toBeNull();
});
