import { afterEach, expect, test } from 'vitest';
import { entityHistory } from '../../src/engine/entity-history.js';
import type { UnlinkInput } from '../../src/engine/engine.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// A link that was wrong is taken back, with what it had written on either side.

let world: World;
afterEach(() => world.close());

const names = () => [world.crm.get(key('c1'))?.fields['name'], world.erp.get(key('e1'))?.fields['title']];
const rules = worldRules({
  match: [
    { kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' },
    { kind: 'likely', units: ['phone' as never], text: 'phone' },
  ],
});

async function linked(): Promise<void> {
  world = await openWorld({ rules });
  world.crm.put({ id: 'c1', name: 'Ada', phone: '1', street: 'High St', city: 'Bath' });
  world.erp.put({ id: 'e1', title: 'Ada Other', phone: '1', address: 'Low St Rome' });
  await world.planAndApply();
  await world.cycle();
}

const unlink = (changes: Partial<UnlinkInput> = {}) =>
  world.engine.unlinkRecord({
    pair: world.pair,
    side: erp,
    key: key('e1'),
    by: 'ana',
    note: 'another',
    dryRun: false,
    ...changes,
  });

const conflicts = () => openQuestions(world);

async function keep(side: typeof crm): Promise<void> {
  const [asked] = await conflicts();
  const { id: conflict, vv } = asked as { id: number; vv: string };
  await world.engine.decide({ conflict, vv, choice: { kind: 'keep', side }, by: 'ana', note: null });
  await world.cycle();
}

async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await world.cycle({ list: true });
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
}

test('the look first says what goes back, and changes nothing', async () => {
  await linked();
  await keep(crm);
  expect(names()).toEqual(['Ada', 'Ada']);
  const before = await world.store.pair(world.pair);
  const looked = await unlink({ dryRun: true });
  expect(looked.own).toBeNull();
  expect(looked.restored).toEqual([{ side: erp, unit: 'name', from: 'Ada', to: 'Ada Other' }]);
  expect(await world.store.pair(world.pair)).toEqual(before);
});

test('each record gets back what its side held, stands for itself, and neither is made on the other side', async () => {
  await linked();
  await keep(erp);
  expect(names()).toEqual(['Ada Other', 'Ada Other']);
  const { own, restored } = await unlink({});
  expect(restored.map(({ side, to }) => [side, to])).toEqual([[crm, 'Ada']]);
  await settle();
  expect(names()).toEqual(['Ada', 'Ada Other']);
  expect([world.crm.keys, world.erp.keys]).toEqual([['c1'], ['e1']]);
  expect((await world.store.readModel.entityByKey(world.pair, erp, key('e1')))?.id).toBe(own);
  world.crm.edit(key('c1'), { name: 'Ada the first', phone: '2' });
  world.erp.edit(key('e1'), { title: 'Ada the second' });
  await settle();
  expect(names()).toEqual(['Ada the first', 'Ada the second']);
  expect(await conflicts()).toEqual([]);
});

test('what was asked about the two is over, and what a side changed since the link stays', async () => {
  await linked();
  world.crm.edit(key('c1'), { phone: '11' });
  await world.cycle();
  expect(world.erp.get(key('e1'))?.fields['phone']).toBe('11');
  expect((await conflicts()).map(({ kind }) => kind)).toEqual(['clash']);
  const { restored, left } = await unlink({ side: crm, key: key('c1') });
  expect(restored).toEqual([{ side: erp, unit: 'phone', from: '11', to: '1' }]);
  expect(left).toEqual([{ side: crm, unit: 'phone', why: 'it was changed there since' }]);
  await settle();
  expect([names(), await conflicts()]).toEqual([['Ada', 'Ada Other'], []]);
  expect([world.crm.get(key('c1')), world.erp.get(key('e1'))].map((record) => record?.fields['phone'])).toEqual([
    '11',
    '1',
  ]);
});

test('the two are kept apart: a rule does not bring it up again when one is made anew', async () => {
  await linked();
  await unlink({});
  await settle();
  world.erp.remove(key('e1'));
  await settle();
  world.erp.put({ id: 'e1', title: 'Ada Other', phone: '1', address: null });
  await settle();
  expect((await conflicts()).filter(({ kind }) => kind === 'match')).toEqual([]);
  const mine = await world.store.readModel.entityByKey(world.pair, crm, key('c1'));
  const history = await entityHistory(world.store.readModel, world.pair, mine?.id as never);
  expect(history.filter(({ entry }) => entry.rule === 'unlink of erp')).toHaveLength(1);
});

test('a record without a counterpart and an unknown one are refused', async () => {
  await linked();
  await expect(unlink({ key: key('nobody') })).rejects.toMatchObject({ code: 'record.not_found' });
  await unlink({});
  await expect(unlink({})).rejects.toMatchObject({ code: 'record.not_linked' });
});
