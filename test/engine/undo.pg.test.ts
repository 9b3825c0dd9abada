import { afterEach, beforeEach, expect, test } from 'vitest';
import { revisionId } from '../../src/core/ids.js';
import type { UndoInput } from '../../src/engine/engine.js';
import type { PlanItem } from '../../src/engine/plan-rows.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules() });
  for (const id of ['1', '2']) {
    world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
    world.erp.put({ id, title: `Ada ${id}`, phone: id, address: 'High St Bath' });
  }
  await world.planAndApply();
  await world.cycle();
});
afterEach(() => world.close());

type What = Omit<UndoInput, 'pair' | 'by' | 'note'>;
const open = () => openQuestions(world);
const names = () => [world.crm.get(key('1'))?.fields['name'], world.erp.get(key('1'))?.fields['title']];
const ledgerSize = async () => (await world.store.pair(world.pair)).ledgerSize;

async function planned(what: What): Promise<{ plan: number; items: readonly PlanItem[] }> {
  const { plan } = await world.engine.requestUndo({ pair: world.pair, by: 'jo', note: 'typed by mistake', ...what });
  let after: Awaited<ReturnType<World['engine']['decidePlanPage']>>['next'] = null;
  do ({ next: after } = await world.engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await world.engine.readyPlan({ plan });
  const filter = { kind: null, unit: null, blankOnly: false };
  const { rows } = await world.store.readModel.planItems(plan, filter, { after: null, limit: 99 });
  return { plan, items: rows };
}

async function undone(what: What): Promise<readonly PlanItem[]> {
  const { plan, items } = await planned(what);
  await world.apply(plan);
  await world.cycle();
  return items;
}

async function expectProven(): Promise<void> {
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
  expect((await world.engine.verify({ pair: world.pair })).unexplained).toEqual([]);
}

async function decideClash(): Promise<number> {
  world.crm.edit(key('1'), { name: 'Grace' });
  world.erp.edit(key('1'), { title: 'Joan' });
  await world.cycle();
  const [question] = await open();
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'keep', side: erp }, by: 'ana', note: null });
  await world.deliver();
  expect(names()).toEqual(['Joan', 'Joan']);
  return id;
}

test('a plan of an undo lists what it would write and writes nothing', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  const { items } = await planned({ record: { side: crm, key: key('1'), to: null } });
  expect(items.map(({ kind, side, before, after }) => [kind, side, before, after])).toEqual([
    ['update', crm, 'Grace', 'Ada 1'],
    ['update', erp, 'Grace', 'Ada 1'],
  ]);
  expect(names()).toEqual(['Grace', 'Grace']);
});

test('the last change of a record is taken back on every side, and the ledger says by whom and why', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  await undone({ record: { side: crm, key: key('1'), to: null } });
  expect(names()).toEqual(['Ada 1', 'Ada 1']);
  const entries = await world.store.ledger(world.pair, 0, 200);
  const found = entries.find(({ entry }) => entry.kind === 'decided');
  expect(found?.entry).toMatchObject({ actor: 'person:test' });
  expect(found?.entry.rule).toMatch(/^undo of record \d+, entry \d+/);
  expect(found?.payload?.detail['note']).toBe('typed by mistake');
  await expectProven();
});

test('an undo can itself be taken back', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  await undone({ record: { side: crm, key: key('1'), to: null } });
  await undone({ record: { side: crm, key: key('1'), to: null } });
  expect(names()).toEqual(['Grace', 'Grace']);
  await expectProven();
});

test('a decision is taken back to what was agreed before it', async () => {
  const conflict = await decideClash();
  await undone({ conflict });
  expect(new Set(names()).size).toBe(1);
  expect(names()[0]).not.toBe('Joan');
  await expectProven();
});

test('what was changed since is asked about and not guessed; the answer may restore it', async () => {
  const conflict = await decideClash();
  world.crm.edit(key('1'), { name: 'Edith' });
  await world.cycle();
  const items = await undone({ conflict });
  expect(items.map(({ kind }) => kind)).toEqual(['ask']);
  expect(names()).toEqual(['Edith', 'Edith']);
  const [question] = await open();
  expect(question).toMatchObject({ kind: 'undo', unit: 'name' });
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'restore' }, by: 'ana', note: null });
  await world.deliver();
  expect(names()[0]).not.toBe('Edith');
  expect(await open()).toEqual([]);
  await expectProven();
});

test('what an undo asked about can be left when it was changed once more, and only left', async () => {
  const conflict = await decideClash();
  world.crm.edit(key('1'), { name: 'Edith' });
  await world.cycle();
  await undone({ conflict });
  const [question] = await open();
  const { id, vv } = question as { id: number; vv: string };
  world.erp.edit(key('1'), { title: 'Edith II' });
  await world.cycle();
  const say = (kind: 'restore' | 'leave') =>
    world.engine.decide({ conflict: id, vv, choice: { kind }, by: 'ana', note: null });
  await expect(say('restore')).rejects.toMatchObject({ code: 'conflict.changed' });
  await say('leave');
  await world.cycle();
  expect([names(), await open()]).toEqual([['Edith II', 'Edith II'], []]);
  await expectProven();
});

test('a whole run is taken back, field by field, and what came later stays', async () => {
  world.crm.edit(key('1'), { name: 'Grace', phone: '77' });
  world.crm.edit(key('2'), { name: 'Joan' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.cycle();
  world.erp.edit(key('2'), { phone: '88' });
  await world.cycle();
  await undone({ run });
  expect(world.erp.get(key('1'))?.fields).toMatchObject({ title: 'Ada 1', phone: '1' });
  expect(world.erp.get(key('2'))?.fields).toMatchObject({ title: 'Ada 2', phone: '88' });
  await expectProven();
});

test('a record that a run made is deleted there only on a person’s word, and the other side keeps its own', async () => {
  world.crm.put({ id: '3', name: 'Edith', phone: '3', street: 'Low St', city: 'Bath' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.cycle();
  expect(world.erp.get(key('3'))).not.toBeNull();
  await undone({ run });
  expect(world.erp.get(key('3'))).not.toBeNull();
  const [question] = await open();
  expect(question).toMatchObject({ kind: 'undo', unit: null });
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'delete' }, by: 'ana', note: null });
  await world.deliver();
  for (let round = 0; round < 2; round += 1) await world.cycle();
  expect([world.erp.get(key('3')), world.crm.get(key('3'))?.fields['name']]).toEqual([null, 'Edith']);
  await expectProven();
});

/** A record that a run made in the ERP, and the question whether the ERP's is to be deleted. */
async function undoneCreate(): Promise<{ id: number; vv: string }> {
  world.crm.put({ id: '3', name: 'Edith', phone: '3', street: 'Low St', city: 'Bath' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.cycle();
  await undone({ run });
  return openMade();
}

async function openMade(): Promise<{ id: number; vv: string }> {
  const [question] = await open();
  expect(question).toMatchObject({ kind: 'undo', unit: null });
  return question as { id: number; vv: string };
}

const deleteMade = ({ id, vv }: { id: number; vv: string }) =>
  world.engine.decide({ conflict: id, vv, choice: { kind: 'delete' }, by: 'ana', note: null });

async function expectMadeDeleted(): Promise<void> {
  for (let round = 0; round < 2; round += 1) await world.cycle();
  expect([world.erp.get(key('3')), world.crm.get(key('3'))?.fields['name']]).toEqual([null, 'Edith']);
  expect(await open()).toEqual([]);
  await expectProven();
}

test('the question about a record that was made outlives the approval of another plan', async () => {
  await undoneCreate();
  world.use(worldRules({ revision: revisionId('r2') }));
  await world.planAndApply();
  await world.cycle();
  await deleteMade(await openMade());
  await world.deliver();
  await expectMadeDeleted();
});

test.for([
  ['before', true],
  ['after', false],
] as const)(
  'a delete on a person’s word is asked about again when a plan made %s it is approved first',
  async ([, isBefore]) => {
    const question = await undoneCreate();
    const early = isBefore ? await world.plan() : null;
    await deleteMade(question);
    await world.apply(early ?? (await world.plan()));
    await world.cycle();
    expect(world.erp.get(key('3'))).not.toBeNull();
    await deleteMade(await openMade());
    await world.deliver();
    await expectMadeDeleted();
  },
);

test('a delete on a person’s word is asked about again when another change of the record is taken back first', async () => {
  const question = await undoneCreate();
  world.crm.edit(key('3'), { name: 'Joan' });
  await world.cycle();
  await world.engine.decide({
    conflict: question.id,
    vv: question.vv,
    choice: { kind: 'leave' },
    by: 'ana',
    note: null,
  });
  const entries = await world.store.ledger(world.pair, 0, 200);
  const edited = entries.find(({ entry }) => entry.kind === 'edited')?.entry;
  const made = entries.find(({ entry }) => entry.kind === 'linked' && entry.entity === edited?.entity)?.entry;
  await undone({ entry: made?.seq ?? -1 });
  await deleteMade(await openMade());
  await undone({ entry: edited?.seq ?? -1 });
  expect(world.crm.get(key('3'))?.fields['name']).toBe('Edith');
  await deleteMade(await openMade());
  await world.deliver();
  await expectMadeDeleted();
});

test('a delete on a person’s word is asked about again when somebody changed the record first', async () => {
  await deleteMade(await undoneCreate());
  world.erp.edit(key('3'), { phone: '33' });
  await world.deliver();
  await world.cycle();
  expect(world.erp.get(key('3'))).not.toBeNull();
  await deleteMade(await openMade());
  await world.deliver();
  await expectMadeDeleted();
});

test('a record that was deleted everywhere is made anew, and the plan says what cannot be brought back', async () => {
  world.erp.remove(key('1'));
  await world.cycle();
  const [question] = await open();
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'delete' }, by: 'ana', note: null });
  await world.deliver();
  expect(world.crm.get(key('1'))).toBeNull();
  const items = await undone({ conflict: id });
  expect(items.map(({ kind }) => kind)).toEqual(['create', 'create']);
  expect(items[0]?.rule).toMatch(/cannot be brought back/);
  expect(names()).toEqual(['Ada 1', 'Ada 1']);
  await expectProven();
});

test('the first value that was known stays, and the plan says why', async () => {
  const linked = (await world.store.ledger(world.pair, 0, 99)).find(({ entry }) => entry.kind === 'linked');
  const { items } = await planned({ entry: linked?.entry.seq ?? -1 });
  expect(items.every(({ kind }) => kind === 'left')).toBe(true);
  expect(items[0]?.rule).toMatch(/first value that was known/);
});

test('a record that moved on after the plan was made is left out', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  const { plan } = await planned({ record: { side: crm, key: key('1'), to: null } });
  world.erp.edit(key('1'), { phone: '99' });
  await world.cycle();
  await world.apply(plan);
  expect(names()).toEqual(['Grace', 'Grace']);
  expect((await world.store.plan(plan))?.counts?.movedOn).toBe(1);
});

test('approving an undo lifts no brake', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  const { plan } = await planned({ record: { side: crm, key: key('1'), to: null } });
  await world.store.transact(world.pair, (transaction) =>
    transaction.commit({
      pair: { ...transaction.pair, halt: { reason: 'too much', counts: {}, atMs: transaction.nowMs } },
    }),
  );
  await world.apply(plan);
  expect(names()).toEqual(['Ada 1', 'Ada 1']);
  expect((await world.store.pair(world.pair)).halt).not.toBeNull();
});

test('what changed nothing cannot be taken back', async () => {
  await expect(planned({ run: 999 })).rejects.toMatchObject({ code: 'undo.nothing' });
  await expect(planned({ entry: await ledgerSize() })).rejects.toMatchObject({ code: 'undo.nothing' });
  await expect(planned({ conflict: 999 })).rejects.toMatchObject({ code: 'conflict.not_found' });
});
