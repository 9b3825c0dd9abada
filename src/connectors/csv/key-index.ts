import { createHash } from 'node:crypto';
import type { Header } from './header.js';

/** A row of the file that is no record: it is reported with its line and changes nothing. */
export type Aside = {
  readonly line: number;
  readonly reason: string;
  readonly key: string | null;
  /** The hash of the row, to tell an old trouble from a new one. */
  readonly hash: string;
};

/** What one state of the file is, apart from its rows: kept as JSON in front of the index. */
export type IndexHead = {
  readonly header: Header | null;
  readonly asides: readonly Aside[];
  readonly openQuoteLine: number | null;
  readonly endsWithNewline: boolean;
  /** By column: true when no row wrote it without quotes. New cells are then quoted too. */
  readonly quotedColumns: readonly boolean[];
};

/**
 * The rows of one state of the file, in the byte order of their keys: flat arrays, so that a million rows cost some
 * 40 bytes each and no objects. Every key stands once; a key whose rows were set aside is marked.
 */
export type KeyIndex = {
  readonly head: IndexHead;
  readonly count: number;
  /** All keys one after the other, and where each one begins; one more start than keys. */
  readonly keys: Buffer;
  readonly keyStarts: Uint32Array;
  /** 16 bytes a row. */
  readonly hashes: Buffer;
  readonly offsets: Float64Array;
  /** Without the line ending. */
  readonly lengths: Uint32Array;
  readonly aside: Uint8Array;
};

export const hashBytes = 16;
const formatName = 'parley-csv-index-1';
const sealBytes = 32;

export function keyAt(index: KeyIndex, at: number): string {
  return index.keys.toString('utf8', index.keyStarts[at], index.keyStarts[at + 1]);
}

/** The token of a row: equality only. */
export function hashAt(index: KeyIndex, at: number): string {
  return index.hashes.toString('base64url', at * hashBytes, (at + 1) * hashBytes);
}

/** Keys of two indexes in byte order, without making text of them. */
export function compareKeys(a: KeyIndex, atA: number, b: KeyIndex, atB: number): number {
  const startB = b.keyStarts[atB] as number;
  const endB = b.keyStarts[atB + 1] as number;
  return a.keys.compare(b.keys, startB, endB, a.keyStarts[atA], a.keyStarts[atA + 1]);
}

/** Where the key stands, or would be put: `found` tells which. */
export function search(index: KeyIndex, key: string): { readonly at: number; readonly found: boolean } {
  const bytes = Buffer.from(key, 'utf8');
  let low = 0;
  let high = index.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = index.keys.compare(bytes, 0, bytes.length, index.keyStarts[middle], index.keyStarts[middle + 1]);
    if (order === 0) return { at: middle, found: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: false };
}

/** The index as bytes, sealed with a digest: a torn file is noticed and built anew. */
export function packIndex(index: KeyIndex): Buffer {
  const parts = [index.keys, index.keyStarts, index.hashes, index.offsets, index.lengths, index.aside];
  const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  const sizes = bytes.map((part) => part.length);
  const head = Buffer.from(JSON.stringify({ format: formatName, count: index.count, sizes, head: index.head }), 'utf8');
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const body = Buffer.concat([size, head, ...bytes]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/** Null when the bytes are not a whole index of this format. */
export function unpackIndex(packed: Buffer): KeyIndex | null {
  const body = packed.subarray(0, -sealBytes);
  if (packed.length < sealBytes + 4) return null;
  if (!createHash('sha256').update(body).digest().equals(packed.subarray(-sealBytes))) return null;
  const headEnd = 4 + body.readUInt32LE(0);
  const told = JSON.parse(body.toString('utf8', 4, headEnd)) as PackedHead;
  if (told.format !== formatName) return null;
  let at = headEnd;
  // Typed arrays must begin at a multiple of their unit: every part is copied into a buffer of its own.
  const part = (place: number): ArrayBuffer => {
    const end = at + (told.sizes[place] as number);
    const copy = new Uint8Array(body.subarray(at, end)).buffer;
    at = end;
    return copy;
  };
  return {
    head: told.head,
    count: told.count,
    keys: Buffer.from(part(0)),
    keyStarts: new Uint32Array(part(1)),
    hashes: Buffer.from(part(2)),
    offsets: new Float64Array(part(3)),
    lengths: new Uint32Array(part(4)),
    aside: new Uint8Array(part(5)),
  };
}

type PackedHead = {
  readonly format: string;
  readonly count: number;
  readonly sizes: readonly number[];
  readonly head: IndexHead;
};
