import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ParleyError } from '../core/errors.js';
import { createPrivateFile } from './passwords.js';
import { markOf, stillRuns, type ProcessMark } from './process-mark.js';

const breakingMs = 10_000;
const attemptsMax = 50;

export type FolderLock = { release(): Promise<void> };
/** `id` tells two locks of the same process apart. */
type Holder = ProcessMark & { readonly what: string; readonly id: string };

/**
 * Makes this process the only one that works with a folder. `what` names the work for the others' error message.
 * A lock whose holder is gone is taken over, whatever ended it. Throws `dev.already_running`.
 */
export async function lockFolder(file: string, what: string): Promise<FolderLock> {
  const mine = await markOf(process.pid);
  if (mine === undefined) throw new Error('assertion failed: the running process has no mark');
  const text = `${JSON.stringify({ ...mine, what, id: randomBytes(8).toString('hex') } satisfies Holder)}\n`;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (await createPrivateFile(file, text)) return { release: () => release(file, text) };
    const holder = await readHolder(file);
    if (holder !== undefined && (await stillRuns(holder))) throw alreadyRunning(file, holder);
    await removeStale(file);
  }
  throw new ParleyError('dev.already_running', `The lock ${file} changes hands all the time. Nothing was started.`);
}

/** Who holds the lock now; undefined when nobody does. */
export async function holderOf(file: string): Promise<Holder | undefined> {
  const holder = await readHolder(file);
  return holder !== undefined && (await stillRuns(holder)) ? holder : undefined;
}

function alreadyRunning(file: string, holder: Holder): ParleyError {
  return new ParleyError(
    'dev.already_running',
    `${holder.what} already runs for ${dirname(dirname(file))} as process ${holder.pid}. Nothing was started or changed.`,
    { hint: `Use the one that runs (its addresses are in ${dirname(file)}/dev.json), or stop it: kill ${holder.pid}` },
  );
}

/**
 * Two who find the same dead holder must not remove each other's fresh lock, so removing is itself locked by a folder
 * that only one can make, and the holder is looked at again inside.
 */
async function removeStale(file: string): Promise<void> {
  const gate = `${file}.breaking`;
  try {
    await mkdir(gate);
  } catch {
    const made = await stat(gate).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > breakingMs) await rmdir(gate).catch(() => undefined);
    await new Promise((wake) => setTimeout(wake, 20));
    return;
  }
  try {
    const holder = await readHolder(file);
    if (holder === undefined || !(await stillRuns(holder))) await rm(file, { force: true });
  } finally {
    await rmdir(gate).catch(() => undefined);
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function release(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
}
