import { expect, test } from 'vitest';
import { revisionId } from '../../src/core/ids.js';
import type { UnitRules } from '../../src/core/rules.js';
import {
  answer,
  conflicts,
  crmFields,
  erpFields,
  hold,
  openPeople,
  sound,
  start,
  take,
  unitsWith,
  world,
} from './two-people.js';
import { crm, erp, key, worldRules } from './world.js';

test('an edit of a field that a plan drops is not lost when the plan is never approved', async () => {
  await start();
  world.use(
    worldRules({ revision: revisionId('r2'), units: worldRules().units.filter(({ name }) => name !== 'phone') }),
  );
  world.crm.edit(key('1'), { phone: '77' });
  await world.plan();
  await world.cycle();
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ phone: '77' });
  await sound();
});

test('a field that a plan reads from elsewhere is not written before the plan is approved', async () => {
  await start();
  world.use(
    worldRules({
      revision: revisionId('r2'),
      units: unitsWith('phone', { paths: { [crm]: ['city'], [erp]: ['phone'] } }),
    }),
  );
  world.crm.edit(key('1'), { city: 'Ely' });
  await world.plan();
  await world.cycle();
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ phone: '1', address: 'High St 1 Ely' });
  expect(crmFields('1')).toMatchObject({ phone: '1', city: 'Ely' });
  await sound();
});

test('a field that waited while the pair was held is written although another one of the record is asked', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  await hold('held');
  world.crm.edit(key('1'), { phone: '9' });
  await world.cycle();
  await hold('active');
  await world.cycle();
  expect(erpFields('1')).toMatchObject({ phone: '9' });
});

test.for(['answer', 'lost_response'] as const)(
  'SPEC I4: the first edit since an equal first contact is not asked about when a write finds it first (%s)',
  async (how) => {
    await start();
    world.crm.edit(key('1'), { name: 'Ada Lovelace' });
    if (how === 'lost_response') world.erp.inject({ kind: 'lost_response' });
    await take(crm);
    // Nobody has read this when the name is written: the answer, or the look after a lost one, shows it first.
    world.erp.edit(key('1'), { phone: '9' });
    await world.deliver();
    expect(await conflicts()).toEqual([]);
    await world.cycle();
    await world.cycle();
    expect(crmFields('1')).toMatchObject({ name: 'Ada Lovelace', phone: '9' });
    expect(erpFields('1')).toMatchObject({ title: 'Ada Lovelace', phone: '9' });
    expect(await conflicts()).toEqual([]);
    await sound();
  },
);

test('a decision while a write to the same record is in doubt does not take its place', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  world.crm.edit(key('1'), { phone: '9' });
  world.erp.inject({ kind: 'lost_response' });
  await take(crm);
  const [{ id } = { id: 0 }] = (await world.engine.nextStep({ pair: world.pair })).deliveries;
  await world.engine.deliverBatch({ pair: world.pair, delivery: id });
  const [question] = await conflicts('clash');
  await answer(question, { kind: 'keep', side: crm });
  const open = await world.store.openDeliveries(world.pair);
  expect(open).toMatchObject([{ id, state: 'sent' }]);
  await world.deliver();
  expect(erpFields('1')).toMatchObject({ phone: '9', title: 'North' });
  expect(await conflicts()).toEqual([]);
  await sound();
});

test('a create that was linked to a record with another key does not make a delete of the missing first key', async () => {
  const certain = (fields: string) => ({
    kind: 'certain' as const,
    fields: { [crm]: [fields], [erp]: [fields] },
    text: fields,
  });
  await start({ deletes: 'listing', rules: worldRules({ match: [certain('id'), certain('phone')] }) });
  world.crm.put({ id: 'c3', name: 'Cy', phone: '3', street: null, city: null });
  await hold('active');
  await take(crm);
  world.erp.put({ id: 'e3', title: 'Cy', phone: '3', address: null });
  await take(erp);
  await world.deliver();
  await world.cycle({ list: true });
  expect(world.erp.keys.toSorted()).toEqual(['1', '2', 'e3']);
  expect(await conflicts('delete')).toEqual([]);
  await sound();
});

test('a plan that is made after the brakes stopped lists what they stopped', async () => {
  await start();
  for (let id = 100; id < 130; id += 1)
    world.crm.put({ id: String(id), name: `N ${id}`, phone: null, street: null, city: null });
  await world.cycle();
  const plan = await world.plan();
  expect((await world.store.plan(plan))?.counts?.sides[erp]).toMatchObject({ create: 30 });
});

test('approving a plan after the brakes does not let pass what came after the plan was made', async () => {
  await start();
  const many = (from: number) => {
    for (let id = from; id < from + 30; id += 1)
      world.crm.put({ id: String(id), name: `N ${id}`, phone: null, street: null, city: null });
  };
  many(100);
  await world.cycle();
  const plan = await world.plan();
  many(200);
  await world.cycle();
  await world.apply(plan);
  expect(world.erp.keys.filter((id) => id.startsWith('2')).length).toBe(1);
  expect(world.erp.keys).toHaveLength(32);
  await world.cycle();
  await world.cycle();
  expect((await world.store.pair(world.pair)).halt?.reason).toContain('30 creates');
});

test('a delivery to a side that the approved file no longer has does not stop the pair', async () => {
  await start();
  world.crm.edit(key('1'), { phone: '9' });
  await take(crm);
  world.erp.inject({ kind: 'lost_response' });
  const [inDoubt] = (await world.engine.nextStep({ pair: world.pair })).deliveries;
  await world.engine.deliverBatch({ pair: world.pair, delivery: inDoubt?.id ?? 0 });
  world.crm.edit(key('2'), { phone: '9' });
  await take(crm);
  const other = 'shop' as typeof erp;
  const { sides, units } = worldRules();
  world.use(
    worldRules({
      revision: revisionId('r2'),
      sides: sides.map((side) => (side.name === erp ? { ...side, name: other } : side)),
      units: units.map((unit) => ({
        ...unit,
        paths: { [crm]: unit.paths[crm] as string[], [other]: unit.paths[erp] as string[] },
      })),
      match: [],
    }),
  );
  const { plan } = await world.engine.requestPlan({ pair: world.pair, by: 'jo' });
  await world.engine.decidePlanPage({ plan, after: null });
  await world.engine.readyPlan({ plan });
  await world.engine.approvePlan({ plan, by: 'jo' });
  expect(await world.store.openDeliveries(world.pair)).toMatchObject([{ id: inDoubt?.id, state: 'sent' }]);
  await world.engine.deliverBatch({ pair: world.pair, delivery: inDoubt?.id ?? 0 });
  expect(await world.store.openDeliveries(world.pair)).toEqual([]);
});

test('a page of a plan that is decided twice counts once', async () => {
  await openPeople({ rules: worldRules(), pageSize: 2 });
  for (const id of ['1', '2', '3', '4', '5']) world.crm.put({ id, name: id, phone: null, street: null, city: null });
  const { plan } = await world.engine.requestPlan({ pair: world.pair, by: 'jo' });
  await take(crm, plan);
  const first = await world.engine.decidePlanPage({ plan, after: null });
  await world.engine.decidePlanPage({ plan, after: first.next });
  await world.engine.decidePlanPage({ plan, after: first.next });
  let { next: after } = await world.engine.decidePlanPage({ plan, after: null });
  while (after !== null) ({ next: after } = await world.engine.decidePlanPage({ plan, after }));
  await world.engine.readyPlan({ plan });
  expect((await world.store.plan(plan))?.counts).toMatchObject({ sides: { erp: { create: 5 } }, oneSided: { crm: 5 } });
});

test('a plan that is ready is superseded by a newer one', async () => {
  await start();
  const first = await world.plan();
  world.use(worldRules({ revision: revisionId('r2') }));
  await world.planAndApply();
  await expect(world.engine.approvePlan({ plan: first, by: 'jo' })).rejects.toMatchObject({ code: 'plan.superseded' });
});

test('what moved while a plan was being decided is left out of it', async () => {
  await start();
  world.crm.edit(key('1'), { name: 'North' });
  world.erp.edit(key('1'), { title: 'South' });
  await world.cycle();
  await hold('held');
  world.crm.edit(key('2'), { phone: '9' });
  await world.cycle();
  const { plan } = await world.engine.requestPlan({ pair: world.pair, by: 'test' });
  for (const side of [crm, erp]) await take(side, plan);
  await world.engine.decidePlanPage({ plan, after: null });
  world.crm.edit(key('2'), { phone: '10' });
  await take(crm);
  await world.engine.readyPlan({ plan });
  await hold('active');
  await world.apply(plan);
  expect(erpFields('2')).toMatchObject({ phone: '2' });
  expect((await world.store.plan(plan))?.counts).toMatchObject({ movedOn: 1 });
});

test('records that are new on both sides at once are no mass create', async () => {
  await start();
  for (let id = 10; id < 26; id += 1) {
    world.crm.put({ id: String(id), name: 'CommScope', phone: null, street: null, city: null });
    world.erp.put({ id: String(id), title: 'ARRIS', phone: null, address: null });
  }
  await world.cycle();
  expect((await world.store.pair(world.pair)).halt).toBeNull();
  expect(await conflicts('clash')).toHaveLength(16);
});

test('a poll takes nothing from the pass of a plan, so that no field is written where it was never read', async () => {
  await start();
  world.crm.edit(key('1'), { note: 'from the CRM' });
  world.erp.edit(key('1'), { note: 'from the ERP' });
  await world.cycle();
  const paths = { [crm]: ['note'], [erp]: ['note'] };
  const note: UnitRules = { ...(worldRules().units[0] as UnitRules), name: 'note' as never, paths };
  world.use(worldRules({ revision: revisionId('r2'), units: [...worldRules().units, note] }));
  const { plan } = await world.engine.requestPlan({ pair: world.pair, by: 'test' });
  await take(crm, plan);
  await take(erp);
  await take(erp, plan);
  await world.engine.decidePlanPage({ plan, after: null });
  await world.engine.readyPlan({ plan });
  expect((await world.store.plan(plan))?.counts?.ask).toEqual({ 'clash note': 1 });
  await world.apply(plan);
  expect(erpFields('1')).toMatchObject({ note: 'from the ERP' });
});

test('a brake decides about the pages of its run although the run was ended meanwhile', async () => {
  await start();
  const { run } = await world.engine.nextStep({ pair: world.pair });
  world.crm.edit(key('1'), { phone: '5' });
  await take(crm);
  await world.engine.endRun({ pair: world.pair, run, problem: null });
  for (let id = 100; id < 130; id += 1)
    world.crm.put({ id: String(id), name: `N ${id}`, phone: null, street: null, city: null });
  await world.engine.takePage({ pair: world.pair, side: crm, run, plan: null });
  const next = await world.engine.nextStep({ pair: world.pair });
  expect((await world.engine.checkBrakes({ pair: world.pair, run: next.run })).halted).toBe(true);
});
