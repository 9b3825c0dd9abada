import { access, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../core/errors.js';
import type { NativeWrite, WriteOutcome } from '../../engine/connector.js';
import { compare, hiddenKeys, noCarry } from './changes.js';
import { compose } from './compose.js';
import { type Decision, decide } from './decide.js';
import { digestOf, keepVersion } from './leftovers.js';
import { withLock } from './lock.js';
import type { Lookup } from './lookup.js';
import { type Place, realPathOf } from './place.js';
import { headerOf } from './records.js';
import { type Replaced, replaceFile } from './replace.js';
import type { Snapshot, Snapshots } from './snapshots.js';
import { asRefusal } from './system-errors.js';

/** A file that changed this recently may be in the middle of being written by a program that writes piece by piece. */
const quietMs = 200;
const attemptsMax = 25;

export type WriterSettings = {
  readonly place: Place;
  readonly key: readonly string[];
  readonly snapshots: Snapshots;
  readonly lookup: Lookup;
  /** Where processes that write this file announce themselves. */
  readonly lockFolder: string;
  readonly beforeRename?: (() => void) | undefined;
};

/** Writes batches into one file: a batch is one new version of it. */
export class Writer {
  readonly #settings: WriterSettings;
  /** The stamp of the version that we made last; it needs no quiet before the next. */
  #ownStamp = '';

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  /**
   * Re-reads the file, decides every write on what is there, and replaces the file once.
   * @throws ParleyError `connector.source_unstable`, `connector.no_space`, `connector.denied`: nothing was written.
   */
  async write(writes: readonly NativeWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]> {
    signal?.throwIfAborted();
    if (writes.length === 0) return [];
    const { place, lockFolder } = this.#settings;
    try {
      return await withLock(lockFolder, place.object, () => this.#writeLocked(writes, signal));
    } catch (error) {
      throw asRefusal(error, place.object, 'written');
    }
  }

  async #writeLocked(
    writes: readonly NativeWrite[],
    signal: AbortSignal | undefined,
  ): Promise<readonly WriteOutcome[]> {
    const { place, key, lookup } = this.#settings;
    const path = await realPathOf(place);
    await refuseWhileOpen(path, place.object);
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const snapshot = await lookup.present(signal);
      const { text, changedAtMs } = snapshot.stamp;
      const ageMs = Date.now() - changedAtMs;
      if (text !== this.#ownStamp && ageMs >= 0 && ageMs < quietMs) {
        await sleep(quietMs - ageMs, undefined, { signal });
        continue;
      }
      const decision = await decide(snapshot, writes, { object: place.object, key, hidden: lookup.hidden });
      const { ranges, added } = decision.edits;
      if (ranges.length + added.length === 0) return decision.outcomes;
      signal?.throwIfAborted();
      const replaced = await this.#replace(path, snapshot, decision, snapshot.digest);
      if (replaced.kind === 'doubtful') return inDoubt(decision.outcomes);
      if (replaced.kind === 'overwritten') return this.#merge(path, snapshot, writes, replaced, decision);
      if (replaced.kind === 'replaced') {
        this.#ownStamp = replaced.stamp;
        return decision.outcomes;
      }
    }
    throw new ParleyError('connector.source_unstable', `${place.object} kept changing while it was to be written.`, {
      hint: 'Nothing was written; it is tried again.',
    });
  }

  #replace(path: string, from: Snapshot, { edits }: Decision, expectedDigest: string): Promise<Replaced> {
    const { place, beforeRename } = this.#settings;
    const { dialect } = headerOf(from);
    return replaceFile({
      path,
      object: place.object,
      expectedDigest,
      compose: (into) => compose(from.path, into, edits, dialect),
      beforeRename,
    });
  }

  /**
   * Somebody edited the old version in the moment before our rename. Their version becomes the one that the batch is
   * decided on, and takes the place of ours. If that fails too, theirs is kept under a name of its own and every write
   * that took effect is in doubt: it is read back before anything else is done about it.
   */
  async #merge(
    path: string,
    read: Snapshot,
    writes: readonly NativeWrite[],
    lost: Extract<Replaced, { readonly kind: 'overwritten' }>,
    first: Decision,
  ): Promise<readonly WriteOutcome[]> {
    const { place, key, snapshots } = this.#settings;
    try {
      const theirs = await snapshots.adopt({ object: place.object, folder: dirname(lost.old), path: lost.old });
      const { suspect, carry } = compare({ index: read.index, carry: noCarry }, theirs.index, place.object);
      if (suspect === null && theirs.index.head.header !== null) {
        const decision = await decide(theirs, writes, { object: place.object, key, hidden: hiddenKeys(carry) });
        const replaced = await this.#replace(path, theirs, decision, lost.digest);
        if (replaced.kind === 'replaced' && (await digestOf(lost.old)) === theirs.digest) {
          await rm(lost.old, { force: true });
          this.#ownStamp = replaced.stamp;
          return decision.outcomes;
        }
        if (replaced.kind === 'overwritten') await keepVersion(replaced.old, path);
      }
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
    }
    await keepVersion(lost.old, path);
    return inDoubt(first.outcomes);
  }
}

/** Whatever took effect in a version that may not have lasted is not known to have happened. */
function inDoubt(outcomes: readonly WriteOutcome[]): readonly WriteOutcome[] {
  return outcomes.map((outcome) => (outcome.kind === 'accepted' ? { kind: 'unknown' } : outcome));
}

/** A spreadsheet program saves what it has in memory over whatever was written meanwhile. */
async function refuseWhileOpen(path: string, object: string): Promise<void> {
  const name = basename(path);
  for (const mark of [`~$${name}`, `.~lock.${name}#`]) {
    const isOpen = await access(join(dirname(path), mark)).then(
      () => true,
      () => false,
    );
    if (!isOpen) continue;
    throw new ParleyError(
      'connector.source_unstable',
      `${object} is open in a spreadsheet program; nothing was written.`,
      {
        hint: `Close it there; it is tried again. If nobody has it open, remove the file ${mark} beside it.`,
      },
    );
  }
}
