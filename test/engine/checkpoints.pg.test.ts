import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkpointFolder } from '../../src/checkpoints/folder.js';
import { newSigningKey, signerOf } from '../../src/checkpoints/note.js';
import type { Checkpoints } from '../../src/engine/ports.js';
import { key, openWorld, worldRules, type World } from './world.js';

// SPEC I17: what was signed outside of the database finds a log that was rewritten as a whole.

let world: World;
let folder: string;
let checkpoints: Checkpoints;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-checkpoints-'));
  checkpoints = checkpointFolder({ folder, signer: signerOf(newSigningKey()), verifiers: [] });
  world = await openWorld({ rules: worldRules(), checkpoints });
  for (const id of ['1', '2', '3'])
    world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
  await world.planAndApply();
});
afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const sign = () => world.engine.writeCheckpoint({ pair: world.pair });
const verify = () => world.engine.verifyLedger({ pair: world.pair });
const size = async () => (await world.store.pair(world.pair)).ledgerSize;

/** What an owner can do who takes the triggers away first. */
function tamper(work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  return world.asOwner(async (sql) => {
    for (const table of ['ledger', 'ledger_payloads']) await sql.unsafe(`alter table ${table} disable trigger user`);
    await work(sql);
  });
}

async function edit(name: string): Promise<void> {
  world.crm.edit(key('1'), { name });
  await world.cycle();
}

test('a checkpoint is signed when the log grew, and only then', async () => {
  expect(await sign()).toEqual({ size: await size(), written: true });
  expect((await sign()).written).toBe(false);
  await edit('Grace');
  expect((await sign()).written).toBe(true);
  const kept = await checkpoints.kept(world.pair);
  expect(kept.map(({ signature }) => signature)).toEqual(['good', 'good']);
  const verified = await verify();
  expect(verified).toMatchObject({ ok: true, checkpoints: { configured: true, compared: 2 } });
  expect(verified.checkpoints.newest?.root).toBe(verified.root);
});

test('entries since the newest checkpoint are no contradiction', async () => {
  await sign();
  await edit('Grace');
  expect(await verify()).toMatchObject({ ok: true, checkpoints: { compared: 1 } });
});

test('a log that was cut short and agrees with itself is found, and not signed', async () => {
  const before = await world.store.pair(world.pair);
  await edit('Grace');
  await sign();
  await tamper(async (sql) => {
    await sql`delete from ledger where pair = ${world.pair} and seq >= ${before.ledgerSize}`;
    await sql`update pairs set ledger_size = ${before.ledgerSize}, ledger_peaks = ${sql.array([...before.ledgerPeaks])}`;
  });
  const { ok, problems } = await verify();
  expect(ok).toBe(false);
  expect(problems.map(({ what }) => what).join()).toMatch(/cut short, or the database was put back/);
  await expect(sign()).rejects.toMatchObject({ code: 'ledger.mismatch' });
});

test('a log that was rewritten with other history of the same length is found, and not signed', async () => {
  await sign();
  const [first, second] = await world.store.leaves(world.pair, 0, 2);
  await tamper(async (sql) => {
    await sql`update ledger set leaf = decode(${second as string}, 'hex') where pair = ${world.pair} and seq = 0`;
    await sql`update ledger set leaf = decode(${first as string}, 'hex') where pair = ${world.pair} and seq = 1`;
  });
  expect((await verify()).problems.map(({ what }) => what).join()).toMatch(/the ledger was rewritten/);
});

test('history that does not continue what was signed is not signed', async () => {
  await sign();
  await edit('Grace');
  const last = (await size()) - 1;
  await tamper((sql) => sql`update ledger set leaf = decode(md5('x') || md5('y'), 'hex') where seq = ${last}`);
  await expect(sign()).rejects.toMatchObject({ code: 'ledger.mismatch' });
});

test('without a folder nothing is signed, and verifying says that', async () => {
  const bare = await openWorld({ rules: worldRules() });
  try {
    bare.crm.put({ id: '1', name: 'Ada', phone: '1', street: 'High St', city: 'Bath' });
    await bare.planAndApply();
    expect(await bare.engine.writeCheckpoint({ pair: bare.pair })).toMatchObject({ written: false });
    expect((await bare.engine.verifyLedger({ pair: bare.pair })).checkpoints).toMatchObject({ configured: false });
  } finally {
    await bare.close();
  }
});
