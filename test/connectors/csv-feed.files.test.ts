import { appendFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCsv } from '../../src/connectors/csv/connector.js';
import { isSettled } from '../../src/connectors/csv/copy.js';
import { recordKey } from '../../src/core/ids.js';
import type { Connector } from '../../src/engine/connector.js';
import { allKeys, pass } from './conformance-steps.js';
import { type CsvWorld, csvWorld } from './csv-world.js';

const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `${at + 1000},name ${at}`);
const fileOf = (rows: readonly string[], header = 'id,name'): string => [header, ...rows, ''].join('\n');

let world: CsvWorld;
let connector: Connector;
const start = async (text: string | Buffer, options: { [name: string]: string } = {}): Promise<void> => {
  world = await csvWorld(['id'], text);
  connector = await openCsv({ ...world.settings, options: { ...world.settings.options, ...options } });
};
afterEach(async () => {
  await connector.close();
  await world.close();
});

/** One pass: keys of the records, deletes, and where rows were set aside. */
async function told(cursor: string | null): Promise<{
  readonly cursor: string;
  readonly keys: readonly string[];
  readonly deleted: readonly string[];
  readonly aside: readonly string[];
  readonly suspect: string | undefined;
}> {
  const { records, deleted, last } = await pass(connector, cursor);
  const aside = last.setAside.map(({ place, reason }) => `${place} ${reason.split(';')[0]}`);
  return { cursor: last.cursor, keys: records.map(({ key }) => key), deleted, aside, suspect: last.suspect };
}

describe('deletes', () => {
  beforeEach(() => start(fileOf(lines(50))));

  test('a row that is missing is a delete at the second look, and then no more', async () => {
    const first = await told(null);
    await world.put(fileOf(lines(50).slice(1)));
    const look = await told(first.cursor);
    expect([look.keys, look.deleted]).toEqual([[], []]);
    const second = await told(look.cursor);
    expect([second.keys, second.deleted]).toEqual([[], ['1000']]);
    expect((await told(second.cursor)).deleted).toEqual([]);
  });

  test('a row that is back at the second look was never gone', async () => {
    const first = await told(null);
    await world.put(fileOf(lines(50).slice(1)));
    const look = await told(first.cursor);
    await world.put(fileOf(lines(50)));
    const back = await told(look.cursor);
    expect([back.keys, back.deleted]).toEqual([[], []]);
    await world.put(fileOf(lines(50).slice(1)));
    expect((await told(back.cursor)).deleted).toEqual([]);
  });

  test('a row that comes back changed is a change', async () => {
    const first = await told(null);
    await world.put(fileOf(lines(50).slice(1)));
    const look = await told(first.cursor);
    await world.put(fileOf(['1000,renamed', ...lines(50).slice(1)]));
    const back = await told(look.cursor);
    expect([back.keys, back.deleted]).toEqual([['1000'], []]);
  });

  test('a crash after the first look forgets nothing: another process confirms', async () => {
    const first = await told(null);
    await world.put(fileOf(lines(50).slice(1)));
    const look = await told(first.cursor);
    connector = await world.make();
    expect((await told(look.cursor)).deleted).toEqual(['1000']);
    expect((await told(look.cursor)).deleted).toEqual(['1000']);
  });

  test.for([
    { name: 'eleven of fifty rows', left: 39 },
    { name: 'all rows', left: 0 },
  ])('a file that lacks $name is set aside whole', async ({ left }) => {
    const first = await told(null);
    await world.put(fileOf(['9999,new', ...lines(left)].slice(left === 0 ? 1 : 0)));
    for (let look = 0; look < 3; look += 1) {
      const page = await told(first.cursor);
      expect([page.keys, page.deleted, page.cursor]).toEqual([[], [], first.cursor]);
      expect(page.suspect).toMatch(/suppliers\.csv (lacks 11 of the 50 records|has no rows any more)/);
    }
    await expect(connector.readByKeys([recordKey('1000')])).rejects.toMatchObject({ retryable: true });
    await expect(allKeys(connector, 10)).rejects.toMatchObject({ retryable: true });
    await world.put(fileOf(['9999,new', ...lines(50)]));
    expect(await told(first.cursor)).toMatchObject({ keys: ['9999'], deleted: [], suspect: undefined });
  });

  test('ten of fifty rows may go at once', async () => {
    const first = await told(null);
    await world.put(fileOf(lines(40)));
    const look = await told(first.cursor);
    expect((await told(look.cursor)).deleted.length).toBe(10);
  });

  test('a spreadsheet that eats leading zeros neither creates nor deletes', async () => {
    const zeros = Array.from({ length: 40 }, (_, at) => `${String(at).padStart(4, '0')},name ${at}`);
    await world.put(fileOf(zeros));
    const first = await told(null);
    await world.put(fileOf(zeros.map((row) => row.replace(/^0+(?=\d)/, ''))));
    expect(await told(first.cursor)).toMatchObject({
      keys: [],
      deleted: [],
      suspect: expect.stringContaining('lacks 40'),
    });
  });
});

describe('rows that are no records', () => {
  const good = ['1,a', '2,b', '3,c'];
  const without = (row: number): readonly string[] => good.filter((_, at) => at !== row - 1);

  test.for([
    { name: 'a cell too many', row: '2,b,x', reason: 'it has 3 cells and the header has 2' },
    { name: 'a cell too few', row: '2', reason: 'it has 1 cells and the header has 2' },
    { name: 'text after a quote', row: '2,"b"x', reason: 'text follows a closing quote' },
    {
      name: 'bytes that are not UTF-8',
      row: Buffer.from('2,stra\xdfe', 'latin1'),
      reason: 'it holds bytes that are not utf-8',
    },
    { name: 'zero bytes', row: '2,\0\0\0', reason: 'it holds bytes that are not utf-8 text' },
    { name: 'a blank key', row: ',b', reason: 'its key is blank' },
  ])('$name: set aside with its line, the rest goes on, nothing is deleted', async ({ row, reason }) => {
    await start(fileOf(good));
    const first = await told(null);
    const broken = Buffer.concat([Buffer.from('id,name\n1,A\n'), Buffer.from(row), Buffer.from('\n3,C\n')]);
    await world.put(broken);
    const look = await told(first.cursor);
    expect(look.keys).toEqual(['1', '3']);
    expect(look.aside).toEqual([expect.stringContaining(`suppliers.csv:3 ${reason}`)]);
    let { cursor } = look;
    for (let more = 0; more < 3; more += 1) {
      const next = await told(cursor);
      expect([next.deleted, next.keys]).toEqual([[], []]);
      ({ cursor } = next);
    }
    await world.put(fileOf(['1,A', '2,repaired', '3,C']));
    expect(await told(cursor)).toMatchObject({ keys: ['2'], deleted: [], aside: [] });
  });

  test('all rows of a key that stands twice are set aside, and the key is not deleted', async () => {
    await start(fileOf(good));
    const first = await told(null);
    await world.put(fileOf(['1,a', '2,x', '3,c', '2,y']));
    const look = await told(first.cursor);
    expect(look.keys).toEqual([]);
    expect(look.aside).toEqual([
      'suppliers.csv:3 its key also stands on line 5',
      'suppliers.csv:5 its key also stands on line 3',
    ]);
    expect((await told(look.cursor)).deleted).toEqual([]);
    expect(await connector.readByKeys([recordKey('2')])).toEqual([{ key: '2', fields: {}, token: null }]);
    expect(await allKeys(connector, 10)).toEqual(['1', '2', '3']);
    await world.put(fileOf(good));
    expect(await told(look.cursor)).toMatchObject({ keys: [], deleted: [], aside: [] });
  });

  test('a key that was doubled from the first read on is told once it stands alone', async () => {
    await start(fileOf([...good, '2,other']));
    const first = await told(null);
    expect(first.keys).toEqual(['1', '3']);
    await world.put(fileOf(good));
    expect(await told(first.cursor)).toMatchObject({ keys: ['2'], deleted: [] });
  });

  test('a row that went while another became unreadable waits until that one is repaired', async () => {
    await start(fileOf(good));
    const first = await told(null);
    await world.put(fileOf(['1,a', ',b', '3,c']));
    let { cursor } = await told(first.cursor);
    for (let look = 0; look < 3; look += 1) {
      const next = await told(cursor);
      expect(next.deleted).toEqual([]);
      ({ cursor } = next);
    }
    await world.put(fileOf(without(2)));
    const seen = await told(cursor);
    expect(seen.deleted).toEqual([]);
    expect((await told(seen.cursor)).deleted).toEqual(['2']);
  });

  test('a row that becomes unreadable between the two looks takes the second one back', async () => {
    await start(fileOf(good));
    const first = await told(null);
    await world.put(fileOf(without(2)));
    const look = await told(first.cursor);
    await world.put(fileOf([...without(2), ',b']));
    const second = await told(look.cursor);
    expect(second.deleted).toEqual([]);
    expect((await told(second.cursor)).deleted).toEqual([]);
  });

  test('rows that have been set aside for long do not keep other deletes waiting', async () => {
    await start(fileOf([...good, '4', '5,x,y', '6,d', '6,e']));
    const first = await told(null);
    expect(first.aside.length).toBe(4);
    await world.put(fileOf([...without(1), '4', '5,x,y', '6,d', '6,e']));
    const look = await told(first.cursor);
    expect((await told(look.cursor)).deleted).toEqual(['1']);
  });

  test('a quote that is never closed sets the file aside with its line, and nothing is taken from it', async () => {
    await start(fileOf(good));
    const first = await told(null);
    await world.put('id,name\n1,A\n2,"b\n3,c\n');
    const broken = await told(first.cursor);
    expect(broken).toMatchObject({ keys: [], deleted: [], cursor: first.cursor });
    expect(broken.suspect).toContain('suppliers.csv:3: a quote opens here and is never closed');
    await world.put(fileOf(['1,A', '2,b', '3,c']));
    expect(await told(first.cursor)).toMatchObject({ keys: ['1'], suspect: undefined });
  });

  test('more set-aside rows than a page holds are handed out page by page', async () => {
    await start(fileOf([...good, ...Array.from({ length: 12 }, (_, at) => `${at},too,many`)]));
    const places: string[] = [];
    let cursor: string | null = null;
    for (let more = true; more; ) {
      const page = await connector.read({ cursor, limit: 5 });
      expect(page.setAside.length + page.records.length).toBeLessThanOrEqual(5);
      places.push(...page.setAside.map(({ place }) => place));
      ({ cursor, more } = page);
    }
    // Two of the broken rows carry a key of a sound row, which is then set aside as well.
    expect(new Set(places).size).toBe(15);
  });

  test('empty lines and rows of delimiters only are no rows', async () => {
    await start('id,name\n1,a\n\n,\n2,b\n\n');
    expect(await told(null)).toMatchObject({ keys: ['1', '2'], aside: [] });
  });
});

describe('the file as a whole', () => {
  test.for([
    { name: 'the key column is gone', text: 'ident,name\n1,a\n', says: 'the header has no column "id"' },
    { name: 'a mapped column is gone', text: 'id,nme\n1,a\n', says: 'the header has no column "name"' },
    { name: 'a column stands twice', text: 'id,name,x,x\n1,a,b,c\n', says: 'the header has the column "x" twice' },
    { name: 'there is no header', text: '1,a\n2,b\n', says: 'the header has no column "id", "name"' },
  ])('when $name, it is refused with its line, and the next good file goes on from before', async ({ text, says }) => {
    await start(fileOf(['1,a', '2,b']));
    connector = await world.make({ fields: ['name'] });
    const first = await told(null);
    await world.put(text);
    await expect(told(first.cursor)).rejects.toMatchObject({
      code: 'connector.source_invalid',
      message: expect.stringContaining(`suppliers.csv:1: ${says}`),
    });
    await world.put(fileOf(['1,a', '2,B']));
    expect(await told(first.cursor)).toMatchObject({ keys: ['2'], deleted: [] });
  });

  test('an empty file is refused at first, and set aside when there were records', async () => {
    await start('');
    await expect(told(null)).rejects.toMatchObject({ code: 'connector.source_invalid' });
    await world.put(fileOf(['1,a']));
    const first = await told(null);
    await world.put('');
    expect((await told(first.cursor)).suspect).toContain('has no rows any more');
  });

  test('a file that is not there is told so, and one that is only being replaced is waited for', async () => {
    await start(fileOf(['1,a']));
    const first = await told(null);
    await rename(world.path, `${world.path}.away`);
    const back = wait(100).then(() => rename(`${world.path}.away`, world.path));
    expect((await told(first.cursor)).keys).toEqual([]);
    await back;
    await rm(world.path);
    await expect(told(first.cursor)).rejects.toMatchObject({ code: 'connector.object_not_found' });
  });

  test('a file that ends in the middle of a row is waited for while it is young', async () => {
    await start(fileOf(lines(20)));
    const first = await told(null);
    await world.put(`${fileOf(lines(20).slice(0, 19))}1019,na`);
    const read = told(first.cursor);
    await wait(400);
    await appendFile(world.path, 'me changed\n');
    const { keys, deleted } = await read;
    expect([keys, deleted]).toEqual([['1019'], []]);
    expect((await connector.readByKeys([recordKey('1019')]))[0]?.fields).toEqual({ id: '1019', name: 'name changed' });
  });

  test('a file that never stands still is not read, and that can be tried again', async () => {
    await start(fileOf(lines(20)));
    const stop = new AbortController();
    const writing = (async (): Promise<void> => {
      for (let at = 0; !stop.signal.aborted; at += 1) {
        await truncate(world.path, 10);
        await writeFile(world.path, fileOf(lines(20 + (at % 7))));
      }
    })();
    // Whether a look falls between two writes is chance: what must not happen is half a file taken for a whole one.
    const outcome = await told(null).catch((error: unknown) => error);
    stop.abort();
    await writing;
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'connector.source_unstable', retryable: true });
    else expect((outcome as { keys: readonly string[] }).keys.length).toBeGreaterThanOrEqual(20);
  });

  test('a pass shows one state though the file changes under it', async () => {
    await start(fileOf(lines(20)));
    const page = await connector.read({ cursor: null, limit: 5 });
    await world.put(fileOf(lines(20).map((row) => `${row} later`)));
    const rest = await pass(connector, page.cursor, 5);
    const names = [...page.records, ...rest.records].map(({ fields }) => fields['name']);
    expect(names).toEqual(lines(20).map((row) => row.split(',')[1]));
    expect((await told(rest.last.cursor)).keys.length).toBe(20);
  });

  test('an emptied work folder costs a full read and deletes nothing', async () => {
    await start(fileOf(lines(20)));
    const first = await told(null);
    await rm(world.settings.workFolder, { recursive: true });
    await world.put(fileOf(lines(19)));
    connector = await world.make();
    const again = await told(first.cursor);
    expect([again.keys.length, again.deleted]).toEqual([19, []]);
    await rm(world.settings.workFolder, { recursive: true });
    expect((await told(again.cursor)).deleted).toEqual([]);
  });

  test('a damaged index or copy in the work folder is noticed and made anew', async () => {
    await start(fileOf(lines(20)));
    const page = await connector.read({ cursor: null, limit: 5 });
    const { pass: underWay } = JSON.parse(page.cursor) as { pass: { copy: string } };
    const names = await readdir(world.settings.workFolder);
    const work = join(world.settings.workFolder, names.find((name) => !name.includes('lock')) ?? '');
    await writeFile(join(work, `${underWay.copy}.csv`), 'nonsense'.repeat(40));
    await expect(pass(connector, page.cursor, 5)).rejects.toMatchObject({ code: 'connector.source_unstable' });
    expect((await pass(connector, page.cursor, 5)).records.length).toBe(20);
  });

  test('moved and renamed columns change what every row says', async () => {
    await start('id,a,b\n1,x,y\n2,x,y\n');
    const first = await told(null);
    await world.put('id,b,a\n1,x,y\n2,x,y\n');
    const { records } = await pass(connector, first.cursor);
    expect(records.map(({ fields }) => fields)).toEqual([
      { id: '1', b: 'x', a: 'y' },
      { id: '2', b: 'x', a: 'y' },
    ]);
  });

  test('an edit in the same tick and of the same length is seen', async () => {
    await start(fileOf(['1,aaaa', '2,bbbb']));
    let { cursor } = await told(null);
    for (const name of ['cccc', 'dddd', 'eeee']) {
      await world.put(fileOf([`1,${name}`, '2,bbbb']));
      const next = await told(cursor);
      expect(next.keys).toEqual(['1']);
      ({ cursor } = next);
    }
  });

  test.for([
    { agoMs: 10_000, settled: true },
    { agoMs: 1_000, settled: false },
    { agoMs: 0, settled: false },
    { agoMs: -60_000, settled: false },
  ])('a stamp of a change $agoMs ms before the look is believed: $settled', async ({ agoMs, settled }) => {
    await start(fileOf(['1,a']));
    expect(isSettled({ text: '', changedAtMs: 1e12 - agoMs, seenAtMs: 1e12 })).toBe(settled);
  });

  test('a cursor that is none of ours is expired', async () => {
    await start(fileOf(['1,a']));
    for (const cursor of ['', 'x', '{}', '7', 'null']) {
      await expect(told(cursor)).rejects.toMatchObject({ code: 'connector.cursor_expired' });
    }
  });

  test.for([
    { encoding: 'windows-1252', text: Buffer.from('id;name\n1;Stra\xdfe \x80\n', 'latin1'), name: 'Straße €' },
    { encoding: undefined, text: Buffer.from('\ufeffid;name\r\n1;Łódź 😀\r\n', 'utf16le'), name: 'Łódź 😀' },
    { encoding: undefined, text: Buffer.from('\ufeffid;name\r\n1;Łódź 😀\r\n', 'utf16le').swap16(), name: 'Łódź 😀' },
    { encoding: undefined, text: Buffer.from('\ufeffid;name\r\n1;Łódź\r\n'), name: 'Łódź' },
  ])('text arrives from a file in $encoding as it was meant', async ({ encoding, text, name }) => {
    await start(text, encoding === undefined ? {} : { encoding });
    const { records, last } = await pass(connector, null);
    expect([records.map(({ fields }) => fields), last.setAside]).toEqual([[{ id: '1', name }], []]);
  });
});
