import { afterEach, expect, test } from 'vitest';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
afterEach(async () => {
  await world.close();
});

const rules = worldRules({
  match: [
    { kind: 'certain', fields: { [crm]: ['id'], [erp]: ['id'] }, text: 'crm.id = erp.id' },
    { kind: 'likely', units: ['phone' as never], text: 'phone' },
  ],
});
const openConflicts = () => openQuestions(world);
const sound = async (): Promise<void> => {
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
};

async function start(): Promise<void> {
  world = await openWorld({ rules });
  world.crm.put({ id: 'c1', name: 'Ada Ltd', phone: '1', street: 'High St 1', city: 'Bath' });
  world.erp.put({ id: 'e9', title: 'Ada Limited', phone: '1', address: null });
}

test('a plan lists a likely link with what follows from it, and applying it links and creates nothing twice', async () => {
  await start();
  const plan = await world.plan();
  expect((await world.store.plan(plan))?.counts).toMatchObject({
    likely: 1,
    ask: { 'clash name': 1 },
    sides: { crm: { create: 0 }, erp: { create: 0, update: 1 } },
  });
  expect(await openConflicts()).toEqual([]);
  const { rows: items } = await world.store.readModel.planItems(
    plan,
    { kind: 'link', unit: null, blankOnly: false },
    { after: null, limit: 10 },
  );
  expect(items).toMatchObject([{ kind: 'link', after: { crm: 'c1', erp: 'e9' }, rule: 'match: phone' }]);
  await world.apply(plan);
  expect([world.crm.keys, world.erp.keys]).toEqual([['c1'], ['e9']]);
  expect(world.erp.get(key('e9'))?.fields).toMatchObject({ address: 'High St 1 Bath', title: 'Ada Limited' });
  expect((await openConflicts()).map(({ kind, unit }) => [kind, unit])).toEqual([['clash', 'name']]);
  await world.cycle();
  world.erp.edit(key('e9'), { phone: '2' });
  await world.cycle();
  expect(world.crm.get(key('c1'))?.fields).toMatchObject({ phone: '2' });
  await sound();
});

test('a running pair asks about a likely link; a person links, or says that it is another record', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.put({ id: 'c2', name: 'Bo', phone: '7', street: null, city: null });
  world.erp.put({ id: 'e2', title: 'Bo', phone: '8', address: null });
  world.crm.put({ id: 'c3', name: 'Cy', phone: '9', street: null, city: null });
  await world.cycle();
  expect(world.erp.keys).toContain('c2');
  world.erp.put({ id: 'e3', title: 'Cy', phone: '9', address: null });
  await world.cycle();
  const asked = (await openConflicts()).filter(({ kind }) => kind === 'match');
  expect(asked).toHaveLength(1);
  expect(world.crm.keys).not.toContain('e3');
  const [question] = asked;
  await world.engine.decide({
    conflict: question?.id ?? 0,
    vv: question?.vv ?? '',
    choice: { kind: 'copy' },
    by: 'jo',
    note: null,
  });
  await world.deliver();
  expect(world.crm.keys).toContain('e3');
  await sound();
});

test('two records of one side that claim the same counterpart on one page are never both linked to it', async () => {
  world = await openWorld({
    rules: worldRules({
      match: [{ kind: 'certain', fields: { [crm]: ['phone'], [erp]: ['phone'] }, text: 'crm.phone = erp.phone' }],
    }),
  });
  world.erp.put({ id: 'e1', title: 'Ada', phone: '1', address: null });
  world.crm.put(
    { id: 'c1', name: 'Ada', phone: '1', street: null, city: null },
    { id: 'c2', name: 'Ada II', phone: '1', street: null, city: null },
  );
  // The ERP is read last, so that its record finds two candidates; then a third one of the CRM finds a taken one.
  await world.planAndApply();
  const kinds = (await openConflicts()).map(({ kind }) => kind);
  expect(kinds).toContain('match');
  expect(world.crm.get(key('c2'))?.fields).toMatchObject({ name: 'Ada II' });
  expect(world.crm.get(key('c1'))?.fields).toMatchObject({ name: 'Ada' });
  await sound();
});

test('an edit while a question about the whole record is open does not make it unanswerable', async () => {
  world = await openWorld({
    rules: worldRules({ sides: worldRules().sides.map((side) => ({ ...side, creates: 'ask' as const })) }),
  });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: null, city: null });
  world.erp.put({ id: '1', title: 'Ada', phone: '1', address: null });
  await world.planAndApply();
  world.crm.put({ id: '2', name: 'Bo', phone: null, street: null, city: null });
  await world.cycle();
  world.crm.edit(key('2'), { phone: '5' });
  world.erp.remove(key('1'));
  await world.cycle();
  const shown = await openConflicts();
  const [create, removal] = ['create', 'delete'].map((kind) => shown.find((row) => row.kind === kind));
  await world.engine.decide({
    conflict: create?.id ?? 0,
    vv: create?.vv ?? '',
    choice: { kind: 'copy' },
    by: 'jo',
    note: null,
  });
  await world.deliver();
  expect(world.erp.get(key('2'))?.fields).toMatchObject({ title: 'Bo', phone: '5' });
  world.crm.edit(key('1'), { phone: '6' });
  await world.cycle();
  const stale = world.engine.decide({
    conflict: removal?.id ?? 0,
    vv: removal?.vv ?? '',
    choice: { kind: 'delete' },
    by: 'jo',
    note: null,
  });
  await expect(stale).rejects.toMatchObject({ code: 'conflict.changed' });
  const again = (await openConflicts()).find(({ kind }) => kind === 'delete');
  await world.engine.decide({
    conflict: again?.id ?? 0,
    vv: again?.vv ?? '',
    choice: { kind: 'restore' },
    by: 'jo',
    note: null,
  });
  await world.deliver();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '6' });
  await sound();
});
