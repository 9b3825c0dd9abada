import { linkSync, renameSync, type Stats, statSync } from 'node:fs';
import { access, constants, type FileHandle, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import { stampOf } from './copy.js';
import { digestOf, newFileBeside, oldFileBeside } from './leftovers.js';
import { asRefusal, systemCode } from './system-errors.js';

export type Replacement = {
  /** The file itself, links followed. */
  readonly path: string;
  readonly object: string;
  /** What the file must hold to be replaced. */
  readonly expectedDigest: string;
  readonly compose: (into: FileHandle) => Promise<void>;
  /** Called between the last look at the file and the rename: where a test acts as somebody else. */
  readonly beforeRename?: (() => void) | undefined;
};

export type Replaced =
  /** `digest` is what the file holds now. */
  | { readonly kind: 'replaced'; readonly digest: string; readonly stamp: string }
  /** The file was not the expected one; nothing happened. */
  | { readonly kind: 'moved' }
  /** It was replaced, and `old` is the file as somebody left it between our last look and the rename. */
  | { readonly kind: 'overwritten'; readonly digest: string; readonly old: string }
  /** It was replaced, and what became of the old file or of the disk is not known. */
  | { readonly kind: 'doubtful' };

/** What a file system says that has no second names for a file. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/**
 * Puts a new version in the place of the file, all at once: whoever reads it, and whatever is killed, finds the old
 * version or the new one, whole. The old version keeps a second name until it is certain that nobody changed it.
 * @throws ParleyError `connector.no_space`, `connector.denied`, `connector.source_unstable`: the file is as it was.
 */
export async function replaceFile(replacement: Replacement): Promise<Replaced> {
  const { path, object, expectedDigest, compose, beforeRename } = replacement;
  const fresh = newFileBeside(path);
  const old = oldFileBeside(path, expectedDigest);
  let isLinked = false;
  let digest: string;
  try {
    await access(path, constants.W_OK);
    await writeNew(fresh, await stat(path), compose, object);
    digest = await digestOf(fresh);
    isLinked = linkOld(path, old);
    const before = lookAt(path);
    const isSame = (await digestOf(isLinked ? old : path)) === expectedDigest;
    // No await from here to the rename: the window in which somebody can slip in is a system call wide.
    if (!isSame || lookAt(path) !== before) {
      await Promise.all([rm(fresh, { force: true }), rm(old, { force: true })]);
      return { kind: 'moved' };
    }
    beforeRename?.();
    renameSync(fresh, path);
  } catch (error) {
    await Promise.all([rm(fresh, { force: true }), rm(old, { force: true })]).catch(() => undefined);
    throw asRefusal(error, object, 'written');
  }
  try {
    const stamp = lookAt(path);
    await syncFolder(dirname(path));
    if (isLinked && (await digestOf(old)) !== expectedDigest) return { kind: 'overwritten', digest, old };
    await rm(old, { force: true });
    return { kind: 'replaced', digest, stamp };
  } catch {
    // The new version stands, but this process cannot tell what else is true; the records are looked at again.
    return { kind: 'doubtful' };
  }
}

async function writeNew(
  fresh: string,
  like: Stats,
  compose: (into: FileHandle) => Promise<void>,
  object: string,
): Promise<void> {
  const into = await open(fresh, 'wx+', 0o600);
  try {
    await giveOwner(into, like, object);
    await compose(into);
    await into.chmod(like.mode & 0o7777);
    await into.sync();
  } finally {
    await into.close();
  }
}

/** The new version belongs to whom the old one belonged to, or it would be locked away from them. */
async function giveOwner(into: FileHandle, like: Stats, object: string): Promise<void> {
  const { uid, gid } = await into.stat();
  if (uid === like.uid && gid === like.gid) return;
  try {
    await into.chown(like.uid, like.gid);
  } catch (cause) {
    const message = `${object} was not written: it belongs to another user, and the new version could not be given to them.`;
    throw new ParleyError('connector.denied', message, {
      hint: 'Let this process run as the owner of the file. The file is as it was.',
      cause,
    });
  }
}

/** False where files cannot have a second name; the look before the rename is then all that guards the old one. */
function linkOld(path: string, old: string): boolean {
  try {
    linkSync(path, old);
    return true;
  } catch (error) {
    if (noLinks.has(systemCode(error))) return false;
    throw error;
  }
}

function lookAt(path: string): string {
  return stampOf(statSync(path, { bigint: true })).text;
}

/** Makes the rename survive a power cut. Windows has no such call for folders and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
