import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { KeptCheckpoint } from '../core/ledger/checkpoint.js';
import type { Checkpoints } from '../engine/ports.js';
import { openNote, signCheckpoint, type Signer, type Verifier } from './note.js';

export type CheckpointFolderOptions = {
  /** Where notes are kept, outside of the database: a folder for each pair, a file for each day. Absolute. */
  readonly folder: string;
  /** Null: this process only reads. */
  readonly signer: Signer | null;
  readonly verifiers: readonly Verifier[];
};

const fileEnd = '.notes';

/**
 * Checkpoints as files that are only ever appended to. A day's file can be made immutable, copied to a write-once store
 * or committed to a repository when the day is over.
 */
export function checkpointFolder({ folder, signer, verifiers }: CheckpointFolderOptions): Checkpoints {
  const known = signer === null ? verifiers : [signer.verifier, ...verifiers];
  return {
    publicKey: known[0]?.text ?? null,
    signs: signer !== null,
    async write(checkpoint) {
      if (signer === null) throw new Error('assertion failed: a process without the key signs a checkpoint');
      const place = join(folder, checkpoint.pair);
      const file = join(place, `${new Date(checkpoint.atMs).toISOString().slice(0, 10)}${fileEnd}`);
      try {
        await mkdir(place, { recursive: true });
        await append(file, `${signCheckpoint(checkpoint, signer)}\n`);
      } catch (error) {
        throw unusable(error);
      }
    },
    async kept(pair) {
      const days = await filesOf(join(folder, pair));
      const kept: KeptCheckpoint[] = [];
      for (const [index, file] of days.entries()) {
        const notes = notesIn(await readFile(file, 'utf8').catch((error: unknown) => Promise.reject(unusable(error))));
        // What a later root contains, an earlier one of the same day cannot add to.
        const looked = index === days.length - 1 ? notes : notes.slice(-1);
        kept.push(...looked.map((note) => openNote(note, known) ?? { ...noCheckpoint(pair), note }));
      }
      return kept;
    },
  };
}

/** One write at the end of the file, on disk before it counts as kept. */
async function append(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a', 0o644);
  try {
    await handle.appendFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Oldest first; none when nothing was ever kept. */
async function filesOf(place: string): Promise<readonly string[]> {
  try {
    const names = await readdir(place);
    return names
      .filter((name) => name.endsWith(fileEnd))
      .sort()
      .map((name) => join(place, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(error);
  }
}

/** A note is a text, an empty line, its signatures, and an empty line. */
function notesIn(text: string): readonly string[] {
  const parts = text.split('\n\n').filter((part) => part.trim() !== '');
  const notes: string[] = [];
  for (let at = 0; at < parts.length; at += 2)
    notes.push(`${parts[at]}\n\n${parts[at + 1] ?? ''}`.trimEnd().concat('\n'));
  return notes;
}

/** Text that is no note: kept as something that nobody vouches for, so that verifying says so. */
function noCheckpoint(pair: PairId): Omit<KeptCheckpoint, 'note'> {
  return { checkpoint: { pair, size: 0, root: '', peaks: [], atMs: 0 }, signature: 'bad' };
}

function unusable(error: unknown): ParleyError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new ParleyError(
    'ledger.checkpoints_unreachable',
    `The folder of checkpoints cannot be used (${code}). The ledger itself is complete; nothing was signed.`,
    { hint: 'See that PARLEY_CHECKPOINTS names a folder that this process may write to.', cause: error },
  );
}
