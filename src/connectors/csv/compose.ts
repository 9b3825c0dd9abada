import { type FileHandle, open } from 'node:fs/promises';
import { type Dialect, encode } from './dialect.js';
import { fill } from './rows.js';

/** What a batch changes in a file: ranges of the old bytes with what replaces them, in file order, and added rows. */
export type Edits = {
  readonly ranges: readonly { readonly from: number; readonly to: number; readonly bytes: Buffer }[];
  /** Rows without their line endings. */
  readonly added: readonly Buffer[];
};

const windowBytes = 1024 * 1024;

/**
 * Writes the old file with its edits into `into`, which is empty. Every byte outside the edited ranges stays; the
 * file goes on ending with a line ending, or without one, as it did.
 */
export async function compose(path: string, into: FileHandle, edits: Edits, dialect: Dialect): Promise<void> {
  const from = await open(path, 'r');
  try {
    const { size } = await from.stat();
    const out = new Output(into);
    let window: Buffer = Buffer.alloc(0);
    let windowStart = 0;
    let at = 0;
    for (const range of [...edits.ranges, { from: size, to: size, bytes: Buffer.alloc(0) }]) {
      while (at < range.from) {
        if (at < windowStart || at >= windowStart + window.length) {
          const fresh = Buffer.allocUnsafe(windowBytes);
          window = fresh.subarray(0, await fill(from, fresh, at));
          windowStart = at;
          if (window.length === 0) throw new Error(`assertion failed: the copy ends at ${at} of ${size} bytes`);
        }
        const until = Math.min(range.from, windowStart + window.length);
        await out.put(window.subarray(at - windowStart, until - windowStart));
        at = until;
      }
      await out.put(range.bytes);
      at = range.to;
    }
    await out.flush();
    const endedLine = lineEndingBytes(await tailOf(from, size), dialect) > 0;
    const ending = lineEndingBytes(await tailOf(into, out.bytes), dialect);
    if (edits.added.length > 0) await out.put(addedRows(edits.added, dialect, ending > 0, endedLine));
    else if (!endedLine && ending > 0) await into.truncate(out.bytes - ending);
    await out.flush();
  } finally {
    await from.close();
  }
}

/** Collects small pieces, so that five thousand changed rows are a handful of writes. */
class Output {
  bytes = 0;
  readonly #into: FileHandle;
  #pieces: Buffer[] = [];
  #waiting = 0;

  constructor(into: FileHandle) {
    this.#into = into;
  }

  async put(piece: Buffer): Promise<void> {
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    if (this.#waiting >= windowBytes) await this.flush();
  }

  async flush(): Promise<void> {
    const piece = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#waiting = 0;
    let written = 0;
    while (written < piece.length) {
      const { bytesWritten } = await this.#into.write(piece, written, piece.length - written, this.bytes + written);
      written += bytesWritten;
    }
    this.bytes += piece.length;
  }
}

function addedRows(rows: readonly Buffer[], dialect: Dialect, startsLine: boolean, endsLine: boolean): Buffer {
  const lineEnding = encode(dialect.lineEnding, dialect.encoding) ?? Buffer.alloc(0);
  const pieces = rows.flatMap((row, at) => (at === 0 && startsLine ? [row] : [lineEnding, row]));
  return Buffer.concat(endsLine ? [...pieces, lineEnding] : pieces);
}

const tailBytes = 4;

async function tailOf(handle: FileHandle, size: number): Promise<Buffer> {
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  return tail.subarray(0, await fill(handle, tail, size - tail.length));
}

/** The length of the line ending that the tail ends with; 0 when it ends with none. */
function lineEndingBytes(tail: Buffer, { encoding, lineEnding }: Dialect): number {
  const endings = lineEnding === '\r' ? ['\r'] : ['\r\n', '\n'];
  for (const ending of endings) {
    const bytes = encode(ending, encoding) ?? Buffer.alloc(0);
    if (tail.length >= bytes.length && tail.subarray(-bytes.length).equals(bytes)) return bytes.length;
  }
  return 0;
}
