import { open } from 'node:fs/promises';
import { ParleyError } from '../../core/errors.js';
import { type RecordKey, recordKey } from '../../core/ids.js';
import type { NativeFields, NativeRecord } from '../../engine/connector.js';
import { rowHasher } from './build-index.js';
import type { Header } from './header.js';
import { hashAt, keyAt } from './key-index.js';
import { type Cells, cellText, cutRecord, emptyCells, fill } from './rows.js';
import type { Snapshot } from './snapshots.js';

/** A row of a copy with its exact bytes, line ending included. */
export type Row = { readonly at: number; readonly bytes: Buffer; readonly cells: Cells };

/** Rows closer than this are read in one go. */
const gapBytesMax = 64 * 1024;
const spanBytesMax = 4 * 1024 * 1024;
const lineEndingBytesMax = 4;

/**
 * The rows at these places of the index, in the order of the file. Their bytes are held against the index.
 * @throws ParleyError `connector.source_unstable` (retryable) when the private copy is gone or damaged.
 */
export async function readRows(snapshot: Snapshot, places: Iterable<number>, object: string): Promise<readonly Row[]> {
  const { index, path } = snapshot;
  const { header } = index.head;
  const start = (at: number): number => index.offsets[at] as number;
  const end = (at: number): number => start(at) + (index.lengths[at] as number) + lineEndingBytesMax;
  const wanted = [...places].sort((a, b) => start(a) - start(b));
  if (header === null || wanted.length === 0) return [];
  const hashOf = rowHasher(header);
  const found: Row[] = [];
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw damaged(object, cause);
  });
  try {
    for (let first = 0; first < wanted.length; ) {
      const from = start(wanted[first] as number);
      let last = first;
      let until = end(wanted[first] as number);
      for (let next = first + 1; next < wanted.length; next += 1) {
        const at = wanted[next] as number;
        if (start(at) - until > gapBytesMax || end(at) - from > spanBytesMax) break;
        last = next;
        until = end(at);
      }
      const span = Buffer.allocUnsafe(until - from);
      const bytes = span.subarray(0, await fill(handle, span, from));
      for (; first <= last; first += 1) {
        const at = wanted[first] as number;
        const row = cutRow(bytes.subarray(start(at) - from, end(at) - from), header, index.lengths[at] as number);
        if (row === null || !hashOf(row.bytes.subarray(0, row.cells.end)).equals(tokenBytes(snapshot, at))) {
          throw damaged(object);
        }
        found.push({ at, ...row });
      }
    }
  } finally {
    await handle.close();
  }
  return found;
}

function cutRow(around: Buffer, header: Header, length: number): Omit<Row, 'at'> | null {
  const cells = emptyCells();
  cutRecord(around, 0, header.dialect, cells, true);
  return cells.state === 'whole' && cells.end === length ? { bytes: around.subarray(0, cells.next), cells } : null;
}

function tokenBytes({ index }: Snapshot, at: number): Buffer {
  return Buffer.from(hashAt(index, at), 'base64url');
}

function damaged(object: string, cause?: unknown): ParleyError {
  const message = `${object} could not be read to the end: our private copy of it was taken away.`;
  return new ParleyError('connector.source_unstable', message, { hint: 'It is copied and read again.', cause });
}

/** The record that a row is: every named column as text; a cell without text is an empty text, never null. */
export function recordOf(snapshot: Snapshot, row: Row): NativeRecord {
  const key = recordKey(keyAt(snapshot.index, row.at));
  return { key, fields: fieldsOf(row, headerOf(snapshot)), token: hashAt(snapshot.index, row.at) };
}

export function fieldsOf({ bytes, cells }: Pick<Row, 'bytes' | 'cells'>, header: Header): NativeFields {
  const all = header.columns.map((name, column) => [name, cellText(bytes, cells, column, header.dialect)] as const);
  return Object.fromEntries(all.filter(([name]) => name !== ''));
}

/**
 * A record that is there and cannot be read, because its row was set aside: a key without fields says that the
 * record exists and nothing else about it, so that nobody takes it for deleted.
 */
export function unreadable(key: RecordKey): NativeRecord {
  return { key, fields: {}, token: null };
}

export function headerOf({ index }: Snapshot): Header {
  if (index.head.header === null) throw new Error('assertion failed: a file without a header has no rows');
  return index.head.header;
}
