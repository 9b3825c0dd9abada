import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Postgres, type PostgresOptions, startPostgres } from '../../src/dev/postgres.js';
import { markOf } from '../../src/dev/process-mark.js';
import { postgresBinaries } from '../../src/dev/postgres-binaries.js';
import { postgresAccount } from '../../src/dev/server-account.js';
import { recordingLog } from '../support/recording-log.js';

const run = promisify(execFile);
const asRoot = process.getuid?.() === 0;
let folder: string;
let started: Postgres[];
let scratch: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-dev-'));
  await chmod(folder, 0o755);
  started = [];
  scratch = [folder];
});
afterEach(async () => {
  for (const server of started) await server.stop();
  // After the servers: stopping one needs its programs, which may be in a folder of the test.
  for (const place of scratch) await rm(place, { recursive: true, force: true });
});

/** A folder that everybody may enter. */
async function openPlace(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'parley-open-'));
  scratch.push(place);
  await chmod(place, 0o755);
  return place;
}

async function start(options: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const server = await startPostgres({ folder: join(folder, '.parley'), port: 0, log: recordingLog(), ...options });
  started.push(server);
  return server;
}

async function ask(url: string, query: string): Promise<readonly object[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe(query))];
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const parley = { name: 'parley', owner: 'parley_owner', users: ['parley_app'] } as const;

test('the second start finds the data and the passwords of the first', async () => {
  const first = await start();
  const ownerUrl = await first.ensureDatabase(parley);
  await ask(ownerUrl, 'create table kept (id int); insert into kept values (42)');
  await first.stop();

  const second = await start();
  const again = await second.ensureDatabase(parley);
  expect(await ask(again, 'select id from kept')).toEqual([{ id: 42 }]);
  expect(new URL(again).password).toBe(new URL(ownerUrl).password);
});

test('it logs changes for replication, waits for the disk and listens on the loopback only', async () => {
  const server = await start();
  const names = ['wal_level', 'fsync', 'listen_addresses', 'unix_socket_directories', 'server_encoding'];
  const shown = await Promise.all(
    names.map(async (name) =>
      ask(await server.url('postgres', 'postgres'), `select current_setting('${name}') as value`),
    ),
  );
  expect(shown.flat()).toEqual(['logical', 'on', '127.0.0.1', '', 'UTF8'].map((value) => ({ value })));
});

test('passwords are in a file that only its owner can read, and no role gets in without one', async () => {
  const server = await start();
  await server.ensureDatabase(parley);
  const file = join(folder, '.parley', 'postgres-passwords.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const passwords = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  expect(Object.keys(passwords).sort()).toEqual(['parley_app', 'parley_owner', 'postgres']);
  expect(new Set(Object.values(passwords)).size).toBe(3);
  const open = new URL(await server.url('parley', 'parley_owner'));
  open.password = '';
  await expect(ask(open.href, 'select 1')).rejects.toThrow(/password/);
});

test('a further database belongs to its own role, and asking for it twice keeps it', async () => {
  const server = await start();
  const wish = { name: 'crm', owner: 'crm' };
  const url = await server.ensureDatabase(wish);
  await ask(url, 'create table accounts (id int)');
  await server.ensureDatabase(wish);
  expect(await ask(url, 'select count(*)::int as n from accounts')).toEqual([{ n: 0 }]);
  expect(await ask(url, "select rolsuper from pg_roles where rolname = 'crm'")).toEqual([{ rolsuper: false }]);
});

test('another port is used when the usual one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  try {
    const server = await start({ port });
    expect(server.port).not.toBe(port);
    expect(await ask(await server.url('postgres', 'postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
  } finally {
    other.close();
  }
});

test('a server that a killed process left running is stopped first, and what was committed is there', async () => {
  const home = join(folder, '.parley');
  const script = join(folder, 'orphan.mts');
  await writeFile(
    script,
    `import { startPostgres } from ${JSON.stringify(new URL('../../src/dev/postgres.ts', import.meta.url).href)};
     const log = { info() {}, warn() {}, error() {} };
     const server = await startPostgres({ folder: ${JSON.stringify(home)}, port: 0, log });
     console.log(JSON.stringify({ url: await server.ensureDatabase(${JSON.stringify(parley)}), port: server.port }));
     setInterval(() => undefined, 1000);`,
  );
  const parent = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const orphan = JSON.parse(line.toString()) as { url: string; port: number };
  await ask(orphan.url, 'create table kept (id int); insert into kept values (1)');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const pidLine = async (): Promise<string> =>
    (await readFile(join(home, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0] ?? '';
  const left = Number(await pidLine());
  expect(await markOf(left)).toBeDefined();

  const log = recordingLog();
  const server = await start({ folder: home, log });
  expect(log.lines.join('\n')).toContain('left running by an earlier start');
  expect(await markOf(left)).toBeUndefined();
  expect(Number(await pidLine())).not.toBe(left);
  expect(await ask(await server.url('parley', 'parley_owner'), 'select id from kept')).toEqual([{ id: 1 }]);
});

test('a pid file of a server that was killed does not keep the next one from starting', async () => {
  const first = await start();
  const ownerUrl = await first.ensureDatabase(parley);
  await ask(ownerUrl, 'create table kept (id int); insert into kept values (1)');
  const pid = Number((await readFile(join(first.dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');

  const second = await start();
  expect(await ask(await second.url('parley', 'parley_owner'), 'select id from kept')).toEqual([{ id: 1 }]);
});

test('a first start that was killed half way leaves nothing that disturbs the next', async () => {
  const unfinished = join(folder, '.parley', 'postgres.unfinished');
  await mkdir(unfinished, { recursive: true });
  await writeFile(join(unfinished, 'PG_VERSION'), '18\n');
  const server = await start();
  expect(await ask(await server.url('postgres', 'postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('data of another major version are left alone', async () => {
  const server = await start();
  await server.stop();
  await writeFile(join(server.dataFolder, 'PG_VERSION'), '17\n');
  await expect(start()).rejects.toMatchObject({
    code: 'dev.postgres_failed',
    message: expect.stringContaining('PostgreSQL 17'),
  });
  await writeFile(join(server.dataFolder, 'PG_VERSION'), '18\n');
});

test('a failed start says what the server said', async () => {
  await expect(start({ settings: { shared_buffers: 'lots' } })).rejects.toMatchObject({
    code: 'dev.postgres_failed',
    message: expect.stringContaining('shared_buffers'),
  });
});

test('stopping twice is harmless, and after it nothing listens', async () => {
  const server = await start();
  await server.stop();
  await server.stop();
  await expect(ask(await server.url('postgres', 'postgres'), 'select 1')).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test.runIf(asRoot)('as root it runs as postgres; a closed folder moves the data, and says where', async () => {
  const { uid } = await postgresAccount();
  await chmod(folder, 0o700);
  const openFolder = await openPlace();
  const log = recordingLog();
  const server = await start({ log, openFolder });
  expect(server.dataFolder.startsWith(openFolder)).toBe(true);
  expect(log.lines.join('\n')).toContain(server.dataFolder);
  const pid = (await readFile(join(server.dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0];
  expect((await stat(`/proc/${pid}`)).uid).toBe(uid);
  await ask(await server.ensureDatabase(parley), 'create table kept (id int)');
  await server.stop();

  const again = await start({ openFolder });
  expect(again.dataFolder).toBe(server.dataFolder);
  const ownerUrl = await again.url('parley', 'parley_owner');
  expect(await ask(ownerUrl, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }]);
});

test.runIf(asRoot)('programs that the account cannot reach are copied to a folder it can', async () => {
  const account = await postgresAccount();
  const openFolder = await openPlace();
  const closed = join(await openPlace(), 'closed');
  await mkdir(closed, { mode: 0o700 });
  const { folder: installed } = await postgresBinaries({}, openFolder);
  await run('cp', ['-a', installed, join(closed, 'native')]);
  await run('find', [join(closed, 'native', 'lib'), '-type', 'l', '-delete']);
  const from = { folder: join(closed, 'native'), release: '18.4.0' };
  const [one, two] = await Promise.all([
    postgresBinaries(account, openFolder, from),
    postgresBinaries(account, openFolder, from),
  ]);
  expect(one).toEqual(two);
  expect(one.folder.startsWith(openFolder)).toBe(true);
  const { stdout } = await run(join(one.folder, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/' });
  expect(stdout).toContain('18.');
});

test.runIf(!asRoot)('an ordinary user runs it as themselves', async () => {
  expect(await postgresAccount()).toEqual({});
  const server = await start();
  expect(server.dataFolder).toBe(join(folder, '.parley', 'postgres'));
});
