import { afterEach, expect, test } from 'vitest';
import { healthOf } from '../../src/api/health-word.js';
import { key, openWorld, worldRules, type World } from './world.js';

let world: World;
afterEach(() => world.close());

const health = async () => healthOf(await world.store.readModel.pairStatus(world.pair), 1);
const title = (id: string) => world.erp.get(key(id))?.fields['title'];

async function edit(id: string, name: string): Promise<void> {
  world.crm.edit(key(id), { name });
  await world.cycle();
}

test('writes beyond the limit of a minute wait, the status says so, and none of them is lost', async () => {
  world = await openWorld({ rules: worldRules({ limits: { writesPerMinute: 4 } }) });
  for (const id of ['1', '2', '3']) world.crm.put({ id, name: `Ada ${id}`, phone: id, street: null, city: null });
  await world.planAndApply();
  await edit('1', 'The fourth');
  expect(title('1')).toBe('The fourth');
  await edit('2', 'The fifth');
  await edit('3', 'The sixth');
  expect([title('2'), title('3')]).toEqual(['Ada 2', 'Ada 3']);
  const { word, reason } = await health();
  expect(word).toBe('Catching up');
  expect(reason).toContain('4 writes a minute are allowed');
  // What waits can still be replaced by something newer.
  await edit('2', 'The fifth, newer');
  await world.asOwner((sql) => sql`update deliveries set sent_at = sent_at - interval '61 seconds'`);
  await world.cycle();
  expect([title('2'), title('3')]).toEqual(['The fifth, newer', 'The sixth']);
  expect((await health()).word).toBe('Healthy');
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});
