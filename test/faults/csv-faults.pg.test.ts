import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { healthOf } from '../../src/api/health-word.js';
import { type Desk, openDesk } from './desk.js';
import { Journal, type Row } from './journal.js';

const records = 300;
let desk: Desk;
let journal: Journal;
beforeEach(async () => {
  desk = await openDesk(records);
  journal = new Journal();
});
afterEach(() => desk.close());

const byLine = (a: string, b: string): number => Number(a.split(':')[1]) - Number(b.split(':')[1]);
const text = (): string => readFileSync(desk.erp.file, 'utf8');
const put = (changed: string | Buffer): void => writeFileSync(desk.erp.file, changed);
const row = async (key: string): Promise<Row | undefined> =>
  (await desk.crm.rows()).find((candidate) => candidate.key === key);
const erpRow = (key: string): Row | undefined => desk.erp.rows().find((candidate) => candidate.key === key);
const editCrm = (key: string, value: string) => desk.crm.edit({ key, unit: 'name', value }, journal);
/** The same file with the name of one record changed: what somebody saved beside the damage. */
const renamed = (key: string, name: string, from = text()): string =>
  from.replace(new RegExp(`^${key},[^,]*`, 'm'), `${key},${name}`);
const health = async () => healthOf(await desk.status(), 1);

/** What must hold whatever is wrong with the file: no record is gone or new, nobody is asked, the ledger adds up. */
async function unharmed(): Promise<void> {
  expect((await desk.crm.rows()).length).toBe(records);
  expect(await desk.status()).toMatchObject({
    openConflicts: { clash: 0, delete: 0, create: 0, match: 0, refused: 0 },
    row: { halt: null },
  });
  expect(await desk.engine.verifyLedger({ pair: desk.pair })).toMatchObject({ ok: true, problems: [] });
}

/** Once the file is whole again, both sides hold the same and nothing is set aside or complained about any more. */
async function healed(): Promise<void> {
  expect(await desk.cycles()).toBeNull();
  expect(await desk.cycles()).toBeNull();
  expect(desk.erp.rows()).toEqual(await desk.crm.rows());
  await unharmed();
  expect(await desk.setAside()).toEqual([]);
  expect(await health()).toMatchObject({ word: 'Healthy' });
}

describe('rows that are no records are set aside with their line, and the rest goes on', () => {
  const damaged: readonly {
    readonly what: string;
    readonly damage: (whole: string) => string | Buffer;
    readonly lines: readonly number[];
    readonly reason: RegExp;
  }[] = [
    {
      what: 'a key that stands twice',
      damage: (whole) => `${whole}7,Somebody else,555,Elsewhere\n`,
      lines: [8, 302],
      reason: /key/i,
    },
    {
      what: 'a row with a cell too few',
      damage: (whole) => whole.replace(/^7,.*$/m, '7,Company 7,555-7'),
      lines: [8],
      reason: /3 .*4|4 .*3/,
    },
    {
      what: 'a row with a cell too many',
      damage: (whole) => whole.replace(/^7,.*$/m, '7,Company, Ltd,555-7,Street 7'),
      lines: [8],
      reason: /5 .*4|4 .*5/,
    },
    {
      what: 'a row without a key',
      damage: (whole) => whole.replace(/^7,/m, ','),
      lines: [8],
      reason: /key/i,
    },
    {
      what: 'a row saved in another encoding',
      damage: (whole) => Buffer.from(whole.replace(/^7,Company/m, '7,Soci\u00e9t\u00e9'), 'latin1'),
      lines: [8],
      reason: /utf-8|encoding/i,
    },
  ];
  test.for(damaged)('$what', async ({ damage, lines, reason }) => {
    const whole = text();
    await editCrm('5', 'From the CRM');
    put(damage(renamed('6', 'From the ERP', whole)));
    expect(await desk.cycles()).toBeNull();
    expect((await row('6'))?.name).toBe('From the ERP');
    expect(text()).toContain('\n5,From the CRM,');
    expect(await row('7')).toMatchObject({ name: 'Company 7' });
    await unharmed();
    const aside = await desk.setAside();
    expect(aside.map(({ place }) => place).sort(byLine)).toEqual(lines.map((line) => `suppliers.csv:${line}`));
    for (const { reason: told } of aside) expect(told).toMatch(reason);
    expect(await desk.status()).toMatchObject({ setAside: lines.length });

    // What cannot be written meanwhile is not lost: a person sees where the row stands, and has it tried again.
    await editCrm('7', 'Meanwhile');
    await desk.cycles();
    const [refused, ...others] = await desk.questions();
    expect(others).toEqual([]);
    expect(refused).toMatchObject({ kind: 'refused', rule: 'csv.row_set_aside' });
    expect(refused?.detail.note).toMatch(/suppliers\.csv/);
    put(renamed('5', 'From the CRM', renamed('6', 'From the ERP', whole)));
    await desk.cycles();
    await desk.retry(refused);
    await healed();
    expect(erpRow('7')?.name).toBe('Meanwhile');
  });
});

describe('a file that is wrong as a whole is left alone as a whole, and says so', () => {
  const header = 'assignment,organization_name,phone,organization_address';
  const damaged: readonly {
    readonly what: string;
    readonly damage: (whole: string) => void;
    readonly told: RegExp;
  }[] = [
    {
      what: 'without its header line',
      damage: (whole) => put(whole.slice(whole.indexOf('\n') + 1)),
      told: /suppliers\.csv:1: the header has no column "assignment"/,
    },
    {
      what: 'with another name for a column',
      damage: (whole) => put(whole.replace('organization_name', 'Name')),
      told: /suppliers\.csv:1: the header has no column "organization_name"/,
    },
    {
      what: 'cut off in the middle',
      damage: (whole) => put(whole.slice(0, whole.length / 2)),
      told: /lacks \d+ of the 300/,
    },
    {
      what: 'that lost most of its rows',
      damage: (whole) => put(whole.split('\n').slice(0, 100).join('\n')),
      told: /lacks/,
    },
    { what: 'with a header and nothing else', damage: () => put(`${header}\n`), told: /has no rows any more/ },
    { what: 'that is empty', damage: () => put(''), told: /has no rows any more/ },
    {
      what: 'with a quote that never ends',
      damage: (whole) => put(whole.replace('Company 7,', '"Company 7,')),
      told: /suppliers\.csv:8: a quote/,
    },
    { what: 'that is gone', damage: () => rmSync(desk.erp.file), told: /it is not there/ },
    {
      what: 'whose folder is gone',
      damage: () => {
        const folder = dirname(desk.erp.file);
        renameSync(folder, `${folder}.away`);
      },
      told: /it is not there/,
    },
    {
      what: 'that a spreadsheet took leading characters from all its keys',
      damage: (whole) => put(whole.replaceAll(/^(\d)(\d+),/gm, '$2,')),
      told: /lacks \d+ of the 300|stands/,
    },
    {
      what: 'saved as nothing but zero bytes',
      damage: (whole) => put(Buffer.alloc(whole.length)),
      told: /suppliers\.csv/,
    },
  ];
  test.for(damaged)('$what', async ({ damage, told }) => {
    const whole = text();
    await editCrm('5', 'Before the damage');
    damage(whole);
    const problem = await desk.cycles();
    const { row: pair } = await desk.status();
    const said = [problem, ...Object.values(pair.cursors).map((cursor) => cursor.problem?.text)].join(' ');
    expect(said).toMatch(told);
    expect(await health()).toMatchObject({ word: 'Stopped' });
    expect((await health()).reason).toMatch(told);
    await editCrm('6', 'During the damage');
    await desk.cycles();
    await unharmed();

    const folder = dirname(desk.erp.file);
    try {
      renameSync(`${folder}.away`, folder);
    } catch {
      // Only one of these takes the folder away.
    }
    put(renamed('9', 'After the damage', whole));
    await healed();
    expect(erpRow('5')?.name).toBe('Before the damage');
    expect(erpRow('6')?.name).toBe('During the damage');
    expect((await row('9'))?.name).toBe('After the damage');
  });
});

test('a file that was saved as UTF-16 is read and written as UTF-16, and nothing counts as changed', async () => {
  const { ledgerSize } = await desk.store.pair(desk.pair);
  const whole = text();
  put(Buffer.from(`\ufeff${whole}`, 'utf16le'));
  expect(await desk.cycles()).toBeNull();
  expect((await desk.store.pair(desk.pair)).ledgerSize).toBe(ledgerSize);
  await editCrm('5', 'S\u00f8ster & S\u00f8nner');
  expect(await desk.cycles()).toBeNull();
  expect(readFileSync(desk.erp.file).toString('utf16le')).toBe(
    `\ufeff${renamed('5', 'S\u00f8ster & S\u00f8nner', whole)}`,
  );
  await unharmed();
});

test('rows that are really gone are told from rows that cannot be read: they go on the other side too', async () => {
  put(text().replaceAll(/^(?:7|8|9),.*\n/gm, ''));
  await desk.cycle();
  expect((await desk.crm.rows()).length).toBe(records);
  await desk.cycles();
  expect((await desk.crm.rows()).length).toBe(records - 3);
});

test.runIf(process.platform === 'linux')(
  'a full disk holds edits back and loses none: they are delivered when there is room',
  async () => {
    const fileSizeMax = (bytes: number | 'unlimited'): void => {
      execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
    };
    const whole = text();
    for (let key = 1; key <= 20; key += 1) await editCrm(String(key), `A longer name than before ${key}`);
    fileSizeMax(whole.length + 10);
    try {
      expect(await desk.cycles()).toMatch(/suppliers\.csv was not written: no space is left/);
      expect(text()).toBe(whole);
      expect(await health()).toMatchObject({ word: 'Stopped' });
      expect((await health()).reason).toMatch(/no space is left/);
      await unharmed();
    } finally {
      fileSizeMax('unlimited');
    }
    await healed();
    expect(erpRow('20')?.name).toBe('A longer name than before 20');
  },
);
