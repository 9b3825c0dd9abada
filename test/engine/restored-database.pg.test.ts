import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markFolder } from '../../src/checkpoints/marks.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, key, openWorld, worldRules, type World } from './world.js';

// SPEC I11, I20: our own database that was put back to an earlier state is noticed, and nothing is counted twice.

let world: World;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-marks-'));
  world = await openWorld({ rules: worldRules(), marks: markFolder(folder) });
  for (const id of ['1', '2', '3'])
    world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
  await world.planAndApply();
  await world.cycle();
});
afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const tablesOf = async (sql: postgres.Sql): Promise<readonly string[]> =>
  (
    await sql<{ name: string }[]>`
      select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`
  ).map(({ name }) => name);

/** What a dump holds, kept in the same server. */
const dump = (): Promise<void> =>
  world.asOwner(async (sql) => {
    await sql`create schema dumped`;
    for (const name of await tablesOf(sql)) await sql.unsafe(`create table dumped.${name} as table public.${name}`);
  });

const restore = (): Promise<void> =>
  world.asOwner(async (sql) => {
    for (const name of await tablesOf(sql)) {
      await sql.unsafe(`alter table public.${name} disable trigger user`);
      await sql.unsafe(`delete from public.${name}`);
      await sql.unsafe(`insert into public.${name} overriding system value table dumped.${name}`);
      await sql.unsafe(`alter table public.${name} enable trigger user`);
    }
  });

const row = () => world.store.pair(world.pair);
const nameOf = async (id: string) =>
  (await world.engine.explainRecord({ pair: world.pair, side: crm, key: key(id) })).units.find(
    ({ unit }) => unit === ('name' as never),
  );

test('a database that was put back gets a new epoch, reads everything, and writes nothing before a plan is approved', async () => {
  await dump();
  world.crm.edit(key('1'), { name: 'Lost and found' });
  await world.cycle();
  const lost = await nameOf('1');
  expect(world.erp.get(key('1'))?.fields['title']).toBe('Lost and found');
  await restore();
  expect((await row()).epoch).toBe(1);
  world.erp.edit(key('2'), { title: 'Typed after it' });
  await world.cycle();
  const restored = await row();
  expect([restored.epoch, restored.halt?.reason]).toEqual([2, expect.stringContaining('put back to an earlier state')]);
  expect(world.crm.get(key('2'))?.fields['name']).toBe('Ada 2');
  const said = (await world.store.ledger(world.pair, 0, 500)).filter(({ entry }) => entry.rule === 'epoch');
  expect(said.map(({ payload }) => payload?.detail)).toMatchObject([{ from: 1, to: 2 }]);
  // What both sides hold by then is no clash and no write, and stands under a vector that was never given out.
  const found = await nameOf('1');
  expect(found?.agreed).toBe('Lost and found');
  expect(found?.vectors.agreed).toContain('#2');
  expect(found?.vectors.agreed).not.toBe(lost?.vectors.agreed);
  await world.planAndApply();
  expect(world.crm.get(key('2'))?.fields['name']).toBe('Typed after it');
  expect((await row()).halt).toBeNull();
  world.crm.edit(key('3'), { name: 'As every day' });
  await world.cycle();
  expect(world.erp.get(key('3'))?.fields['title']).toBe('As every day');
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
  expect((await row()).epoch).toBe(2);
});

test('edits of the lost time that only one side had are asked about or delivered, never taken for old ones', async () => {
  await dump();
  world.crm.edit(key('1'), { name: 'From the CRM' });
  await world.cycle();
  world.erp.edit(key('1'), { title: 'From the ERP, later' });
  await restore();
  await world.cycle();
  await world.planAndApply();
  const rows = await openQuestions(world);
  expect(rows.map(({ kind, unit }) => [kind, unit])).toEqual([['clash', 'name']]);
  expect(world.crm.get(key('1'))?.fields['name']).toBe('From the CRM');
  expect(world.erp.get(key('1'))?.fields['title']).toBe('From the ERP, later');
});

test('writes that waited in the dump are thrown away: they may have been made in the time that is lost', async () => {
  world.crm.edit(key('1'), { name: 'Waiting' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: crm, run, plan: null });
  await dump();
  await world.cycle();
  expect(world.erp.get(key('1'))?.fields['title']).toBe('Waiting');
  world.erp.edit(key('1'), { title: 'Typed over it' });
  await world.cycle();
  expect(world.crm.get(key('1'))?.fields['name']).toBe('Typed over it');
  await restore();
  for (let round = 0; round < 3; round += 1) await world.cycle();
  await world.planAndApply();
  await world.cycle();
  expect([world.crm, world.erp].map((side) => JSON.stringify(side.get(key('1'))?.fields))).toEqual([
    expect.stringContaining('Typed over it'),
    expect.stringContaining('Typed over it'),
  ]);
});

test('a second restore, to before the first one, is noticed by its epoch', async () => {
  await dump();
  world.crm.edit(key('1'), { name: 'One' });
  await world.cycle();
  await restore();
  await world.cycle();
  await restore();
  await world.cycle();
  expect((await row()).epoch).toBe(3);
});

test('without a mark nothing is noticed; a mark that was cut off is none; one of the past stays quiet', async () => {
  const file = join(folder, world.pair, 'high-water.json');
  const mark = await readFile(file, 'utf8');
  expect(JSON.parse(mark)).toMatchObject({ epoch: 1, tick: (await row()).tick });
  await writeFile(file, mark.slice(0, 9));
  await world.cycle();
  expect((await row()).epoch).toBe(1);
  expect(await readFile(file, 'utf8')).toBe(mark);
  world.crm.edit(key('1'), { name: 'One' });
  await world.cycle();
  await writeFile(file, mark);
  await world.cycle();
  expect([(await row()).epoch, (await row()).halt]).toEqual([1, null]);
});
