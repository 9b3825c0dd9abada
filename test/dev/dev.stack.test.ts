import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Dev, type DevEvent, type DevOptions, type DevToken, startDev } from '../../src/dev/dev.js';
import { type DevFile, readDevFile } from '../../src/dev/dev-file.js';
import { examine } from '../../src/dev/doctor.js';
import { markOf, type ProcessMark, stillRuns } from '../../src/dev/process-mark.js';
import { silentLog } from '../support/silent-log.js';
import { temporalAddress } from '../support/temporal.js';
import { fakeCli } from './fake-cli.js';

const nodeFlags = ['--import', 'tsx', '--import', new URL('../../src/dev/end-with-parent.ts', import.meta.url).href];
let folder: string;
let running: Dev[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-workspace-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'cli.mjs'), fakeCli);
  running = [];
});
afterEach(async () => {
  for (const dev of running) await dev.stop();
  await rm(folder, { recursive: true, force: true });
});

const { TEMPORAL_ADDRESS: _elsewhere, ...env } = process.env;

async function start(options: Partial<DevOptions> = {}): Promise<Dev> {
  const dev = await startDev({
    folder,
    ports: { postgres: 0, temporal: 0, api: 0 },
    log: silentLog,
    onEvent: () => undefined,
    saveToken: () => Promise.resolve(),
    env,
    cli: join(folder, 'cli.mjs'),
    nodeFlags,
    ...options,
  });
  running.push(dev);
  return dev;
}

async function query(url: string, text: string): Promise<readonly object[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const ready = (events: readonly DevEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === 'ready' ? [event.part] : []));

test('everything comes up in order, is written down for its owner only, and goes down in the opposite order', async () => {
  const events: DevEvent[] = [];
  const tokens: DevToken[] = [];
  const dev = await start({
    onEvent: (event) => events.push(event),
    saveToken: async (token) => void tokens.push(token),
  });
  expect(ready(events)).toEqual(['postgres', 'migrations', 'temporal', 'api', 'worker']);

  const place = join(folder, '.parley', 'dev.json');
  expect((await stat(place)).mode & 0o777).toBe(0o600);
  const file = (await readDevFile(folder)) as DevFile;
  expect(file).toEqual(dev.file);
  expect(file).toMatchObject({ state: 'running', pid: process.pid });
  expect(Object.keys(file.pids).sort()).toEqual(['api', 'temporal', 'worker']);
  expect(Buffer.from(file.api.token, 'base64url')).toHaveLength(32);
  expect(tokens).toMatchObject([{ hash: createHash('sha256').update(file.api.token).digest('hex'), role: 'owner' }]);

  const logs = join(folder, '.parley', 'logs');
  await dev.stop();
  const times = await Promise.all(
    ['api', 'worker'].map(async (part) =>
      Number(/down \w+ (\d+)/.exec(await readFile(join(logs, `${part}.log`), 'utf8'))?.[1]),
    ),
  );
  expect(times[0]).toBeLessThanOrEqual(times[1] ?? 0);
  expect(await readDevFile(folder)).toMatchObject({ state: 'stopped', pids: {} });
  await expect(query(file.database.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('the processes get the application role and never the owner, nor settings for another Temporal server', async () => {
  const dev = await start({
    env: {
      ...env,
      DATABASE_OWNER_URL: 'postgres://elsewhere',
      TEMPORAL_API_KEY: 'secret',
      TEMPORAL_PROFILE: 'cloud',
      ERP: 'kept',
    },
    prepare: async (server) => ({ CRM_URL: await server.ensureDatabase({ name: 'crm', owner: 'crm' }) }),
  });
  const got = (await (await fetch(`${dev.file.api.url}/environment`)).json()) as Record<string, string>;
  expect(got).toMatchObject({
    DATABASE_URL: dev.file.database.url,
    TEMPORAL_ADDRESS: dev.file.temporal.address,
    TEMPORAL_NAMESPACE: 'default',
    PARLEY_HOST: '127.0.0.1',
    PARLEY_CONFIG: folder,
    PARLEY_HOME: join(folder, '.parley'),
    ERP: 'kept',
  });
  expect(got['CRM_URL']).toContain('/crm');
  expect(Object.keys(got)).not.toEqual(expect.arrayContaining(['DATABASE_OWNER_URL']));
  expect(got).not.toHaveProperty('TEMPORAL_API_KEY');
  expect(got).not.toHaveProperty('TEMPORAL_PROFILE');
  await expect(query(dev.file.database.url, 'create table sneaked (id int)')).rejects.toMatchObject({ code: '42501' });
});

test('the second start in a folder is refused while the first runs, and disturbs nothing', async () => {
  const dev = await start();
  await expect(start()).rejects.toMatchObject({
    code: 'dev.already_running',
    message: expect.stringContaining(String(process.pid)),
  });
  expect((await fetch(`${dev.file.api.url}/health`)).ok).toBe(true);
});

test('the next start uses the data, the passwords and the token again', async () => {
  const first = await start();
  await query(first.file.database.ownerUrl, 'create table kept (id int); insert into kept values (1)');
  await first.stop();
  const second = await start();
  expect(second.file.api.token).toBe(first.file.api.token);
  expect(await query(second.file.database.ownerUrl, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('after kill -9 of the parent the processes end by themselves, and the next start cleans up the servers', async () => {
  const script = join(folder, 'parent.mts');
  await writeFile(
    script,
    `import { startDev } from ${JSON.stringify(new URL('../../src/dev/dev.ts', import.meta.url).href)};
     await startDev({ folder: ${JSON.stringify(folder)}, ports: { postgres: 0, temporal: 0, api: 0 },
       log: { info() {}, warn() {}, error() {} }, onEvent() {}, saveToken: async () => {},
       cli: ${JSON.stringify(join(folder, 'cli.mjs'))}, nodeFlags: ${JSON.stringify(nodeFlags)} });
     console.log('up');`,
  );
  const parent = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'], env });
  await once(parent.stdout, 'data');
  const file = (await readDevFile(folder)) as DevFile;
  await query(file.database.ownerUrl, 'create table kept (id int); insert into kept values (1)');
  const marks = await Promise.all(['api', 'worker', 'temporal'].map(async (part) => markOf(file.pids[part] ?? 0)));
  const [api, worker, temporal] = marks as [ProcessMark, ProcessMark, ProcessMark];
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await expect.poll(async () => (await stillRuns(api)) || (await stillRuns(worker)), { timeout: 20_000 }).toBe(false);
  expect(await stillRuns(temporal)).toBe(true);

  const dev = await start();
  expect(await stillRuns(temporal)).toBe(false);
  expect(await query(dev.file.database.ownerUrl, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('killing ends everything at once, also while it is being stopped, and what was committed is there afterwards', async () => {
  const dev = await start();
  await query(dev.file.database.ownerUrl, 'create table kept (id int); insert into kept values (1)');
  const marks = await Promise.all(Object.values(dev.file.pids).map(async (pid) => markOf(pid)));
  const stopping = dev.stop().catch(() => undefined);
  await dev.kill();
  await stopping;
  const left = await Promise.all(marks.map(async (mark) => mark !== undefined && stillRuns(mark)));
  expect(left).toEqual([false, false, false]);
  const next = await start();
  expect(await query(next.file.database.ownerUrl, 'select id from kept')).toEqual([{ id: 1 }]);
});

test('a Temporal server that TEMPORAL_ADDRESS names is used, and none is started', async () => {
  const dev = await start({ env: { ...env, TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_API_KEY: 'kept' } });
  expect(dev.file.temporal).toEqual({ address: temporalAddress(), namespace: 'default', own: false });
  expect(dev.file.pids).not.toHaveProperty('temporal');
  const got = (await (await fetch(`${dev.file.api.url}/environment`)).json()) as Record<string, string>;
  expect(got).toMatchObject({ TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_API_KEY: 'kept' });
});

test('when one part does not come up, the others are stopped and the folder is free again', async () => {
  await expect(start({ saveToken: () => Promise.reject(new Error('no room for a token')) })).rejects.toThrow('no room');
  const dev = await start();
  expect(dev.file.state).toBe('running');
});

test('giving up while it comes up stops what is up', async () => {
  const stop = new AbortController();
  const onEvent = (event: DevEvent): void => {
    if (event.kind === 'ready' && event.part === 'temporal') stop.abort(new Error('enough'));
  };
  await expect(start({ signal: stop.signal, onEvent })).rejects.toThrow('enough');
  const pid = await readFile(join(folder, '.parley', 'temporal.pid'), 'utf8').catch(() => 'gone');
  expect(pid).toBe('gone');
});

test('the doctor sees a stack that runs, and one that does not', async () => {
  const checkConfig = (): Promise<{ ok: boolean; detail: string; fix: null }> =>
    Promise.resolve({ ok: true, detail: '1 pair', fix: null });
  const look = async (): Promise<Record<string, { ok: boolean; detail: string }>> =>
    Object.fromEntries((await examine({ folder, env, checkConfig })).map((check) => [check.name, check]));

  const dev = await start();
  const up = await look();
  expect(Object.values(up).filter(({ ok }) => !ok)).toEqual([]);
  expect(up['postgres']?.detail).toMatch(/PostgreSQL 18.*all \d+ migrations applied/);
  expect(up['temporal']?.detail).toContain(dev.file.temporal.address);
  expect(up['api']?.detail).toContain('ready');
  expect(up['temporal program']?.detail).toMatch(/from (cache|PATH|TEMPORAL_CLI_PATH)/);

  await dev.stop();
  const down = await look();
  expect(Object.values(down).filter(({ ok }) => !ok)).toEqual([]);
  expect(down['api']?.detail).toContain('not running here');
});
