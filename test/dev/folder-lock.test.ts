import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, lockFolder } from '../../src/dev/folder-lock.js';
import { endProcess, markOf, stillRuns } from '../../src/dev/process-mark.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-lock-'));
  file = join(folder, '.parley', 'dev.lock');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test('one at a time: the second is told who has it, and gets it once it is given back', async () => {
  const lock = await lockFolder(file, 'parley dev');
  await expect(lockFolder(file, 'parley dev')).rejects.toMatchObject({
    code: 'dev.already_running',
    message: expect.stringContaining(`parley dev already runs for ${folder} as process ${process.pid}`),
  });
  expect(await holderOf(file)).toMatchObject({ pid: process.pid, what: 'parley dev' });
  await lock.release();
  expect(await holderOf(file)).toBeUndefined();
  const next = await lockFolder(file, 'parley demo');
  await next.release();
});

test('a lock whose holder is gone is taken over, even when its number belongs to another process now', async () => {
  const lock = await lockFolder(file, 'parley dev');
  await writeFile(file, JSON.stringify({ pid: process.pid, started: 'at another time', what: 'parley dev' }));
  const taken = await lockFolder(file, 'parley dev');
  await lock.release();
  expect(await holderOf(file)).toMatchObject({ pid: process.pid });
  await taken.release();
  await expect(stat(file)).rejects.toThrow(/ENOENT/);
});

test('a lock file with half a text is no lock', async () => {
  await lockFolder(file, 'parley dev');
  await writeFile(file, '{"pid":');
  const lock = await lockFolder(file, 'parley dev');
  expect(await holderOf(file)).toMatchObject({ pid: process.pid });
  await lock.release();
});

test('of many who find the same dead holder exactly one gets the lock', async () => {
  await lockFolder(file, 'parley dev');
  await writeFile(file, JSON.stringify({ pid: 1, started: 'never', what: 'parley dev' }));
  const tries = await Promise.allSettled(Array.from({ length: 12 }, async () => lockFolder(file, 'parley dev')));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a process is ended by its mark, and never another one with the same number', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const mark = await markOf(child.pid ?? 0);
  if (mark === undefined) throw new Error('the child has no mark');
  expect(await endProcess({ ...mark, started: 'at another time' }, 100)).toBe(true);
  expect(await stillRuns(mark)).toBe(true);
  expect(await endProcess(mark, 2_000)).toBe(true);
  expect(await stillRuns(mark)).toBe(false);
});
