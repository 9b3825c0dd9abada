import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Journal, Row, Unit, Wish } from './journal.js';

/** People who open the ERP's file, change cells and save. */
export type ErpPeople = {
  readonly file: string;
  rows(): readonly Row[];
  /** One opening and saving of the file; `inPlace` truncates and fills it, as some programs do. */
  save(change: ErpChange, journal: Journal): void;
};
export type ErpChange = {
  readonly wishes: readonly Wish[];
  readonly created?: readonly Row[];
  readonly inPlace?: boolean;
};

const header = 'assignment,organization_name,phone,organization_address';
const cells: { readonly [unit in Unit]: number } = { name: 1, phone: 2, address: 3 };

/** The values of these files need no quotes, so a row is what stands between commas. */
export async function openErpPeople(file: string, records: number): Promise<ErpPeople> {
  const first = Array.from(
    { length: records },
    (_, at) => `${at + 1},Company ${at + 1},555-${at + 1},Street ${at + 1}`,
  );
  writeFileSync(file, `${[header, ...first].join('\n')}\n`);
  const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  const look = (): string => {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  };
  return {
    file,
    rows: () =>
      lines()
        .map((line) => rowOf(line.split(',')))
        .sort(byKey),
    save({ wishes, created = [], inPlace = false }, journal) {
      // A program that saves over a version it never loaded destroys it, whoever wrote it: ours looks before it saves.
      for (;;) {
        const before = look();
        const table = new Map(lines().map((line) => [line.split(',', 1)[0], line.split(',')]));
        const over = wishes.map(({ key, unit, value }) => replace(table.get(key), cells[unit], value));
        const added = created.filter(({ key }) => !table.has(key));
        for (const row of added) table.set(row.key, [row.key, row.name, row.phone, row.address]);
        const text = `${[header, ...[...table.values()].map((row) => row.join(','))].join('\n')}\n`;
        if (!inPlace) writeFileSync(`${file}.saving`, text);
        if (look() !== before) continue;
        if (inPlace) writeFileSync(file, text);
        else renameSync(`${file}.saving`, file);
        wishes.forEach((wish, at) => {
          const old = over[at];
          if (old !== undefined) journal.note('erp', wish, old);
        });
        for (const { key } of added) journal.created.push({ side: 'erp', key });
        return;
      }
    },
  };
}

function replace(row: string[] | undefined, at: number, value: string): string | undefined {
  const old = row?.[at];
  if (row !== undefined) row[at] = value;
  return old;
}

function rowOf([key = '', name = '', phone = '', address = '']: readonly string[]): Row {
  return { key, name, phone, address };
}

const byKey = (a: Row, b: Row): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
