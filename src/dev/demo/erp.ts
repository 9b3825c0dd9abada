import { readFile, rename, writeFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

export type ErpRow = {
  readonly assignment: string;
  readonly registry: string;
  readonly organization_name: string;
  readonly organization_address: string;
};

/** The ERP of the demo: a file, and a person who opens it in a spreadsheet, changes cells and saves. */
export type Erp = {
  count(): Promise<number>;
  row(key: string): Promise<ErpRow | undefined>;
  edit(key: string, change: Partial<Omit<ErpRow, 'assignment'>>): Promise<void>;
};

export function openErp(file: string): Erp {
  const rows = async (): Promise<ErpRow[]> => parse(await readFile(file, 'utf8'), { columns: true });
  return {
    count: async () => (await rows()).length,
    row: async (key) => (await rows()).find(({ assignment }) => assignment === key),
    async edit(key, change) {
      const changed = (await rows()).map((row) => (row.assignment === key ? { ...row, ...change } : row));
      // Spreadsheets save like this: a new file beside the old one, then a rename.
      const saved = `${file}.saving`;
      await writeFile(saved, stringify(changed, { header: true }));
      await rename(saved, file);
    },
  };
}
