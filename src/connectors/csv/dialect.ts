import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];

/** How a file spells its rows. Found out once per file and kept in everything that is written to it. */
export type Dialect = {
  readonly encoding: Encoding;
  /** The length of the byte order mark, in bytes; 0 when there is none. */
  readonly markBytes: number;
  /** The delimiter's code unit. */
  readonly delimiter: number;
  /** What ends a row that is added. Rows that are there keep what they have. */
  readonly lineEnding: '\n' | '\r\n' | '\r';
};

export const quote = 0x22;
export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;

/** Bytes of one code unit: the scanner walks units, never bytes. */
export function unitBytes(encoding: Encoding): 1 | 2 {
  return encoding === 'utf-16le' || encoding === 'utf-16be' ? 2 : 1;
}

/**
 * The encoding that the first bytes give away: a byte order mark, or the zero bytes of UTF-16. Otherwise UTF-8.
 * windows-1252 is never guessed: nearly every byte is valid in it, so one broken row would turn the whole file.
 */
export function sniffEncoding(head: Buffer): { readonly encoding: Encoding; readonly markBytes: number } {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', markBytes: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', markBytes: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', markBytes: 2 };
  // The first two characters of a header are ASCII in practice; four bytes tell them from anything else.
  if (head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return { encoding: 'utf-16le', markBytes: 0 };
  if (head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return { encoding: 'utf-16be', markBytes: 0 };
  return { encoding: 'utf-8', markBytes: 0 };
}

/** True when the bytes are text in this encoding. Zero characters are not: they are what a half-written file holds. */
export function isText(bytes: Buffer, encoding: Encoding): boolean {
  if (encoding === 'utf-8') return isUtf8(bytes) && !bytes.includes(0);
  if (unitBytes(encoding) === 2 && bytes.length % 2 === 1) return false;
  const text = decode(bytes, encoding);
  return !text.includes('\0') && !hasLoneSurrogate(text) && !(encoding === 'windows-1252' && text.includes('\ufffd'));
}

export function decode(bytes: Buffer, encoding: Encoding): string {
  if (encoding === 'utf-8') return bytes.toString('utf8');
  if (encoding === 'utf-16le') return bytes.toString('utf16le');
  return iconv.decode(bytes, encoding, { stripBOM: false });
}

/** The bytes of a text, or null when the encoding has no bytes for one of its characters. */
export function encode(text: string, encoding: Encoding): Buffer | null {
  if (text.includes('\0') || hasLoneSurrogate(text)) return null;
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  const bytes = iconv.encode(text, encoding, { addBOM: false });
  return decode(bytes, encoding) === text ? bytes : null;
}

/**
 * The text of a cell as it stands in the file: quoted where it must be, or where `keepsQuotes` says that the column
 * is. What looks like a formula is stored as it is; escaping it would change the value.
 */
export function spell(value: string, dialect: Dialect, keepsQuotes: boolean): string {
  const mustQuote = /["\r\n]/.test(value) || value.includes(String.fromCharCode(dialect.delimiter));
  return mustQuote || keepsQuotes ? `"${value.replaceAll('"', '""')}"` : value;
}

function hasLoneSurrogate(text: string): boolean {
  return (
    /[\ud800-\udfff]/.test(text) &&
    /(?:[\ud800-\udbff](?![\udc00-\udfff]))|(?:(?<![\ud800-\udbff])[\udc00-\udfff])/.test(text)
  );
}
