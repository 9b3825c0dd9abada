import { open } from 'node:fs/promises';
import { ParleyError } from '../../core/errors.js';
import { type Dialect, encodings, type Encoding, isText, lineFeed, sniffEncoding, unitBytes } from './dialect.js';
import { type BodyStart, type Cells, cellText, cutRecord, emptyCells, fill } from './rows.js';

/** What the connection's options say about a file; what they leave open is found out from the file. */
export type FileOptions = { readonly encoding: Encoding | null; readonly delimiter: string | null };

export type Header = {
  readonly dialect: Dialect;
  /** Names in file order. A column without a name is kept in the file and belongs to no record. */
  readonly columns: readonly string[];
  /** Where the first record stands. */
  readonly body: BodyStart;
};

const headBytesMax = 1024 * 1024;
const delimiters = [',', ';', '\t', '|'] as const;

/** @throws ParleyError `config.invalid` for an encoding or a delimiter that no file has. */
export function fileOptions(options: { readonly [name: string]: string }, connection: string): FileOptions {
  const encoding = options['encoding'] ?? null;
  const known = encoding === null ? null : encodings.find((name) => name === encoding.toLowerCase());
  if (known === undefined) {
    throw new ParleyError('config.invalid', `connection ${connection} names an encoding that files here cannot have.`, {
      hint: `Use one of ${encodings.join(', ')}, or leave \`encoding\` out.`,
    });
  }
  const delimiter = options['delimiter'] ?? null;
  const spelled = delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter;
  if (spelled !== null && !/^[\t !#-/:-@[-^`{-~]$/.test(spelled)) {
    throw new ParleyError('config.invalid', `connection ${connection} names a delimiter that is not one character.`, {
      hint: 'Use one ASCII character that is no letter, digit or quote, or `tab`, or leave `delimiter` out.',
    });
  }
  return { encoding: known, delimiter: spelled };
}

/**
 * Reads the header and finds out how the file is spelled. The delimiter is the one by which the header has all the
 * wanted columns; else the one that cuts it into most cells. Null for a file without a single byte of text.
 * @throws ParleyError `connector.source_invalid` when a wanted column is missing or a name stands twice.
 */
export async function readHeader(
  path: string,
  object: string,
  wanted: readonly string[],
  options: FileOptions,
): Promise<Header | null> {
  const head = await readHead(path);
  const { encoding, markBytes } = chosenEncoding(head, options);
  if (head.length === markBytes) return null;
  const lineEnding = sniffLineEnding(head, markBytes, encoding);
  const cells = emptyCells();
  const candidates = options.delimiter === null ? delimiters : [options.delimiter];
  const readings = candidates.map((delimiter): Header | null => {
    const dialect: Dialect = { encoding, markBytes, delimiter: delimiter.charCodeAt(0), lineEnding };
    cutRecord(head, markBytes, dialect, cells, true);
    if (cells.state !== 'whole') return null;
    const body = { offset: cells.next, line: 1 + cells.newlines, endsHeader: cells.next > cells.end };
    return { dialect, columns: columnNames(head, cells, dialect), body };
  });
  const headers = readings.filter((reading) => reading !== null);
  const fitting = headers.find(({ columns }) => wanted.every((name) => columns.includes(name)));
  const widest = headers.reduce<Header | null>(
    (best, header) => (best === null || header.columns.length > best.columns.length ? header : best),
    null,
  );
  return checked(fitting ?? widest, head, object, wanted);
}

function checked(header: Header | null, head: Buffer, object: string, wanted: readonly string[]): Header {
  const refuse = (message: string, hint: string): ParleyError =>
    new ParleyError('connector.source_invalid', `${object}:1: ${message} The whole file was left alone.`, { hint });
  if (header === null) throw refuse('a quote in the header is not closed.', 'Repair the first line of the file.');
  const { columns, dialect, body } = header;
  if (!isText(head.subarray(dialect.markBytes, body.offset), dialect.encoding)) {
    const hint = `Save the file as ${dialect.encoding}, or give the connection its \`encoding\`.`;
    throw refuse(`the header is not ${dialect.encoding} text.`, hint);
  }
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const found = columns.length > 12 ? `${columns.slice(0, 12).join(', ')} and more` : columns.join(', ');
    const hint = `The header has: ${found}. Restore the header line, or correct the names in the pair.`;
    throw refuse(`the header has no column ${missing.map((name) => `"${name}"`).join(', ')}.`, hint);
  }
  const doubled = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at);
  if (doubled !== undefined) {
    throw refuse(`the header has the column "${doubled}" twice.`, 'Give every column a name of its own.');
  }
  return header;
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(Math.min(size, headBytesMax));
    return head.subarray(0, await fill(handle, head, 0));
  } finally {
    await handle.close();
  }
}

function chosenEncoding(head: Buffer, options: FileOptions): { encoding: Encoding; markBytes: number } {
  const sniffed = sniffEncoding(head);
  if (options.encoding === null || options.encoding === sniffed.encoding) return sniffed;
  return { encoding: options.encoding, markBytes: 0 };
}

/** What ends the first line, quotes respected; a file of one line without an ending gets a line feed. */
function sniffLineEnding(head: Buffer, start: number, encoding: Encoding): Dialect['lineEnding'] {
  const step = unitBytes(encoding);
  const low = encoding === 'utf-16be' ? 1 : 0;
  let isInside = false;
  for (let at = start + low; at < head.length; at += step) {
    const value = head[at] as number;
    if (step === 2 && head[at + 1 - 2 * low] !== 0) continue;
    if (value === 0x22) isInside = !isInside;
    if (isInside) continue;
    if (value === lineFeed) return '\n';
    if (value === 0x0d) return head[at + step] === lineFeed ? '\r\n' : '\r';
  }
  return '\n';
}

function columnNames(head: Buffer, cells: Cells, dialect: Dialect): readonly string[] {
  return cells.starts.map((_, column) => cellText(head, cells, column, dialect));
}
