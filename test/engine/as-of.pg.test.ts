import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordAsOfInput } from '../../src/engine/engine.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules() });
  world.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St', city: 'Bath' });
  await world.planAndApply();
  await world.cycle();
});
afterEach(() => world.close());

const size = async () => (await world.store.pair(world.pair)).ledgerSize;
const at = (asOf: RecordAsOfInput['asOf'], side = crm, of = '1') =>
  world.engine.recordAsOf({ pair: world.pair, side, key: key(of), asOf });
const name = async (asOf: RecordAsOfInput['asOf']) =>
  (await at(asOf)).units.find(({ unit }) => unit === ('name' as never));

test('a record is what it was after any entry, with who gave each value', async () => {
  const moments: { seq: number; atMs: number; value: string }[] = [];
  for (const value of ['Grace', 'Joan', 'Edith']) {
    world.erp.edit(key('1'), { title: value });
    await world.cycle();
    const seq = (await size()) - 1;
    moments.push({ seq, atMs: await world.store.nowMs(), value });
  }
  for (const { seq, atMs, value } of moments) {
    for (const asOf of [{ seq }, { atMs }]) expect(await name(asOf)).toMatchObject({ agreed: value, asked: false });
  }
  expect(await name({ seq: moments[1]?.seq ?? 0 })).toMatchObject({ from: { actor: 'side:erp' } });
});

test('the sides that had it then are those that had read it or been given it', async () => {
  const now = { atMs: await world.store.nowMs() };
  expect((await at(now)).keys).toEqual({ crm: '1', erp: '1' });
  expect((await at({ seq: await firstSeq() })).keys).toEqual({ crm: '1' });
  world.erp.remove(key('1'));
  await world.cycle();
  expect((await at({ atMs: await world.store.nowMs() })).gone).toEqual([erp]);
  expect((await at(now)).gone).toEqual([]);
});

async function firstSeq(): Promise<number> {
  const entries = await world.store.ledger(world.pair, 0, 100);
  return entries.find(({ entry }) => entry.kind === 'linked')?.entry.seq ?? -1;
}

test('a question that was open then is said to have been', async () => {
  world.crm.edit(key('1'), { name: 'Grace' });
  world.erp.edit(key('1'), { title: 'Joan' });
  await world.cycle();
  expect(await name({ atMs: await world.store.nowMs() })).toMatchObject({ asked: true });
});

test('nothing is known of a record before it was read, or of one that never was', async () => {
  await expect(at({ atMs: 0 })).rejects.toMatchObject({ code: 'record.not_found' });
  await expect(at({ seq: 1 }, crm, '99')).rejects.toMatchObject({ code: 'record.not_found' });
});
