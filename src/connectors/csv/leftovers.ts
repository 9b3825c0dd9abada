import { createHash, randomUUID } from 'node:crypto';
import { link, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Place, realPathOf } from './place.js';
import { systemCode } from './system-errors.js';

/** The names of what stands beside the file while it is replaced. They begin with a dot and end with our name. */
export function newFileBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.parley-new`);
}

/** The second name of the old file says what it held when it was read, so that a later process can tell an edit. */
export function oldFileBeside(path: string, digest: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.${digest.slice(0, 16)}.parley-old`);
}

/**
 * Removes what a killed process left beside the file. Only under the lock: a living one may be at work otherwise.
 * An old file that was edited after it was read is not removed but kept under a name that people see.
 */
export async function cleanLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const name = `.${basename(path)}.`;
  for (const found of await readdir(folder)) {
    if (!found.startsWith(name)) continue;
    const rest = found.slice(name.length);
    const left = join(folder, found);
    if (/^[0-9a-f]{8}\.parley-new$/.test(rest)) await rm(left, { force: true });
    const digest = /^[0-9a-f]{8}\.([0-9a-f]{16})\.parley-old$/.exec(rest)?.[1];
    if (digest === undefined) continue;
    if ((await digestOf(left)).startsWith(digest)) await rm(left, { force: true });
    else await keepVersion(left, path);
  }
}

/** Gives a version that would be lost a name beside the file that people see. */
export async function keepVersion(version: string, path: string): Promise<void> {
  const kept = `${path}.overwritten-${(await digestOf(version)).slice(0, 8)}`;
  try {
    await link(version, kept);
  } catch (error) {
    // The same content is kept under the same name already.
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await rm(version, { force: true });
}

/** Versions kept by `keepVersion`, as places relative to the connection's folder. */
export async function keptVersions(place: Place): Promise<readonly string[]> {
  const path = await realPathOf(place).catch(() => place.path);
  const names = await readdir(dirname(path)).catch(() => []);
  const kept = names.filter((name) => name.startsWith(`${basename(path)}.overwritten-`)).sort();
  const folder = dirname(place.object);
  return kept.map((name) => (folder === '.' ? name : `${folder}/${name}`));
}

export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'r');
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}
