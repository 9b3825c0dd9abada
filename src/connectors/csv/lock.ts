import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../core/errors.js';

type Holder = { readonly host: string; readonly pid: number; readonly born: string };

const waitMaxMs = 15_000;
const pauseMs = 25;
/** A holder on another machine cannot be asked whether it lives; no write takes this long. */
const foreignAgeMaxMs = 120_000;

/** Takes the lock, does the work and gives the lock back. */
export async function withLock<Result>(folder: string, object: string, work: () => Promise<Result>): Promise<Result> {
  const release = await takeLock(folder, object, waitMaxMs);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** The same when nobody holds the lock; null when somebody does. */
export async function ifUnlocked<Result>(folder: string, work: () => Promise<Result>): Promise<Result | null> {
  const release = await tryLock(folder);
  if (release === null) return null;
  try {
    return await work();
  } finally {
    await release();
  }
}

type Release = () => Promise<void>;

async function takeLock(folder: string, object: string, waitMs: number): Promise<Release> {
  const until = Date.now() + waitMs;
  for (;;) {
    const release = await tryLock(folder);
    if (release !== null) return release;
    if (Date.now() > until) {
      throw new ParleyError('connector.source_unstable', `${object} is being written by another process of ours.`, {
        hint: 'Nothing was written; it is tried again.',
      });
    }
    // A random pause, so that two who met do not meet again.
    await sleep(pauseMs * (1 + Math.random()));
  }
}

/**
 * Announces itself with a file of its own, then looks whether anybody living is announced too; whoever sees another
 * steps back. Announcing comes before looking, so of two at least one sees the other, and nothing that a live process
 * holds is ever removed: names are never used twice.
 */
async function tryLock(folder: string): Promise<Release | null> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = join(folder, `${randomUUID()}.lock`);
  const holder: Holder = { host: hostname(), pid: process.pid, born: await bornAt(process.pid) };
  await writeFile(own, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
  const release = (): Promise<void> => rm(own, { force: true });
  try {
    for (const name of await readdir(folder)) {
      const other = join(folder, name);
      if (other === own || !name.endsWith('.lock')) continue;
      if (await isAlive(other)) {
        await release();
        return null;
      }
      await rm(other, { force: true });
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

async function isAlive(path: string): Promise<boolean> {
  const [text, stats] = await Promise.all([readFile(path, 'utf8').catch(() => null), stat(path).catch(() => null)]);
  if (text === null || stats === null) return false;
  let holder: Holder;
  try {
    holder = JSON.parse(text) as Holder;
  } catch {
    // It is being written this moment, or its writer was killed while writing it.
    return Date.now() - stats.mtimeMs < waitMaxMs;
  }
  if (holder.host !== hostname()) return Date.now() - stats.mtimeMs < foreignAgeMaxMs;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  return holder.born === (await bornAt(holder.pid));
}

/** When a process began, in the system's own words: a number is given again to a later process. Empty if unknown. */
async function bornAt(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
