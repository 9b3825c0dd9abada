import { createServer } from 'node:net';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeptPostgres, keepPostgres } from '../../src/dev/postgres-keeper.js';
import { markOf } from '../../src/dev/process-mark.js';
import { recordingLog, type RecordingLog } from '../support/recording-log.js';

const database = { name: 'parley', owner: 'parley_owner' };
let folder: string;
let log: RecordingLog;
let server: KeptPostgres;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-kept-'));
  await chmod(folder, 0o755);
  log = recordingLog();
  server = await keepPostgres({ folder: join(folder, '.parley'), port: 0, log });
  url = await server.ensureDatabase(database);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(text: string): Promise<readonly object[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 2 });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end({ timeout: 1 });
  }
}
const answers = (text: string): Promise<readonly object[] | null> => ask(text).catch(() => null);
const killServer = (): void => {
  const pid = server.pid();
  // Number 0 would stand for ourselves.
  if (pid === undefined) throw new Error('there is no server to kill');
  process.kill(pid, 'SIGKILL');
};

test('a server that is killed comes back on its port with what was committed, as often as it takes', async () => {
  await ask('create table kept (id int); insert into kept values (1)');
  for (const ids of [[1], [1, 2]]) {
    const before = server.pid();
    killServer();
    await expect
      .poll(() => answers('select id from kept order by id'), { timeout: 30_000 })
      .toEqual(ids.map((id) => ({ id })));
    await expect.poll(() => ![undefined, before].includes(server.pid())).toBe(true);
    await ask('insert into kept values (2)');
  }
  expect(log.lines.filter((line) => line.includes('started again'))).toHaveLength(2);
});

test('stopping it ends it for good, also in the moment between its end and its next start', async () => {
  killServer();
  await expect.poll(() => log.lines.some((line) => line.includes('started again')), { timeout: 5_000 }).toBe(true);
  await server.stop();
  const pid = server.pid();
  expect(pid === undefined ? undefined : await markOf(pid)).toBeUndefined();
  expect(await answers('select 1')).toBeNull();
  await new Promise((wake) => setTimeout(wake, 1_500));
  expect(await answers('select 1')).toBeNull();
});

test('while another program sits on its port it waits, and says so', async () => {
  killServer();
  const other = createServer();
  await expect
    .poll(
      async () => {
        other.listen(server.port, '127.0.0.1');
        return Promise.race([once(other, 'listening').then(() => true), once(other, 'error').then(() => false)]);
      },
      { timeout: 5_000 },
    )
    .toBe(true);
  await expect.poll(() => log.lines.some((line) => line.includes('taken the port')), { timeout: 20_000 }).toBe(true);
  other.close();
  await expect.poll(() => answers('select 1 as one'), { timeout: 30_000 }).toEqual([{ one: 1 }]);
});
