import { hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { keyOf } from '../../core/ids.js';
import { type Dialect, isText } from './dialect.js';
import { type FileOptions, type Header, readHeader } from './header.js';
import { type Aside, hashBytes, type KeyIndex } from './key-index.js';
import { RowList, sortedByKey } from './row-list.js';
import { cellText, isQuoted, type ScannedRow, scanRows } from './rows.js';

export type IndexRequest = {
  /** The private copy; it does not change while it is read. */
  readonly path: string;
  readonly object: string;
  readonly key: readonly string[];
  /** Columns that the file must have besides the key. */
  readonly fields: readonly string[];
  readonly options: FileOptions;
};

/**
 * Reads a copy once and indexes its rows. Rows that are no records are set aside with their line: another number of
 * cells than the header, bytes that are not text, text after a closing quote, a blank key, and *all* rows of a key
 * that stands more than once, since any choice between them would be a guess.
 * @throws ParleyError `connector.source_invalid` for a header that does not fit.
 */
export async function buildIndex({ path, object, key, fields, options }: IndexRequest): Promise<KeyIndex> {
  const header = await readHeader(path, object, [...key, ...fields], options);
  const rows = new RowList();
  const asides: Aside[] = [];
  const noRows = { header, asides, openQuoteLine: null, endsWithNewline: false, quotedColumns: [] };
  if (header === null) return sortedByKey(rows, noRows);
  const sorter = new RowSorter(header, key, rows, asides);
  const handle = await open(path, 'r');
  try {
    const end = await scanRows(handle, header.body, header.dialect, (row) => sorter.take(row));
    const isPlain = sorter.plainColumns;
    const quotedColumns = header.columns.map((_, column) => rows.count > 0 && !isPlain.has(column));
    return sortedByKey(rows, { header, asides, ...end, quotedColumns });
  } finally {
    await handle.close();
  }
}

/**
 * The hash of a row under a header. The header goes into it, so that a renamed or moved column changes every row's
 * token although the row's own bytes stay.
 */
export function rowHasher(header: Header): (row: Buffer) => Buffer {
  const { encoding, delimiter } = header.dialect;
  const salt = Buffer.from(hash('sha256', JSON.stringify([encoding, delimiter, header.columns]), 'hex'), 'hex');
  return (row) => {
    const digest = Buffer.from(hash('sha256', row, 'hex').slice(0, 2 * hashBytes), 'hex');
    for (let at = 0; at < hashBytes; at += 1) digest[at] = (digest[at] as number) ^ (salt[at] as number);
    return digest;
  };
}

/** Judges the rows of one scan. */
class RowSorter {
  readonly plainColumns = new Set<number>();
  readonly #dialect: Dialect;
  readonly #width: number;
  readonly #keyColumns: readonly number[];
  readonly #rows: RowList;
  readonly #unkeyed: Aside[];
  readonly #hashOf: (row: Buffer) => Buffer;

  constructor(header: Header, key: readonly string[], rows: RowList, unkeyed: Aside[]) {
    this.#dialect = header.dialect;
    this.#width = header.columns.length;
    this.#keyColumns = key.map((name) => header.columns.indexOf(name));
    this.#rows = rows;
    this.#unkeyed = unkeyed;
    this.#hashOf = rowHasher(header);
  }

  take(row: ScannedRow): void {
    const { buffer, cells, start, line } = row;
    const bytes = buffer.subarray(start, cells.end);
    if (this.#isBlank(row)) return;
    const rowHash = this.#hashOf(bytes);
    const fault = this.#fault(row, bytes);
    const key = this.#keyOf(row);
    if (key === null) {
      const reason = fault ?? 'its key is blank';
      this.#unkeyed.push({ line, reason, key, hash: rowHash.toString('base64url') });
      return;
    }
    this.#rows.add({ key, hash: rowHash, offset: row.offset, length: bytes.length, line, fault });
    if (fault === null && this.plainColumns.size < this.#width) this.#notePlainColumns(row);
  }

  #notePlainColumns({ buffer, cells }: ScannedRow): void {
    for (let column = 0; column < this.#width; column += 1) {
      if (cells.starts[column] === cells.ends[column] || isQuoted(buffer, cells, column, this.#dialect)) continue;
      this.plainColumns.add(column);
    }
  }

  /** An empty line, or one of delimiters only as spreadsheets leave behind: no row, and kept as it is. */
  #isBlank({ cells, isBroken }: ScannedRow): boolean {
    return !isBroken && cells.starts.every((start, column) => start === cells.ends[column]);
  }

  #fault({ cells, isBroken }: ScannedRow, bytes: Buffer): string | null {
    if (!isText(bytes, this.#dialect.encoding)) return `it holds bytes that are not ${this.#dialect.encoding} text`;
    if (isBroken) return 'text follows a closing quote';
    const width = cells.starts.length;
    return width === this.#width ? null : `it has ${width} cells and the header has ${this.#width}`;
  }

  /** Null when the key's cells were not reached, are not text or are all blank. */
  #keyOf({ buffer, cells }: ScannedRow): string | null {
    if (this.#keyColumns.some((column) => column >= cells.starts.length)) return null;
    for (const column of this.#keyColumns) {
      const cell = buffer.subarray(cells.starts[column], cells.ends[column]);
      if (!isText(cell, this.#dialect.encoding)) return null;
    }
    const parts = this.#keyColumns.map((column) => cellText(buffer, cells, column, this.#dialect));
    return parts.every((part) => part === '') ? null : keyOf(parts);
  }
}
