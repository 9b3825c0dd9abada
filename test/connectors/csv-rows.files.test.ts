import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dialect, encode, type Encoding, encodings, spell } from '../../src/connectors/csv/dialect.js';
import { fileOptions, readHeader } from '../../src/connectors/csv/header.js';
import { cellText, type ScanEnd, scanRows } from '../../src/connectors/csv/rows.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-csv-rows-'));
});
afterAll(() => rm(folder, { recursive: true }));

const plain: Dialect = { encoding: 'utf-8', markBytes: 0, delimiter: 0x2c, lineEnding: '\n' };

type Scanned = { readonly line: number; readonly cells: readonly string[] | 'broken' };

async function scan(bytes: Buffer, dialect: Dialect): Promise<{ rows: readonly Scanned[]; end: ScanEnd }> {
  const path = join(folder, 'scanned.csv');
  await writeFile(path, bytes);
  const rows: Scanned[] = [];
  const handle = await open(path, 'r');
  const end = await scanRows(handle, { offset: dialect.markBytes, line: 1, endsHeader: true }, dialect, (row) => {
    const { cells, buffer, line, isBroken } = row;
    rows.push({ line, cells: isBroken ? 'broken' : cells.starts.map((_, at) => cellText(buffer, cells, at, dialect)) });
  });
  await handle.close();
  return { rows, end };
}

const value = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', '\r', ' ', '0', '='), maxLength: 6 });
const table = fc.array(fc.array(value, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });

describe('cutting records', () => {
  test('what a CSV library writes is cut as it was meant, in every encoding and with every line ending', async () => {
    const spelling = fc.record({
      encoding: fc.constantFrom<Encoding>(...encodings),
      lineEnding: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const),
      delimiter: fc.constantFrom(0x2c, 0x3b),
      quotesAll: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, spelling, async (rows, { quotesAll, ...spelled }) => {
        const dialect: Dialect = { ...spelled, markBytes: 0 };
        const delimiter = String.fromCharCode(dialect.delimiter);
        const lines = rows.map((row) => row.map((cell) => spell(cell, dialect, quotesAll)).join(delimiter));
        const bytes = encode(lines.map((line) => line + dialect.lineEnding).join(''), dialect.encoding);
        const { rows: cut, end } = await scan(bytes ?? Buffer.alloc(0), dialect);
        expect(cut.map(({ cells }) => cells)).toEqual(rows);
        expect(end).toEqual({ openQuoteLine: null, endsWithNewline: true });
      }),
      { numRuns: 150 },
    );
  });

  test('rows are cut where csv-parse cuts them, also when they are spelled freely', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', '\r\n', 'é'), maxLength: 40 });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(text, async (free) => {
        const options = { relax_column_count: true, relax_quotes: true, record_delimiter: ['\r\n', '\n'] };
        const { rows, end } = await scan(Buffer.from(free), plain);
        // Where quotes are not balanced the library guesses; ours sets the row aside, which other tests hold.
        if (end.openQuoteLine !== null || rows.some(({ cells }) => cells === 'broken')) return;
        const wanted = parse(free, { ...options, skip_empty_lines: false });
        expect(rows.map(({ cells }) => cells)).toEqual(wanted);
        compared += 1;
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  test('records longer than a window and quotes that cross its edge are whole', async () => {
    const long = `x""y,\n`.repeat(400_000);
    const edge = 'z'.repeat(1024 * 1024 - 3);
    const { rows } = await scan(Buffer.from(`1,"${long}"\n2,${edge}\n3,"a""b"\r\n4,end`), plain);
    expect(rows.map(({ cells }) => cells[0])).toEqual(['1', '2', '3', '4']);
    expect(rows[0]?.cells[1]).toBe(long.replaceAll('""', '"'));
    expect(rows[1]?.cells[1]).toBe(edge);
    expect(rows[2]?.cells[1]).toBe('a"b');
    expect(rows.map(({ line }) => line)).toEqual([1, 400_002, 400_003, 400_004]);
  });

  test('text after a closing quote costs one line, and the rows below are read', async () => {
    const { rows, end } = await scan(Buffer.from('1,"a"b,c\n2,"open\n3,"x",y\n4,d,e\n'), plain);
    expect(rows).toEqual([
      { line: 1, cells: 'broken' },
      { line: 2, cells: 'broken' },
      { line: 3, cells: ['3', 'x', 'y'] },
      { line: 4, cells: ['4', 'd', 'e'] },
    ]);
    expect(end.openQuoteLine).toBeNull();
  });

  test('a quote that is never closed is told with the line where it opens', async () => {
    const { rows, end } = await scan(Buffer.from('1,a\n2,"b\nc"\n3,"never\n4,d\n'), plain);
    expect(rows.length).toBe(2);
    expect(end.openQuoteLine).toBe(4);
  });
});

describe('the header', () => {
  const header = async (text: string | Buffer, wanted: readonly string[], options: { [name: string]: string } = {}) => {
    const path = join(folder, 'header.csv');
    await writeFile(path, text);
    return readHeader(path, 'suppliers.csv', wanted, fileOptions(options, 'erp'));
  };
  const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const mark = '\ufeff';

  test.for([
    { name: 'commas', text: 'id,name\n', delimiter: ',', lineEnding: '\n', encoding: 'utf-8' },
    { name: 'semicolons', text: 'id;name,first\r\n', delimiter: ';', lineEnding: '\r\n', encoding: 'utf-8' },
    { name: 'tabs', text: 'id\tname\r', delimiter: '\t', lineEnding: '\r', encoding: 'utf-8' },
    { name: 'bars', text: 'id|name\n', delimiter: '|', lineEnding: '\n', encoding: 'utf-8' },
    {
      name: 'quotes and a mark',
      text: `${mark}"id","na\nme"\r\n`,
      delimiter: ',',
      lineEnding: '\r\n',
      encoding: 'utf-8',
    },
    {
      name: 'UTF-16 with a mark',
      text: utf16(`${mark}id;name\r\n`),
      delimiter: ';',
      lineEnding: '\r\n',
      encoding: 'utf-16le',
    },
    { name: 'UTF-16 without', text: utf16('id,name\n'), delimiter: ',', lineEnding: '\n', encoding: 'utf-16le' },
    {
      name: 'UTF-16 the other way round',
      text: utf16(`${mark}id,name\n`).swap16(),
      delimiter: ',',
      lineEnding: '\n',
      encoding: 'utf-16be',
    },
    { name: 'one column', text: 'id\n', delimiter: ',', lineEnding: '\n', encoding: 'utf-8' },
  ])('a file with $name is understood as it is', async ({ text, delimiter, lineEnding, encoding }) => {
    const found = await header(text, ['id']);
    expect(found?.columns).toContain('id');
    expect(found?.dialect).toMatchObject({ delimiter: delimiter.charCodeAt(0), lineEnding, encoding });
  });

  test('the delimiter is the one that gives the wanted columns, though another gives more', async () => {
    const found = await header('id;a,b,c;name\n', ['id', 'name']);
    expect(found?.columns).toEqual(['id', 'a,b,c', 'name']);
  });

  test.for([
    { name: 'a wanted column is missing', text: 'id,nme\n', says: 'suppliers.csv:1: the header has no column "name"' },
    {
      name: 'a column stands twice',
      text: 'id,name,x,x\n',
      says: 'suppliers.csv:1: the header has the column "x" twice',
    },
    { name: 'a quote is open', text: '"id,name\n1,2\n', says: 'suppliers.csv:1: a quote in the header is not closed' },
    {
      name: 'it is not text',
      text: Buffer.from('id,name,stra\xdfe\n', 'latin1'),
      says: 'suppliers.csv:1: the header is not utf-8 text',
    },
  ])('a header is refused when $name', async ({ text, says }) => {
    await expect(header(text, ['id', 'name'])).rejects.toMatchObject({
      code: 'connector.source_invalid',
      message: expect.stringContaining(says),
    });
  });

  test('windows-1252 is read when the connection says so', async () => {
    const found = await header(Buffer.from('id,stra\xdfe\n', 'latin1'), ['id', 'straße'], { encoding: 'windows-1252' });
    expect(found?.columns).toEqual(['id', 'straße']);
  });

  test.for([{ encoding: 'klingon' }, { delimiter: '""' }, { delimiter: 'x' }, { delimiter: '' }])(
    'options that no file has are refused: %j',
    (options) => {
      expect(() => fileOptions(options as { [name: string]: string }, 'erp')).toThrow(/connection erp names/);
    },
  );
});
