import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ParleyError } from '../core/errors.js';
import type { ExportLine } from '../core/ledger/export.js';
import type { LedgerFiles } from '../engine/retention-store.js';

/**
 * Exported ledgers in a folder that is there. A file is written beside its name, brought to disk and renamed: a process that ends
 * in between leaves a `.part` that the next one replaces. Errors throw `ledger.checkpoints_unreachable`.
 */
export function ledgerFiles(folder: string): LedgerFiles {
  const place = (name: string): string => join(folder, name);
  return {
    async write(name, lines) {
      const part = place(`${name}.part`);
      const hash = createHash('sha256');
      async function* texts(): AsyncGenerator<string> {
        for await (const line of lines) {
          const text = `${JSON.stringify(line)}\n`;
          hash.update(text);
          yield text;
        }
      }
      try {
        await pipeline(Readable.from(texts()), createWriteStream(part, { mode: 0o600 }));
        await synced(part);
        await rename(part, place(name));
        await synced(folder);
      } catch (error) {
        throw unusable(error);
      }
      return hash.digest('hex');
    },
    async sha256(name) {
      try {
        await stat(place(name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw unusable(error);
      }
      const hash = createHash('sha256');
      await pipeline(createReadStream(place(name)), hash);
      return hash.digest('hex');
    },
    async *read(name) {
      const input = createReadStream(place(name));
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
        yield JSON.parse(text) as ExportLine;
    },
  };
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Errors of the lines themselves pass as they are. */
function unusable(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? null;
  if (error instanceof ParleyError || code === null) return error;
  return new ParleyError(
    'ledger.checkpoints_unreachable',
    `The folder for the exported ledger cannot be used (${code}). Nothing was taken out of the ledger.`,
    { hint: 'Name a folder that is there and that this process may write to.', cause: error },
  );
}
