import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { connectCsv, openCsv } from '../../src/connectors/csv/connector.js';
import { digestOf, oldFileBeside } from '../../src/connectors/csv/leftovers.js';
import { withLock } from '../../src/connectors/csv/lock.js';
import { keyOf, recordKey } from '../../src/core/ids.js';
import type { Connector, NativeFields, NativeWrite } from '../../src/engine/connector.js';
import { pass } from './conformance-steps.js';
import { type CsvWorld, csvWorld, fileName } from './csv-world.js';

let world: CsvWorld;
let connector: Connector;
const start = async (text: string | Buffer, key: readonly string[] = ['id']): Promise<void> => {
  world = await csvWorld(key, text);
  connector = await openCsv(world.settings);
};
afterEach(async () => {
  await connector.close();
  await world.close();
});

const write = (kind: NativeWrite['kind'], key: string, fields: NativeFields, expected = {}): NativeWrite => ({
  kind,
  key: recordKey(key),
  fields,
  expect: expected,
  token: null,
  idempotencyKey: key,
});
const update = (key: string, fields: NativeFields, expected: NativeFields = {}): NativeWrite =>
  write('update', key, fields, expected);

/** What stands beside the file, the work folder aside. */
const beside = async (): Promise<readonly string[]> =>
  (await readdir(world.folder)).filter((name) => name !== 'work' && name !== fileName);

describe('bytes', () => {
  test('a change touches its cell and nothing else: mark, quotes, endings, order, other columns, last line', async () => {
    await start('\ufeffname;"id";note;\r\n"a";"1"; x ;y\n\r\nb;2;"q""q";\r\n  c;"3";=1+1;z');
    expect(await connector.write([update('2', { name: 'B;"' }), update('1', { note: '' })])).toMatchObject([
      { kind: 'accepted', record: { key: '2', fields: { id: '2', name: 'B;"', note: 'q"q' } } },
      { kind: 'accepted', record: { key: '1', fields: { id: '1', name: 'a', note: '' } } },
    ]);
    const wanted = '\ufeffname;"id";note;\r\n"a";"1";;y\n\r\n"B;""";2;"q""q";\r\n  c;"3";=1+1;z';
    expect(await world.text()).toBe(wanted);
  });

  test('new rows go to the end, spelled as their columns are, and a deleted line is gone', async () => {
    await start('"id",name\r\n"1",a\r\n"2",b\r\n"3",c\r\n');
    const outcomes = await connector.write([
      write('delete', '2', {}, { name: 'b' }),
      write('create', '4', { id: '4', name: 'd,e' }),
      write('create', '5', { id: '5' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await world.text()).toBe('"id",name\r\n"1",a\r\n"3",c\r\n"4","d,e"\r\n"5",\r\n');
  });

  test('a file that does not end its last line goes on so', async () => {
    await start('id,name\n1,a\n2,b');
    await connector.write([write('create', '3', { id: '3', name: 'c' })]);
    expect(await world.text()).toBe('id,name\n1,a\n2,b\n3,c');
    await connector.write([write('delete', '3', {}, { name: 'c' }), write('delete', '2', {}, { name: 'b' })]);
    expect(await world.text()).toBe('id,name\n1,a');
  });

  test.for([
    { name: 'a formula', value: '=HYPERLINK("http://x","y")' },
    { name: 'a sign in front', value: '+49 30 1' },
    { name: 'spaces around', value: '  a  ' },
    { name: 'lines', value: 'a\r\nb\nc' },
    { name: 'a leading zero', value: '007' },
    { name: 'a number', value: 12.5 },
    { name: 'a truth', value: true },
    { name: 'nothing', value: null },
  ])('$name is stored as it is', async ({ value }) => {
    await start('id,name\n1,a\n');
    const [outcome] = await connector.write([update('1', { name: value })]);
    const stored = value === null ? '' : String(value);
    expect(outcome).toMatchObject({ kind: 'accepted', record: { fields: { name: stored } } });
    expect(await world.rowOf(recordKey('1'))).toEqual({ id: '1', name: stored });
  });

  test('a windows-1252 file stays one, and what it cannot hold is refused', async () => {
    await start(Buffer.from('id,name\n1,stra\xdfe\n2,\xa9\n', 'latin1'));
    connector = await openCsv({ ...world.settings, options: { ...world.settings.options, encoding: 'windows-1252' } });
    const outcomes = await connector.write([update('1', { name: 'Öl €' }), update('2', { name: 'Łódź' })]);
    expect(outcomes).toMatchObject([{ kind: 'accepted' }, { kind: 'refused', code: 'csv.not_encodable' }]);
    expect(await readFile(world.path)).toEqual(Buffer.from('id,name\n1,\xd6l \x80\n2,\xa9\n', 'latin1'));
  });

  test('the mode of the file stays, and links to it go on leading to it', async () => {
    await start('id,name\n1,a\n');
    await chmod(world.path, 0o640);
    await symlink(world.path, join(world.folder, 'link.csv'));
    const linked = await openCsv({ ...world.settings, object: 'link.csv' });
    expect(await linked.write([update('1', { name: 'b' })])).toMatchObject([{ kind: 'accepted' }]);
    expect(await world.text()).toBe('id,name\n1,b\n');
    expect((await stat(world.path)).mode & 0o777).toBe(0o640);
  });
});

describe('outcomes', () => {
  test.for([
    { name: 'an unknown column', single: update('1', { nme: 'x' }), code: 'csv.unknown_column' },
    { name: 'a list', single: update('1', { name: ['x'] }), code: 'csv.not_a_cell' },
    { name: 'another key', single: update('1', { id: '7' }), code: 'csv.key_changed' },
    { name: 'a blank key', single: write('create', '', { name: 'x' }), code: 'csv.bad_key' },
    { name: 'a zero byte', single: update('1', { name: 'a\0' }), code: 'csv.not_encodable' },
    { name: 'half a character', single: update('1', { name: '\ud800' }), code: 'csv.not_encodable' },
    { name: 'a row that is set aside', single: update('2', { name: 'x' }), code: 'csv.row_set_aside' },
    { name: 'a new row for it', single: write('create', '2', { id: '2' }), code: 'csv.row_set_aside' },
  ])('$name is refused, and the rest of the batch is written', async ({ single, code }) => {
    await start('id,name\n1,a\n2,b\n2,c\n3,d\n');
    const outcomes = await connector.write([single, update('3', { name: 'D' })]);
    expect(outcomes).toMatchObject([{ kind: 'refused', code }, { kind: 'accepted' }]);
    expect(await world.text()).toBe('id,name\n1,a\n2,b\n2,c\n3,D\n');
  });

  test('without expected fields the token decides', async () => {
    await start('id,name\n1,a\n2,b\n');
    const [one, two] = (await pass(connector, null)).records;
    await world.put('id,name\n1,a\n2,edited\n');
    const outcomes = await connector.write([
      { ...update('1', { name: 'A' }), token: one?.token ?? null },
      { ...write('delete', '2', {}), token: two?.token ?? null },
    ]);
    expect(outcomes).toMatchObject([{ kind: 'accepted' }, { kind: 'stale', record: { fields: { name: 'edited' } } }]);
  });

  test('two writes of one batch to one row follow each other', async () => {
    await start('id,name,note\n1,a,n\n');
    const outcomes = await connector.write([
      update('1', { name: 'b' }, { name: 'a' }),
      update('1', { note: 'm' }, { name: 'b' }),
      update('1', { note: 'x' }, { name: 'a' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'stale']);
    expect(await world.text()).toBe('id,name,note\n1,b,m\n');
  });

  test('a batch that changes nothing does not touch the file', async () => {
    await start('id,name\n1,a\n');
    const before = await stat(world.path, { bigint: true });
    const outcomes = await connector.write([update('1', { name: 'a' }), update('9', { name: 'x' })]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'stale']);
    const after = await stat(world.path, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  test('composite keys fill their own cells', async () => {
    await start('region,name,code\nnorth,a,1\n', ['region', 'code']);
    const key = keyOf(['south', 'x"y']);
    expect(await connector.write([write('create', key, { name: 'b' })])).toMatchObject([{ kind: 'accepted' }]);
    expect(await world.text()).toBe('region,name,code\nnorth,a,1\nsouth,b,"x""y"\n');
    expect((await connector.readByKeys([key]))[0]?.fields).toEqual({ region: 'south', name: 'b', code: 'x"y' });
  });
});

describe('other people and programs', () => {
  test('a foreign edit just before the write is kept, and decides', async () => {
    await start('id,name\n1,a\n2,b\n');
    await connector.readByKeys([recordKey('1')]);
    await world.put('id,name\n1,theirs\n2,b\n');
    const outcomes = await connector.write([update('1', { name: 'ours' }, { name: 'a' }), update('2', { name: 'B' })]);
    expect(outcomes).toMatchObject([{ kind: 'stale', record: { fields: { name: 'theirs' } } }, { kind: 'accepted' }]);
    expect(await world.text()).toBe('id,name\n1,theirs\n2,B\n');
  });

  const racing = async (act: () => void): Promise<void> => {
    let acts = 0;
    const beforeRename = (): void => {
      acts += 1;
      if (acts === 1) act();
    };
    connector = await connectCsv(world.settings, { beforeRename });
  };

  test('an edit between the last look and the rename is merged, not lost', async () => {
    await start('id,name\n1,a\n2,b\n3,c\n');
    await racing(() => writeFileSync(world.path, 'id,name\n1,a\n2,theirs\n3,theirs\n4,new\n'));
    const outcomes = await connector.write([update('1', { name: 'A' }), update('2', { name: 'B' }, { name: 'b' })]);
    expect(outcomes).toMatchObject([{ kind: 'accepted' }, { kind: 'stale', record: { fields: { name: 'theirs' } } }]);
    expect(await world.text()).toBe('id,name\n1,A\n2,theirs\n3,theirs\n4,new\n');
    expect(await beside()).toEqual([]);
  });

  test('an edit that cannot be merged is kept beside the file, told of, and our writes are in doubt', async () => {
    await start('id,name\n1,a\n2,b\n');
    await racing(() => writeFileSync(world.path, 'id,name\n1,a\n2,"never closed\n'));
    const outcomes = await connector.write([update('1', { name: 'A' }), update('9', { name: 'x' })]);
    expect(outcomes).toEqual([{ kind: 'unknown' }, { kind: 'stale', record: null }]);
    expect(await world.text()).toBe('id,name\n1,A\n2,b\n');
    const [kept] = await beside();
    expect(kept).toMatch(/^suppliers\.csv\.overwritten-[0-9a-f]{8}$/);
    expect(await readFile(join(world.folder, kept ?? ''), 'utf8')).toContain('never closed');
    const { last } = await pass(connector, null);
    expect(last.setAside).toMatchObject([{ place: kept }]);
  });

  test('a file that is saved in the place of the old one while we prepare is not replaced', async () => {
    await start('id,name\n1,a\n2,b\n');
    const writes = Array.from({ length: 20 }, (_, at) => at);
    const other = await openCsv({ ...world.settings, workFolder: join(world.folder, 'work2') });
    await Promise.all([
      ...writes.map((at) => connector.write([write('create', `x${at}`, { id: `x${at}` })])),
      ...writes.map((at) => other.write([write('create', `y${at}`, { id: `y${at}` })])),
    ]);
    const ids = (await world.text()).trim().split('\n').slice(1);
    expect(ids.length).toBe(42);
    expect(new Set(ids).size).toBe(42);
    expect((await beside()).filter((name) => name !== 'work2')).toEqual([]);
  }, 60_000);

  test('while a spreadsheet program has the file open nothing is written, and it can be tried again', async () => {
    await start('id,name\n1,a\n');
    for (const mark of [`~$${fileName}`, `.~lock.${fileName}#`]) {
      await writeFile(join(world.folder, mark), 'ada');
      await expect(connector.write([update('1', { name: 'b' })])).rejects.toMatchObject({
        code: 'connector.source_unstable',
        retryable: true,
        message: expect.stringContaining('open in a spreadsheet program'),
      });
      expect((await pass(connector, null)).records.length).toBe(1);
      await rm(join(world.folder, mark));
    }
    expect(await connector.write([update('1', { name: 'b' })])).toMatchObject([{ kind: 'accepted' }]);
  });

  test('nothing is written into half a file', async () => {
    await start(`id,name\n${Array.from({ length: 40 }, (_, at) => `${at},n\n`).join('')}`);
    const { last } = await pass(connector, null);
    await connector.read({ cursor: last.cursor, limit: 5 });
    await world.put('id,name\n1,n\n');
    await expect(connector.write([update('1', { name: 'b' })])).rejects.toMatchObject({ retryable: true });
    expect(await world.text()).toBe('id,name\n1,n\n');
  });

  test('a program that writes piece by piece is waited for', async () => {
    await start('id,name\n1,a\n');
    // It keeps the file open: whatever it writes after a rename of ours would go into the old version and be lost.
    const file = openSync(world.path, 'a');
    const writing = (async (): Promise<void> => {
      for (let piece = 2; piece < 10; piece += 1) {
        writeSync(file, `${piece},b\n`);
        await wait(40);
      }
      closeSync(file);
    })();
    await wait(10);
    expect(await connector.write([update('1', { name: 'A' })])).toMatchObject([{ kind: 'accepted' }]);
    await writing;
    const pieces = Array.from({ length: 8 }, (_, at) => `${at + 2},b`);
    expect((await world.text()).split('\n')).toEqual(['id,name', '1,A', ...pieces, '']);
  });
});

describe('what goes wrong', () => {
  /** Runs one write in a process of its own, under what the shell says first; answers with what it printed. */
  const inChild = (shell: string, as: { uid?: number; workFolder?: string } = {}): string => {
    const program = join(import.meta.dirname, 'csv-child.ts');
    const node = `exec "${process.execPath}" --import tsx "${program}" once`;
    const { stdout, stderr } = spawnSync('sh', ['-c', `${shell} ${node}`], {
      encoding: 'utf8',
      env: {
        ...process.env,
        PARLEY_TEST_SETTINGS: JSON.stringify({
          ...world.settings,
          workFolder: as.workFolder ?? world.settings.workFolder,
        }),
      },
      ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.uid }),
    });
    return stdout.trim() || stderr;
  };

  test('when no space is left, nothing changed and the rest of the new version is gone', async () => {
    const text = `id,name\n1,a\n${Array.from({ length: 3000 }, (_, at) => `x${at},some text\n`).join('')}`;
    await start(text);
    await pass(connector, null);
    // The work folder holds the copy already, so that the limit on file sizes is met by the new version.
    expect(inChild('ulimit -f 20;')).toContain('"code":"connector.no_space"');
    expect(await world.text()).toBe(text);
    expect(await beside()).toEqual([]);
    expect(inChild('')).toContain('"kind":"accepted"');
  }, 60_000);

  test('without the right to write the file, nothing changed and the right is named', async () => {
    await start('id,name\n1,a\n');
    const workFolder = join(world.folder, 'open');
    await mkdir(workFolder);
    await chmod(workFolder, 0o777);
    await chmod(world.folder, 0o755);
    await chmod(world.path, 0o444);
    // The superuser may write everything; somebody who may not is then another user.
    const other = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    expect(inChild('', { ...other, workFolder })).toMatch(/"code":"connector.denied".*not permit it \(EACCES\)/);
    expect(await world.text()).toBe('id,name\n1,a\n');
    expect(await beside()).toEqual(['open']);
    await rm(join(workFolder), { recursive: true });
  }, 60_000);

  test('what a killed process left is cleaned at the next start, and an edit among it is kept', async () => {
    await start('id,name\n1,a\n');
    const digest = await digestOf(world.path);
    writeFileSync(join(world.folder, `.${fileName}.0123abcd.parley-new`), 'id,na');
    writeFileSync(oldFileBeside(world.path, digest), readFileSync(world.path));
    writeFileSync(oldFileBeside(world.path, digest), 'id,name\n1,edited\n');
    writeFileSync(join(world.folder, `.${fileName}.backup`), 'not ours');
    connector = await openCsv(world.settings);
    expect((await beside()).map((name) => name.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      `.${fileName}.backup`,
      `${fileName}.overwritten`,
    ]);
    expect(await world.text()).toBe('id,name\n1,a\n');
  });

  test('a lock whose holder is dead, or another process with its number, holds nobody up', async () => {
    await start('id,name\n1,a\n');
    const locks = join(world.folder, 'locks');
    await withLock(locks, fileName, async () => {
      const [own] = await readdir(locks);
      const held = JSON.parse(await readFile(join(locks, own ?? ''), 'utf8')) as { pid: number };
      await writeFile(join(locks, 'dead.lock'), JSON.stringify({ ...held, pid: 2 ** 22 + 1 }));
      await writeFile(join(locks, 'reused.lock'), JSON.stringify({ ...held, born: '1' }));
      await writeFile(join(locks, 'elsewhere.lock'), JSON.stringify({ ...held, host: 'another' }));
      const longAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(locks, 'elsewhere.lock'), longAgo, longAgo);
    });
    expect(await withLock(locks, fileName, async () => 'done')).toBe('done');
    expect(await readdir(locks)).toEqual([]);
  });

  test('the lock lets one in at a time', async () => {
    await start('id,name\n1,a\n');
    let inside = 0;
    let most = 0;
    const enter = (): Promise<void> =>
      withLock(join(world.folder, 'locks'), fileName, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await wait(5);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 12 }, enter));
    expect(most).toBe(1);
  });

  test('a file that is renamed away during a write is not made anew', async () => {
    await start('id,name\n1,a\n');
    let isFirst = true;
    connector = await connectCsv(world.settings, {
      beforeRename: () => {
        if (isFirst) renameSync(world.path, `${world.path}.moved`);
        isFirst = false;
      },
    });
    // The rename itself cannot tell; the old file is whole under its new name and ours under the old one.
    expect((await connector.write([update('1', { name: 'b' })])).map(({ kind }) => kind)).toEqual(['accepted']);
    expect(await readFile(`${world.path}.moved`, 'utf8')).toBe('id,name\n1,a\n');
  });
});
