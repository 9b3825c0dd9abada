import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EraseInput } from '../../src/engine/engine.js';
import { openQuestions } from '../support/open-questions.js';
import { crm, erp, key, openWorld, worldRules, type World } from './world.js';

// SPEC I19: after an erasure no value of the record is in any table, and the ledger still verifies.

const erasureKey = Buffer.alloc(32, 7);
const secrets = ['Ada Lovelace', 'Countess', '+44 1815', 'St James Square', 'lovelace-17'] as const;
const person = 'lovelace-17';
let world: World;
beforeEach(async () => {
  world = await openWorld({ rules: worldRules(), erasureKey });
  world.crm.put({ id: person, name: 'Ada Lovelace', phone: '+44 1815', street: 'St James Square', city: 'London' });
  world.crm.put({ id: '2', name: 'Grace', phone: '2', street: 'High St', city: 'Bath' });
  await world.planAndApply();
  await world.cycle();
});
afterEach(() => world.close());

const erase = (changes: Partial<EraseInput> = {}) =>
  world.engine.eraseRecord({
    pair: world.pair,
    side: crm,
    key: key(person),
    by: 'ana',
    reason: 'request 12',
    systems: 'leave',
    ...changes,
  });

/** Every row of every table of the database, detached partitions included, as text. */
function everything(): Promise<string> {
  return world.asOwner(async (sql) => {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`;
    const texts: string[] = [];
    for (const { name } of tables)
      for (const row of await sql.unsafe<{ text: string }[]>(`select held::text as text from ${name} held`))
        texts.push(`${name} ${row.text}`);
    return texts.join('\n');
  });
}

async function expectForgotten(): Promise<void> {
  const text = await everything();
  for (const secret of secrets) {
    const at = text.indexOf(secret);
    expect(at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 60)).toBe('');
  }
  expect((await world.engine.verifyLedger({ pair: world.pair })).problems).toEqual([]);
}

/** History of every kind: edits, a clash that was decided, a stray edit, a refused plan, a title that came and went. */
async function live(): Promise<void> {
  world.erp.edit(key(person), { title: 'Countess of Lovelace', address: '1 Wrong Turn, St James Square' });
  await world.cycle();
  world.crm.edit(key(person), { name: 'Countess Ada' });
  world.erp.edit(key(person), { title: 'Ada Lovelace, Countess' });
  world.crm.edit(key('2'), { name: 'Grace Hopper' });
  await world.cycle();
  const [question] = await openQuestions(world);
  const { id, vv } = question as { id: number; vv: string };
  await world.engine.decide({ conflict: id, vv, choice: { kind: 'keep', side: erp }, by: 'ana', note: null });
  await world.cycle();
  await world.plan();
}

test('the values are everywhere before, and nowhere after an erasure; the ledger still verifies', async () => {
  await live();
  const before = await everything();
  for (const secret of secrets) expect(before).toContain(secret);
  expect(await erase()).toMatchObject({ state: 'erased' });
  await expectForgotten();
  const rows = await world.store.readModel.entityByKey(world.pair, crm, key(person));
  expect(rows).toBeNull();
});

test('who erased it and why stays, and other records keep their history', async () => {
  await live();
  await erase();
  const entries = await world.store.ledger(world.pair, 0, 500);
  const erased = entries.find(({ entry }) => entry.kind === 'erased');
  expect(erased?.entry.actor).toBe('person:ana');
  expect(erased?.payload?.detail['reason']).toBe('request 12');
  const was = await world.engine.explainRecord({ pair: world.pair, side: crm, key: key('2') });
  expect(was.units.find(({ unit }) => unit === ('name' as never))).toMatchObject({ agreed: 'Grace Hopper' });
  expect(was.units.find(({ unit }) => unit === ('name' as never))?.from).not.toBeNull();
});

test('a system that still shows the person does not bring them back, not even after an edit', async () => {
  await erase();
  world.crm.edit(key(person), { phone: '+44 1816' });
  world.erp.edit(key(person), { phone: '+44 1817' });
  for (let round = 0; round < 2; round += 1) await world.cycle({ list: true });
  await world.planAndApply();
  await expectForgotten();
  expect(await world.store.readModel.entityByKey(world.pair, crm, key(person))).toBeNull();
  expect(world.erp.get(key(person))?.fields['phone']).toBe('+44 1817');
});

test('a new record under another key is taken as any other', async () => {
  await erase();
  world.crm.put({ id: '77', name: 'Joan', phone: '7', street: 'Low St', city: 'Bath' });
  await world.cycle();
  expect(world.erp.get(key('77'))?.fields['title']).toBe('Joan');
});

test('its systems delete it first where that is asked for, and then it is erased', async () => {
  expect(await erase({ systems: 'delete' })).toMatchObject({ state: 'deleting' });
  expect(await erase({ systems: 'delete' })).toMatchObject({ state: 'deleting' });
  await world.deliver();
  expect([world.crm.get(key(person)), world.erp.get(key(person))]).toEqual([null, null]);
  expect(await erase({ systems: 'delete' })).toMatchObject({ state: 'erased' });
  await world.cycle();
  await expectForgotten();
});

test('a payload that is gone without an erasure is still found', async () => {
  await erase();
  await world.asOwner(
    (sql) => sql`delete from ledger_payloads where seq in (select seq from ledger where kind = 'pair')`,
  );
  const { ok, problems } = await world.engine.verifyLedger({ pair: world.pair });
  expect(ok).toBe(false);
  expect(problems[0]?.what).toBe('the values of this entry are gone');
});

test('payloads of a record whose erasure the ledger does not state are not removed', async () => {
  const attempt = world.asOwner((sql) => sql`select history_erase(${world.pair}, 1, '{}')`);
  await expect(attempt).rejects.toMatchObject({ code: '42501' });
});

test('nothing is erased while a write is on its way, of a record nobody knows, or without a key to suppress it', async () => {
  await expect(erase({ key: key('nobody') })).rejects.toMatchObject({ code: 'record.not_found' });
  world.crm.edit(key(person), { name: 'Countess Ada' });
  const { run } = await world.engine.nextStep({ pair: world.pair });
  await world.engine.takePage({ pair: world.pair, side: crm, run, plan: null });
  await expect(erase()).rejects.toMatchObject({ code: 'pair.busy' });
  const bare = await openWorld({ rules: worldRules() });
  try {
    bare.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St', city: 'Bath' });
    await bare.planAndApply();
    const wish = { side: crm, key: key('1'), by: 'ana', reason: 'r', systems: 'leave' } as const;
    await expect(bare.engine.eraseRecord({ pair: bare.pair, ...wish })).rejects.toMatchObject({
      code: 'erasure.no_key',
    });
    expect((await bare.engine.verifyLedger({ pair: bare.pair })).problems).toEqual([]);
  } finally {
    await bare.close();
  }
});
