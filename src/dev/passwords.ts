import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Reads and makes the random passwords of database roles, kept in one file that only its owner can read. */
export type Passwords = { of(role: string): Promise<string> };

/** The same role has the same password in every run over the same file. */
export function passwordsIn(file: string): Passwords {
  // One at a time, so that two roles asked for at once do not overwrite each other's line.
  let queue: Promise<unknown> = Promise.resolve();
  return {
    of(role) {
      const answer = queue.then(() => ensurePassword(file, role));
      queue = answer.catch(() => undefined);
      return answer;
    },
  };
}

async function ensurePassword(file: string, role: string): Promise<string> {
  const known = await readPasswords(file);
  const present = known[role];
  if (present !== undefined) return present;
  const fresh = randomBytes(24).toString('hex');
  await writePrivateFile(file, `${JSON.stringify({ ...known, [role]: fresh }, null, 2)}\n`);
  return fresh;
}

async function readPasswords(file: string): Promise<{ readonly [role: string]: string }> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as { readonly [role: string]: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Writes a file of mode 0600 whole or not at all: a reader never sees a part of it. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const unfinished = await writeBeside(file, text);
  await rename(unfinished, file);
}

/** Makes a file of mode 0600 whole unless it exists; tells whether it was made. Of two who try, one succeeds. */
export async function createPrivateFile(file: string, text: string): Promise<boolean> {
  const unfinished = await writeBeside(file, text);
  try {
    await link(unfinished, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeBeside(file: string, text: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, text, { mode: 0o600, flag: 'wx' });
  return unfinished;
}
