import { expect, test } from 'vitest';
import { revisionId } from '../../src/core/ids.js';
import { unpack } from '../../src/core/pack.js';
import type { UnitRules } from '../../src/core/rules.js';
import { answer, conflicts, crmFields, erpFields, hold, sound, start, take, unitsWith, world } from './two-people.js';
import { crm, erp, key, worldRules } from './world.js';

test('the question about a refused write closes when a later write is accepted', async () => {
  await start();
  world.erp.refused.add(key('1'));
  world.crm.edit(key('1'), { phone: '9' });
  await world.cycle();
  expect(await conflicts('refused')).toHaveLength(1);
  world.erp.refused.clear();
  world.crm.edit(key('1'), { phone: '10' });
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ phone: '10' });
  expect(await conflicts('refused')).toEqual([]);
});

test('the question about a refused write closes when the side takes the value by itself', async () => {
  await start();
  world.erp.refused.add(key('1'));
  world.crm.edit(key('1'), { phone: '9' });
  await world.cycle();
  world.erp.edit(key('1'), { phone: '9' });
  await world.cycle();
  expect(await conflicts()).toEqual([]);
});

test('the question about a new record closes when its counterpart appears', async () => {
  await start({
    rules: worldRules({ sides: worldRules().sides.map((side) => ({ ...side, creates: 'ask' as const })) }),
  });
  world.crm.put({ id: '3', name: 'Cy', phone: null, street: null, city: null });
  await world.cycle();
  expect(await conflicts('create')).toHaveLength(1);
  world.erp.put({ id: '3', title: 'Cy', phone: null, address: null });
  await world.cycle();
  expect(await conflicts()).toEqual([]);
  const [row] = (
    await world.store.readModel.records(world.pair, { standing: null, keyPrefix: '3' }, { after: null, limit: 5 })
  ).rows;
  expect(row?.standing).toBe('agreed');
});

test('leaving a refused delete ends it', async () => {
  await start();
  world.erp.remove(key('1'));
  await world.cycle();
  world.crm.refused.add(key('1'));
  await answer((await conflicts('delete'))[0], { kind: 'delete' });
  await world.deliver();
  world.crm.refused.clear();
  await answer((await conflicts('refused'))[0], { kind: 'leave' });
  await world.cycle();
  expect(crmFields('1')).toMatchObject({ name: 'Ada' });
  expect(await conflicts()).toEqual([]);
});

test('a copy is never made onto a record that belongs to another entity', async () => {
  await start({
    rules: worldRules({
      match: [{ kind: 'certain', fields: { [crm]: ['phone'], [erp]: ['id'] }, text: 'crm.phone = erp.id' }],
    }),
  });
  world.crm.put({ id: '9', name: 'Twin', phone: '1', street: null, city: null });
  await world.cycle();
  const [question] = await conflicts('match');
  await answer(question, { kind: 'copy' }).catch(() => undefined);
  await world.deliver();
  await world.cycle();
  world.erp.edit(key('1'), { title: 'Ada II' });
  await world.cycle();
  expect(crmFields('1')).toMatchObject({ name: 'Ada II' });
  expect(crmFields('9')).toMatchObject({ name: 'Twin' });
  expect(await conflicts('clash')).toEqual([]);
  await sound();
});

test('a field that was asked goes to its master once the file names one', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  const authority = { kind: 'master', side: crm, stray: 'restore', blank: 'keeps' } as const;
  world.use(worldRules({ revision: revisionId('r2'), units: unitsWith('name', { authority }) }));
  await world.planAndApply();
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ title: 'North' });
  expect(await conflicts()).toEqual([]);
  await sound();
});

test('a question about a field that the file no longer has closes', async () => {
  await start();
  world.crm.edit(key('1'), { phone: '8' });
  world.erp.edit(key('1'), { phone: '9' });
  await world.cycle();
  world.use(
    worldRules({ revision: revisionId('r2'), units: worldRules().units.filter(({ name }) => name !== 'phone') }),
  );
  await world.planAndApply();
  expect(await conflicts()).toEqual([]);
});

test('a record that waited for another one to be decided goes on when that one is deleted', async () => {
  await start({
    rules: worldRules({ match: [...worldRules().match, { kind: 'likely', units: ['phone' as never], text: 'phone' }] }),
  });
  await hold('held');
  world.crm.put({ id: 'c3', name: 'Cy', phone: '3', street: null, city: null });
  await take(crm);
  world.erp.put({ id: 'e3', title: 'Cy', phone: '3', address: null });
  await take(erp);
  expect(await conflicts('match')).toHaveLength(1);
  world.erp.remove(key('e3'));
  await hold('active');
  await world.cycle();
  await world.cycle();
  expect(await conflicts()).toEqual([]);
  expect(world.erp.keys).toContain('c3');
});

test('the question about a held delete closes when a write finds the last record gone', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  world.crm.edit(key('1'), { phone: '9' });
  await take(crm);
  world.crm.remove(key('1'));
  world.erp.remove(key('1'));
  await take(crm);
  await world.deliver();
  await world.cycle();
  await world.cycle();
  expect((await conflicts()).map(({ kind }) => kind)).toEqual([]);
});

test('leaving a refused field leaves no other one whose name it ends with', async () => {
  const one: UnitRules = {
    ...(worldRules().units[0] as UnitRules),
    name: 'one' as never,
    paths: { [crm]: ['one'], [erp]: ['one'] },
  };
  await start({ rules: worldRules({ units: [...worldRules().units, one] }) });
  world.erp.refused.add(key('1'));
  world.crm.edit(key('1'), { phone: '9' });
  await world.cycle();
  await answer((await conflicts('refused'))[0], { kind: 'leave' });
  const entity = await world.store.readModel.entityByKey(world.pair, crm, key('1'));
  const state = unpack(entity?.state ?? '');
  expect(
    [state.units['phone' as never], state.units['one' as never]].map(
      (register) => (register as { override: unknown } | undefined)?.override,
    ),
  ).toEqual([['erp'], undefined]);
});

test('a held delete can be answered after another question of the record was', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  world.erp.remove(key('1'));
  await world.cycle();
  await answer((await conflicts('clash'))[0], { kind: 'keep', side: crm });
  await world.cycle();
  await answer((await conflicts('delete'))[0], { kind: 'restore' });
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ title: 'North' });
  expect(await conflicts()).toEqual([]);
  await sound();
});
