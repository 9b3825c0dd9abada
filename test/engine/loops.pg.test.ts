import { afterEach, expect, test } from 'vitest';
import { limitDefaults } from '../../src/core/rules.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// SPEC I22: through the engine and the real store, with everything that a person sees of it.

let world: World;
afterEach(async () => {
  await world.close();
});

async function start(options: { erpReturnsRecords?: boolean } = {}): Promise<void> {
  world = await openWorld({ rules: worldRules(), ...options });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St 1', city: 'Bath' });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: 'Bath, High St 1' });
  await world.planAndApply();
  await world.cycle();
}

const questions = () => openQuestions(world);
const explained = () => world.engine.explainRecord({ pair: world.pair, side: crm, key: key('1') });

async function answer(choice: 'retry' | 'leave'): Promise<void> {
  const [question] = await questions();
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: choice }, by: 'jo', note: null });
}

/** A job in the ERP rewrites the address whenever it is given another. */
async function cyclesWithJob(count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    await world.cycle();
    if (world.erp.get(key('1'))?.fields['address'] !== 'PO Box 9') world.erp.edit(key('1'), { address: 'PO Box 9' });
  }
}

test('a system that rewrites what is restored is tripped, explained, verified, and let go by a person', async () => {
  await start();
  world.erp.edit(key('1'), { address: 'PO Box 9' });
  await cyclesWithJob(12);
  const written = world.erp.writesDone;
  expect(written).toBe(limitDefaults.hops);
  const [question] = await questions();
  expect([question?.kind, question?.unit]).toEqual(['tripped', 'address']);
  expect(question?.detail.note?.match(/erp made it "PO Box 9"/g)).toHaveLength(limitDefaults.hops);

  const record = await explained();
  expect(record.standing).toBe('tripped');
  expect(record.units.find(({ unit }) => unit === 'address')?.sentences.join(' ')).toContain('again and again');
  const verified = await world.engine.verify({ pair: world.pair });
  expect([verified.ok, verified.differences]).toEqual([true, { tripped: 1 }]);
  expect((await world.store.readModel.pairStatus(world.pair)).standings.tripped).toBe(1);

  await answer('leave');
  await world.cycle();
  expect([(await explained()).standing, world.erp.writesDone, await questions()]).toEqual(['override', written, []]);
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('once more, at a person’s word: what is written then counts from the beginning', async () => {
  await start();
  world.erp.edit(key('1'), { address: 'PO Box 9' });
  await cyclesWithJob(12);
  const written = world.erp.writesDone;
  await answer('retry');
  await world.cycle();
  await world.cycle();
  expect([world.erp.get(key('1'))?.fields['address'], world.erp.writesDone]).toEqual(['High St 1 Bath', written + 1]);
  expect([(await explained()).standing, await questions()]).toEqual(['agreed', []]);
});

test('a system that truncates and proves nothing is written twice, and not again until the value changes', async () => {
  await start({ erpReturnsRecords: false });
  world.erp.truncated.set('title', 3);
  world.crm.edit(key('1'), { name: 'Adalbert' });
  for (let round = 0; round < 6; round += 1) await world.cycle();
  expect(world.erp.writesDone).toBe(limitDefaults.tries);
  expect((await questions()).map(({ kind, unit }) => [kind, unit])).toEqual([['parked', 'name']]);
  expect([(await explained()).standing, world.crm.get(key('1'))?.fields['name']]).toEqual(['parked', 'Adalbert']);
  expect((await world.engine.verify({ pair: world.pair })).differences).toEqual({ parked: 1 });

  world.crm.edit(key('1'), { name: 'Bob' });
  for (let round = 0; round < 3; round += 1) await world.cycle();
  expect(world.erp.get(key('1'))?.fields['title']).toBe('Bob');
  expect([(await explained()).standing, await questions()]).toEqual(['agreed', []]);
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
});

test('a value that is put back just after it was written is taken over, flagged, and says so', async () => {
  await start();
  world.crm.edit(key('1'), { phone: '2' });
  for (let round = 0; round < 2; round += 1) await world.cycle();
  world.erp.edit(key('1'), { phone: '1' });
  for (let round = 0; round < 2; round += 1) await world.cycle();
  expect(world.crm.get(key('1'))?.fields['phone']).toBe('1');
  const phone = (await explained()).units.find(({ unit }) => unit === 'phone');
  expect(phone?.sentences.join(' ')).toContain('stale_form?');
  expect(phone?.from?.side).toBe(erp);
});
