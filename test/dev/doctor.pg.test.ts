import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { type Check, examine, nodeCheck } from '../../src/dev/doctor.js';
import { appRole, freshDatabase } from '../support/postgres.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const config = { ok: true, detail: '1 pair', fix: null };

async function look(
  env: NodeJS.ProcessEnv,
  checkConfig = async () => Promise.resolve<Omit<Check, 'name'>>(config),
): Promise<Map<string, Check>> {
  const checks = await examine({ folder, env: { PARLEY_CACHE: join(folder, 'cache'), ...env }, checkConfig });
  return new Map(checks.map((check) => [check.name, check]));
}

test('every check that is not right says what to do', async () => {
  const broken = {
    DATABASE_URL: 'postgres://ada:geheim@127.0.0.1:1/parley',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    PATH: '',
  };
  const checks = await look(broken, () => Promise.reject(new Error('connections.yaml is missing')));
  const wrong = [...checks.values()].filter(({ ok }) => !ok);
  expect(wrong.map(({ name }) => name)).toEqual(['config', 'postgres', 'temporal']);
  for (const check of wrong) expect(check.fix).toMatch(/\w{4}/);
  expect(JSON.stringify(wrong)).not.toContain('geheim');
});

test('a machine with neither the program nor pip is told before the first start', async () => {
  const checks = await look({ PATH: '' });
  expect(checks.get('temporal program')).toMatchObject({
    ok: false,
    fix: expect.stringContaining('TEMPORAL_CLI_PATH'),
  });
});

test('a database that was not migrated is told from one that was', async () => {
  const database = await freshDatabase();
  try {
    const before = await look({ DATABASE_URL: database.appUrl });
    expect(before.get('postgres')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/(\d+) of \1 migrations are not applied/),
    });
    await migrate({ ownerUrl: database.ownerUrl, appRole });
    const after = await look({ DATABASE_URL: database.appUrl });
    expect(after.get('postgres')).toMatchObject({ ok: true, detail: expect.stringContaining('migrations applied') });
  } finally {
    await database.drop();
  }
});

test('looking leaves nothing behind', async () => {
  await look({ PATH: '' });
  expect(await readdir(folder)).toEqual([]);
});

test.for([
  ['18.20.0', false],
  ['20.18.1', false],
  ['20.19.0', true],
  ['22.1.0', true],
] as const)('Node %s is enough: %s', ([version, ok]) => {
  expect(nodeCheck(version).ok).toBe(ok);
});
