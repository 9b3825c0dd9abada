import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { openCsv } from '../../src/connectors/csv/connector.js';
import { keyOf, type RecordKey } from '../../src/core/ids.js';
import type { Connector, ConnectorSettings, NativeFields } from '../../src/engine/connector.js';
import type { ConformanceHarness, ConformanceWorld } from './conformance-steps.js';

/** A folder with one CSV file, and another program that reads and writes it with a library of its own. */
export type CsvWorld = ConformanceWorld & {
  readonly folder: string;
  readonly path: string;
  readonly settings: ConnectorSettings;
  text(): Promise<string>;
  put(text: string | Buffer): Promise<void>;
};

export const fileName = 'suppliers.csv';

/** A world of its own in a fresh temporary folder; `text` is what the file holds at first. */
export async function csvWorld(key: readonly string[], text: string | Buffer): Promise<CsvWorld> {
  const root = await mkdtemp(join(tmpdir(), 'parley-csv-'));
  const path = join(root, fileName);
  await writeFile(path, text);
  const settings: ConnectorSettings = {
    connection: 'erp',
    object: fileName,
    key,
    options: { folder: root },
    workFolder: join(root, 'work'),
  };
  const read = async (): Promise<string[][]> => parse(await readFile(path, 'utf8'), { relax_column_count: true });
  const save = async (rows: readonly (readonly unknown[])[]): Promise<void> => {
    // Saved as most programs do: a new file in the place of the old one.
    await writeFile(`${path}.saving`, stringify(rows as unknown[][]));
    await rename(`${path}.saving`, path);
  };
  const table = async (): Promise<{ header: string[]; rows: string[][]; at: (key: RecordKey) => number }> => {
    const [header = [], ...rows] = await read();
    const keyOfRow = (row: readonly string[]): RecordKey => keyOf(key.map((name) => row[header.indexOf(name)] ?? ''));
    return { header, rows, at: (wanted) => rows.findIndex((row) => keyOfRow(row) === wanted) };
  };
  const fieldsOf = (header: readonly string[], row: readonly string[]): NativeFields =>
    Object.fromEntries(header.map((name, column) => [name, row[column] ?? '']));
  return {
    folder: root,
    path,
    settings,
    text: () => readFile(path, 'utf8'),
    put: (changed) => writeFile(path, changed),
    make: (overrides): Promise<Connector> => openCsv({ ...settings, ...overrides }),
    seed: async (added) => {
      const { header, rows } = await table();
      await save([header, ...rows, ...added.map((fields) => header.map((name) => fields[name] ?? ''))]);
    },
    edit: async (wanted, fields) => {
      const { header, rows, at } = await table();
      const place = at(wanted);
      const edited = { ...fieldsOf(header, rows[place] ?? []), ...fields };
      await save([header, ...rows.map((row, index) => (index === place ? header.map((name) => edited[name]) : row))]);
    },
    remove: async (wanted) => {
      const { header, rows, at } = await table();
      const place = at(wanted);
      await save([header, ...rows.filter((_, index) => index !== place)]);
    },
    rowOf: async (wanted) => {
      const { header, rows, at } = await table();
      const row = rows[at(wanted)];
      return row === undefined ? null : fieldsOf(header, row);
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

export const csvHarness: ConformanceHarness = {
  storesNull: false,
  refused: { name: ['a list is not a cell'] },
  open: (key) => csvWorld(key, `${[...key, 'name', 'amount', 'seen_at', 'note'].join(',')}\n`),
};
