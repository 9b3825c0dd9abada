import type { FileHandle } from 'node:fs/promises';
import { carriageReturn, decode, type Dialect, lineFeed, quote, unitBytes } from './dialect.js';

/** A record longer than this is a quote that was never closed, not a record. */
export const recordBytesMax = 16 * 1024 * 1024;
const windowBytes = 1024 * 1024;

/**
 * One record cut into cells. Positions are offsets into the buffer that was cut; they include the quotes of a quoted
 * cell. Filled again for every record, so that a scan makes no garbage.
 */
export type Cells = {
  readonly starts: number[];
  readonly ends: number[];
  /** Where the record ends, without and with its line ending. */
  end: number;
  next: number;
  /** Line endings inside the record, its own included. */
  newlines: number;
  /** `open`: a quote is not closed in the buffer. `quote`: text follows a closing quote. `short`: no line ending yet. */
  state: 'whole' | 'open' | 'quote' | 'short';
};

export function emptyCells(): Cells {
  return { starts: [], ends: [], end: 0, next: 0, newlines: 0, state: 'whole' };
}

/**
 * Cuts the record that begins at `start`. An own scanner and not a CSV library, because a cell is changed in place:
 * its exact bytes must be known, in every encoding, and read and written by the same code. The tests hold it against
 * csv-parse. A quote inside an unquoted cell is text. `isLast` says that no bytes follow the buffer.
 */
export function cutRecord(buffer: Buffer, start: number, dialect: Dialect, cells: Cells, isLast: boolean): void {
  const step = unitBytes(dialect.encoding);
  const low = dialect.encoding === 'utf-16be' ? 1 : 0;
  const { delimiter } = dialect;
  const endsAtReturn = dialect.lineEnding === '\r';
  const limit = buffer.length - ((buffer.length - start) % step);
  const unit = (at: number): number =>
    at >= limit
      ? -1
      : step === 1
        ? (buffer[at] as number)
        : buffer[at + 1 - low] === 0
          ? (buffer[at + low] as number)
          : -2;
  cells.starts.length = 0;
  cells.ends.length = 0;
  cells.newlines = 0;
  let at = start;
  for (;;) {
    const cellStart = at;
    if (unit(at) === quote) {
      at = closingQuote(unit, at + step, step, cells);
      if (at < 0) return void (cells.state = 'open');
      const after = unit(at);
      const isEnd = after === delimiter || after === lineFeed || after === carriageReturn || after === -1;
      if (!isEnd) return void (cells.state = 'quote');
    } else {
      for (;;) {
        const value = unit(at);
        if (value === delimiter || value === lineFeed || value === -1) break;
        if (value === carriageReturn && (endsAtReturn || unit(at + step) === lineFeed)) break;
        at += step;
      }
    }
    // A lone return after a closing quote ends the cell but no row, unless rows end so: that is text after a quote.
    const value = unit(at);
    if (value === carriageReturn && !endsAtReturn && unit(at + step) !== lineFeed) {
      cells.state = at + step >= limit && !isLast ? 'short' : 'quote';
      return;
    }
    // Half a unit at the end of a file belongs to the last cell, so that it is found not to be text.
    const end = value === -1 ? buffer.length : at;
    cells.starts.push(cellStart);
    cells.ends.push(end);
    if (value === delimiter) {
      at += step;
      continue;
    }
    cells.end = end;
    if (value === -1) cells.next = buffer.length;
    else cells.next = at + (value === carriageReturn && unit(at + step) === lineFeed ? 2 * step : step);
    if (value !== -1) cells.newlines += 1;
    // A return at the very end of the window may have its line feed in the next one.
    const isCut = value === -1 || (value === carriageReturn && cells.next === limit);
    cells.state = isCut && !isLast ? 'short' : 'whole';
    return;
  }
}

/** The offset after the closing quote, or -1. Counts the line endings on the way. */
function closingQuote(unit: (at: number) => number, from: number, step: number, cells: Cells): number {
  let at = from;
  for (;;) {
    const value = unit(at);
    if (value === -1) return -1;
    if (value === quote) {
      if (unit(at + step) !== quote) return at + step;
      at += step;
    } else if (value === lineFeed || (value === carriageReturn && unit(at + step) !== lineFeed)) {
      cells.newlines += 1;
    }
    at += step;
  }
}

/** The value of one cell, quotes resolved. */
export function cellText(buffer: Buffer, cells: Cells, column: number, dialect: Dialect): string {
  const start = cells.starts[column] as number;
  const end = cells.ends[column] as number;
  const text = decode(buffer.subarray(start, end), dialect.encoding);
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

export function isQuoted(buffer: Buffer, cells: Cells, column: number, dialect: Dialect): boolean {
  const start = cells.starts[column] as number;
  if (start === cells.ends[column]) return false;
  const low = dialect.encoding === 'utf-16be' ? 1 : 0;
  return buffer[start + low] === quote && (unitBytes(dialect.encoding) === 1 || buffer[start + 1 - low] === 0);
}

/** A record of the file during a scan. The buffer and the cells are only valid until the next one. */
export type ScannedRow = {
  readonly buffer: Buffer;
  readonly cells: Cells;
  readonly start: number;
  /** Where the record begins in the file, in bytes, and its line, counted from 1. */
  readonly offset: number;
  readonly line: number;
  /** True when text follows a closing quote; the record is then the one line it began on. */
  readonly isBroken: boolean;
};

/** Where a scan begins. `endsHeader`: the header has a line ending, which is also the file's when no row follows. */
export type BodyStart = { readonly offset: number; readonly line: number; readonly endsHeader: boolean };

export type ScanEnd = {
  /** The line of a quote that is never closed; the scan stopped there. */
  readonly openQuoteLine: number | null;
  readonly endsWithNewline: boolean;
};

/**
 * Hands every record from `offset` on to `visit`, in file order and with constant memory. After a broken record it
 * goes on with the next line, so that one stray quote costs one row.
 */
export async function scanRows(
  handle: FileHandle,
  from: BodyStart,
  dialect: Dialect,
  visit: (row: ScannedRow) => void,
): Promise<ScanEnd> {
  const cells = emptyCells();
  let { offset, line } = from;
  let wantedBytes = windowBytes;
  let endsWithNewline = from.endsHeader;
  for (;;) {
    const window = Buffer.allocUnsafe(wantedBytes);
    const filled = await fill(handle, window, offset);
    const isLast = filled < wantedBytes;
    const buffer = window.subarray(0, filled);
    let at = 0;
    while (at < filled) {
      cutRecord(buffer, at, dialect, cells, isLast);
      if (cells.state === 'open' || cells.state === 'short') {
        if (isLast || filled - at >= recordBytesMax) return { openQuoteLine: line, endsWithNewline: false };
        break;
      }
      const isBroken = cells.state === 'quote';
      if (isBroken && !endAtLine(buffer, at, dialect, cells, isLast)) break;
      visit({ buffer, cells, start: at, offset: offset + at, line, isBroken });
      line += cells.newlines;
      endsWithNewline = cells.next > cells.end;
      at = cells.next;
    }
    offset += at;
    if (isLast) return { openQuoteLine: null, endsWithNewline };
    wantedBytes = at === 0 ? wantedBytes * 2 : windowBytes;
  }
}

/** Ends a broken record at the end of the line it began on. False when that is not in the buffer yet. */
function endAtLine(buffer: Buffer, start: number, dialect: Dialect, cells: Cells, isLast: boolean): boolean {
  const ending = dialect.lineEnding === '\r' ? '\r' : '\n';
  const step = unitBytes(dialect.encoding);
  const bytes = Buffer.from(ending, dialect.encoding === 'utf-8' || step === 1 ? 'latin1' : 'utf16le');
  if (dialect.encoding === 'utf-16be') bytes.swap16();
  let found = buffer.indexOf(bytes, start);
  while (found >= 0 && (found - start) % step !== 0) found = buffer.indexOf(bytes, found + 1);
  if (found < 0 && !isLast) return false;
  cells.end = found < 0 ? buffer.length : found;
  cells.next = found < 0 ? buffer.length : found + step;
  cells.newlines = found < 0 ? 0 : 1;
  return true;
}

/** Reads until the buffer is full or the file ends; the system may hand out less than was asked for. */
export async function fill(handle: FileHandle, buffer: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
