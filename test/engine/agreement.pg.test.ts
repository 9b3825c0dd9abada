import { afterEach, expect, test } from 'vitest';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// SPEC I1, I2, I4, I8, I10, I16, I17 and I19, on the real store.

let world: World;
afterEach(async () => {
  await world.close();
});

async function start(options: Partial<Parameters<typeof openWorld>[0]> = {}): Promise<void> {
  world = await openWorld({ rules: worldRules(), ...options });
  world.crm.put(
    { id: '1', name: 'Ada Ltd', phone: '1', street: 'High St 1', city: 'Bath' },
    { id: '2', name: 'Bob & Co', phone: '2', street: 'Low Rd 2', city: 'Bath' },
  );
  world.erp.put(
    { id: '1', title: 'ADA LTD.', phone: '1', address: 'Bath, High St 1' },
    { id: '2', title: 'Bob and Co', phone: null, address: 'elsewhere' },
  );
}

const people = async (): Promise<object> => ({ crm: await rows(world.crm), erp: await rows(world.erp) });
const rows = (system: World['crm']): Promise<unknown[]> =>
  Promise.resolve([...system.keys].sort().map((id) => system.get(id)?.fields));
const sound = async (): Promise<void> => {
  const { problems, ok } = await world.engine.verifyLedger({ pair: world.pair });
  expect({ ok, problems }).toEqual({ ok: true, problems: [] });
};
const openConflicts = () => openQuestions(world);

test('first contact writes nothing before a plan is approved; then equal adopts, blank fills, the master decides, different asks (R14-R16)', async () => {
  await start();
  const before = await people();
  const plan = await world.plan();
  expect(await people()).toEqual(before);
  expect((await world.store.plan(plan))?.counts).toMatchObject({
    sides: { erp: { create: 0, update: 1 }, crm: { create: 0, update: 0 } },
    link: 1,
    ask: { 'clash name': 1 },
  });
  await world.apply(plan);
  expect(world.erp.get(key('1'))?.fields).toEqual({
    id: '1',
    title: 'ADA LTD.',
    phone: '1',
    address: 'Bath, High St 1',
  });
  expect(world.erp.get(key('2'))?.fields).toEqual({
    id: '2',
    title: 'Bob and Co',
    phone: '2',
    address: 'Low Rd 2 Bath',
  });
  expect(await openConflicts()).toMatchObject([{ kind: 'clash', unit: 'name', label: 'Bob & Co | Bob and Co' }]);
  await sound();
});

test('edits of different fields of one record on both sides are both kept', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { phone: '77' });
  world.erp.edit(key('1'), { title: 'Ada Limited' });
  await world.cycle();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ name: 'Ada Limited', phone: '77' });
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada Limited', phone: '77' });
  await sound();
});

test('an edit after first contact is no clash once a complete read has confirmed that nothing had to be written', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { name: 'Ada Group' });
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada Group' });
  expect(await openConflicts()).toHaveLength(1);
});

test('a stray edit is put back and kept in the ledger', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.erp.edit(key('1'), { address: 'Nowhere 9' });
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ address: 'High St 1 Bath' });
  const { rows: entries } = await world.store.readModel.ledger(world.pair, { after: null, limit: 50 });
  expect(
    entries.find(
      ({ entry, payload }) => entry.kind === 'stray' && JSON.stringify(payload?.detail).includes('Nowhere 9'),
    ),
  ).toBeDefined();
  expect(entries.filter(({ entry }) => JSON.stringify(entry).includes('Nowhere'))).toEqual([]);
  await sound();
});

test('a clash is asked, frozen, answered by compare-and-set and written where it must be (R5, R18, R19)', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { name: 'Ada North' });
  world.erp.edit(key('1'), { title: 'Ada South' });
  await world.cycle();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ name: 'Ada North' });
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada South' });
  const asked = (await openConflicts()).find(({ label }) => label === 'Ada North | Ada South');
  world.crm.edit(key('1'), { name: 'Ada West' });
  await world.cycle();
  const decideOld = world.engine.decide({
    conflict: asked?.id ?? 0,
    vv: asked?.vv ?? '',
    choice: { kind: 'keep', side: crm },
    by: 'jo',
    note: null,
  });
  await expect(decideOld).rejects.toMatchObject({ code: 'conflict.changed' });
  const now = (await openConflicts()).find(({ id }) => id === asked?.id);
  expect(now?.label).toBe('Ada West | Ada South');
  await world.engine.decide({
    conflict: asked?.id ?? 0,
    vv: now?.vv ?? '',
    choice: { kind: 'keep', side: erp },
    by: 'jo',
    note: 'by phone',
  });
  await world.deliver();
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ name: 'Ada South' });
  expect((await world.store.readModel.conflict(asked?.id ?? 0))?.state).toBe('decided');
  await sound();
});

test('a clash that both sides settle to one value closes by itself (R17)', async () => {
  await start();
  await world.planAndApply();
  world.erp.edit(key('2'), { title: 'Bob & Co' });
  await world.cycle();
  expect(await openConflicts()).toEqual([]);
  await sound();
});

test('a record that is new on one side is created on the other, once', async () => {
  await start();
  await world.planAndApply();
  world.crm.put({ id: '3', name: 'Cy', phone: null, street: 'A 1', city: 'Ely' });
  world.erp.put({ id: '4', title: 'Di', phone: '4', address: 'B 2' });
  await world.cycle();
  await world.cycle();
  expect(world.erp.get(key('3'))?.fields).toEqual({ id: '3', title: 'Cy', phone: null, address: 'A 1 Ely' });
  expect(world.crm.get(key('4'))?.fields).toEqual({ id: '4', name: 'Di', phone: '4', street: null, city: null });
  expect(world.erp.get(key('4'))?.fields).toMatchObject({ address: 'B 2' });
  await sound();
});

test.for(['feed', 'listing'] as const)(
  'a deleted record (%s) is held for a person; restore brings it back, delete lets it go',
  async (deletes) => {
    await start({ deletes });
    await world.planAndApply();
    await world.cycle();
    world.erp.remove(key('1'));
    await world.cycle({ list: true });
    expect(world.crm.get(key('1'))).not.toBeNull();
    const held = (await openConflicts()).find(({ kind }) => kind === 'delete');
    await world.engine.decide({
      conflict: held?.id ?? 0,
      vv: held?.vv ?? '',
      choice: { kind: 'restore' },
      by: 'jo',
      note: null,
    });
    await world.deliver();
    expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada Ltd', phone: '1' });
    await world.cycle({ list: true });
    world.erp.remove(key('1'));
    await world.cycle({ list: true });
    const again = (await openConflicts()).find(({ kind }) => kind === 'delete');
    await world.engine.decide({
      conflict: again?.id ?? 0,
      vv: again?.vv ?? '',
      choice: { kind: 'delete' },
      by: 'jo',
      note: null,
    });
    await world.deliver();
    expect(world.crm.get(key('1'))).toBeNull();
    await sound();
  },
);

test('a held delete is cancelled when the record reappears', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  const row = world.erp.get(key('1'))?.fields ?? {};
  world.erp.remove(key('1'));
  await world.cycle();
  world.erp.put(row);
  await world.cycle();
  expect((await openConflicts()).filter(({ kind }) => kind === 'delete')).toEqual([]);
  expect(world.crm.get(key('1'))).not.toBeNull();
  await sound();
});

test('a lost answer is looked up before anything else is written, and the write is not doubled', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  const done = world.erp.writesDone;
  world.crm.edit(key('1'), { phone: '55' });
  world.erp.inject({ kind: 'lost_response' });
  await world.cycle();
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '55' });
  expect(world.erp.writesDone).toBe(done + 1);
  await sound();
});

test('a write that never happened is made again after looking', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { phone: '56' });
  world.erp.inject({ kind: 'late' });
  await world.cycle();
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '56' });
  world.erp.runLate();
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '56' });
  await sound();
});

test('a refused write holds back nothing but itself, is asked, and can be tried again', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.erp.refused.add(key('1'));
  world.crm.edit(key('1'), { phone: '9' });
  world.crm.edit(key('2'), { phone: '8' });
  await world.cycle();
  await world.cycle();
  expect(world.erp.get(key('2'))?.fields).toMatchObject({ phone: '8' });
  const [question] = (await openConflicts()).filter(({ kind }) => kind === 'refused');
  expect(question).toMatchObject({ unit: 'phone' });
  world.erp.refused.clear();
  await world.engine.decide({
    conflict: question?.id ?? 0,
    vv: question?.vv ?? '',
    choice: { kind: 'retry' },
    by: 'jo',
    note: null,
  });
  await world.deliver();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '9' });
  await sound();
});

test('an edit that lands between our read and our write makes the write stale, and nothing is lost', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  world.crm.edit(key('1'), { phone: '10' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: crm, run, plan: null });
  world.erp.edit(key('1'), { phone: '20' });
  await world.deliver();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '20' });
  expect(world.crm.get(key('1'))?.fields).toMatchObject({ phone: '10' });
  expect((await openConflicts()).map(({ label }) => label)).toContain('10 | 20');
  await sound();
});

test('a held pair reads on and writes nothing; what waited is written when it resumes', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  await world.engine.setMode({ pair: world.pair, mode: 'held', by: 'jo' });
  world.crm.edit(key('1'), { phone: '31' });
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '1' });
  await world.engine.setMode({ pair: world.pair, mode: 'active', by: 'jo' });
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ phone: '31' });
  await sound();
});

test('the brakes stop a mass create before its first write, and an approved plan lets it pass', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  for (let id = 100; id < 130; id += 1)
    world.crm.put({ id: String(id), name: `New ${id}`, phone: null, street: null, city: null });
  await world.cycle();
  await world.cycle();
  expect(world.erp.keys).toHaveLength(2);
  expect((await world.store.pair(world.pair)).halt?.reason).toContain('30 creates');
  await world.planAndApply();
  await world.cycle();
  expect(world.erp.keys).toHaveLength(32);
  await sound();
});

test('cycles without a change write nothing at all', async () => {
  await start();
  await world.planAndApply();
  await world.cycle();
  await world.cycle();
  const before = await world.store.pair(world.pair);
  const writes = [world.crm.writesDone, world.erp.writesDone];
  await world.cycle();
  await world.cycle();
  const after = await world.store.pair(world.pair);
  expect({ tick: after.tick, ledger: after.ledgerSize }).toEqual({ tick: before.tick, ledger: before.ledgerSize });
  expect([world.crm.writesDone, world.erp.writesDone]).toEqual(writes);
});

test('a plan leaves out what moved since, and the next plan lists it', async () => {
  await start();
  const plan = await world.plan();
  world.erp.edit(key('2'), { phone: '99' });
  await world.apply(plan);
  expect(world.erp.get(key('2'))?.fields).toMatchObject({ phone: '99', address: 'elsewhere' });
  expect(world.crm.get(key('2'))?.fields).toMatchObject({ phone: '2' });
  await world.planAndApply();
  expect(new Set((await openConflicts()).map(({ unit }) => unit))).toEqual(new Set(['name', 'phone']));
  expect(world.erp.get(key('2'))?.fields).toMatchObject({ address: 'Low Rd 2 Bath' });
  await sound();
});

test('many alike are counted by a dry run and decided at once', async () => {
  await start();
  for (let id = 10; id < 20; id += 1) {
    world.crm.put({ id: String(id), name: 'CommScope', phone: null, street: null, city: null });
    world.erp.put({ id: String(id), title: 'ARRIS Group, Inc.', phone: null, address: null });
  }
  await world.planAndApply();
  const like = (await openConflicts()).find(({ label }) => label.startsWith('CommScope'));
  const dry = await world.engine.decideAlike({
    like: like?.id ?? 0,
    choice: { kind: 'keep', side: crm },
    by: 'jo',
    note: null,
    dryRun: true,
  });
  expect(dry).toMatchObject({ alike: 10, leftOut: 0, writes: { erp: 10 }, replaced: 10, blanked: 0 });
  expect(await openConflicts()).toHaveLength(11);
  await world.engine.decideAlike({
    like: like?.id ?? 0,
    choice: { kind: 'keep', side: crm },
    by: 'jo',
    note: null,
    dryRun: false,
  });
  await world.deliver();
  expect(await openConflicts()).toHaveLength(1);
  expect(world.erp.get(key('15'))?.fields).toMatchObject({ title: 'CommScope' });
  await sound();
});
