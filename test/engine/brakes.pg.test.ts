import { afterEach, expect, test } from 'vitest';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

const linked = 40;
/** Three in ten of the linked records. */
const changeLimit = 12;

let world: World;
afterEach(async () => {
  await world.close();
});

async function start(): Promise<void> {
  world = await openWorld({ rules: worldRules() });
  const ids = Array.from({ length: linked }, (_, at) => String(at));
  world.crm.put(...ids.map((id) => ({ id, name: `Company ${id}`, phone: '1', street: 'High St', city: 'Bath' })));
  world.erp.put(...ids.map((id) => ({ id, title: `Company ${id}`, phone: '1', address: 'High St Bath' })));
  await world.planAndApply();
  await world.cycle();
}

/** Reads both sides under one run and asks the brakes; the run is left open, as a killed worker leaves it. */
async function readAndBrake(run: number): Promise<boolean> {
  for (const side of [crm, erp]) {
    while ((await world.engine.takePage({ pair: world.pair, side, run, plan: null })).more);
  }
  return (await world.engine.checkBrakes({ pair: world.pair, run })).halted;
}

function edit(from: number, count: number): void {
  for (let id = from; id < from + count; id += 1) world.crm.edit(key(String(id)), { phone: `2${id}` });
}

test('a run that is cut short again and again is stopped for what it would write, not for what it wrote', async () => {
  await start();
  const { run } = await world.engine.nextStep({ pair: world.pair });
  for (const from of [0, 10, 20, 30]) {
    edit(from, changeLimit - 2);
    expect(await readAndBrake(run)).toBe(false);
    await world.deliver();
  }
  expect(world.erp.get(key('39'))?.fields).toMatchObject({ phone: '239' });
});

test('what it has read and not written is counted however often it is cut short', async () => {
  await start();
  const { run } = await world.engine.nextStep({ pair: world.pair });
  edit(0, changeLimit);
  expect(await readAndBrake(run)).toBe(false);
  edit(changeLimit, 1);
  expect(await readAndBrake(run)).toBe(true);
  await world.deliver();
  expect(world.erp.get(key('0'))?.fields).toMatchObject({ phone: '1' });
});

test('a write that something newer replaced before it was sent counts once it is known to be over', async () => {
  await start();
  const { run } = await world.engine.nextStep({ pair: world.pair });
  for (const turn of [1, 2]) {
    for (let id = 0; id < 6; id += 1) world.crm.edit(key(String(id)), { phone: `${turn}${id}` });
    expect(await readAndBrake(run)).toBe(false);
  }
  await world.deliver();
  edit(20, changeLimit);
  expect(await readAndBrake(run)).toBe(false);
});
