import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { Mark, Marks } from '../engine/ports.js';

const fileName = 'high-water.json';

/** A file for each pair beside its checkpoints, replaced as a whole: whoever reads it finds one mark or the other. */
export function markFolder(folder: string): Marks {
  const place = (pair: PairId): string => join(folder, pair);
  return {
    async read(pair) {
      try {
        return markIn(await readFile(join(place(pair), fileName), 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw unusable(error);
      }
    },
    async write(pair, mark) {
      const file = join(place(pair), fileName);
      const draft = `${file}.${process.pid}`;
      try {
        await mkdir(place(pair), { recursive: true });
        await writeFile(draft, `${JSON.stringify(mark)}\n`);
        await rename(draft, file);
      } catch (error) {
        throw unusable(error);
      }
    },
  };
}

/** A file that a full disk cut off is no mark: the next cycle writes another one. */
function markIn(text: string): Mark | null {
  try {
    const { epoch, tick, entries } = JSON.parse(text) as Mark;
    return [epoch, tick, entries].every(Number.isSafeInteger) ? { epoch, tick, entries } : null;
  } catch {
    return null;
  }
}

function unusable(error: unknown): ParleyError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new ParleyError(
    'ledger.checkpoints_unreachable',
    `The folder of checkpoints cannot be used (${code}). Whether the database was put back cannot be told; nothing was written.`,
    { hint: 'See that PARLEY_CHECKPOINTS names a folder that this process may write to.', cause: error },
  );
}
