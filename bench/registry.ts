import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { pairId } from '../src/core/ids.js';
import { type Crm, type CrmRow, openCrm } from '../src/dev/demo/crm.js';
import type { ErpRow } from '../src/dev/demo/erp.js';
import { prepareWorkspace } from '../src/dev/demo/workspace.js';
import { type Hub, openHub, type SideDatabase, type Stage } from './stage.js';

export const registryPair = pairId('suppliers');

/** The pair of the demo: a spreadsheet and a table that hold one real register as of two dates. */
export type Registry = {
  readonly hub: Hub;
  readonly crm: SideDatabase;
  readonly erpFile: string;
  close(): Promise<void>;
};

/** With `records`, both sides hold that many: the newest ones of the register, and what the spreadsheet says of them. */
export async function openRegistry(stage: Stage, records: number | null = null): Promise<Registry> {
  const configFolder = join(stage.folder, 'workspace');
  const { erpFile, crmSnapshot } = await prepareWorkspace(configFolder);
  const crm = await stage.openSide('crm');
  const filled: Crm = await openCrm(crm.url, crmSnapshot);
  await filled.close();
  if (records !== null) await shorten(crm, { erpFile, crmSnapshot }, records);
  await crm.sql`vacuum analyze accounts`;
  const hub = await openHub(stage, { configFolder, variables: { CRM_URL: crm.url } });
  return {
    hub,
    crm,
    erpFile,
    async close() {
      await hub.close();
      await crm.close();
    },
  };
}

async function shorten(
  crm: SideDatabase,
  files: { readonly erpFile: string; readonly crmSnapshot: string },
  records: number,
): Promise<void> {
  await crm.sql`
    delete from accounts where assignment not in (select assignment from accounts order by assignment limit ${records})`;
  const old = new Map<string, ErpRow>();
  for await (const row of rowsOf<ErpRow>(files.erpFile)) old.set(row.assignment, row);
  const kept: ErpRow[] = [];
  for (const row of await crm.sql<CrmRow[]>`select * from accounts order by assignment`) {
    const { assignment, name, street, locality, country } = row;
    const address = [street, locality, country].filter((part) => part !== null && part !== '').join(' ');
    const made = { assignment, registry: 'MA-L', organization_name: name ?? '', organization_address: address };
    kept.push(old.get(assignment) ?? made);
  }
  await writeFile(files.erpFile, stringify(kept, { header: true }));
}

/** Rows of a CSV file with a header, packed or not, one after the other. */
export function rowsOf<Row>(file: string): AsyncIterable<Row> {
  const bytes = createReadStream(file);
  const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  return text.pipe(parse({ columns: true })) as AsyncIterable<Row>;
}

export async function countRows({ crm, erpFile }: Registry): Promise<{ readonly crm: number; readonly erp: number }> {
  const [counted] = await crm.sql<{ count: number }[]>`select count(*)::int as count from accounts`;
  let erp = 0;
  for await (const _ of rowsOf(erpFile)) erp += 1;
  return { crm: counted?.count ?? 0, erp };
}

/**
 * The lower bound of first contact: both sides read once, a row an entity and a row a link written to a table, what
 * one side lacks written to the other in batches. No rule is asked and nothing is remembered about any field.
 */
export async function plainFirstContact({ hub, crm, erpFile }: Registry): Promise<void> {
  await hub.sql`create table if not exists plain_entities (key text primary key, crm text, erp text)`;
  await hub.sql`truncate plain_entities`;
  await crm.sql`create table if not exists accounts_plain (like accounts including all)`;
  await crm.sql`truncate accounts_plain`;
  await crm.sql`insert into accounts_plain select * from accounts`;
  const entities = new Map<string, { crm: CrmRow | null; erp: ErpRow | null }>();
  await crm.sql<CrmRow[]>`select * from accounts order by assignment`.cursor(batchRows, (rows) => {
    for (const row of rows) entities.set(row.assignment, { crm: row, erp: null });
  });
  for await (const row of rowsOf<ErpRow>(erpFile))
    entities.set(row.assignment, { crm: entities.get(row.assignment)?.crm ?? null, erp: row });
  for (const batch of batches([...entities])) {
    await hub.sql`
      insert into plain_entities
      select * from unnest(${batch.map(([key]) => key)}::text[], ${batch.map(([, { crm: row }]) => JSON.stringify(row))}::text[],
        ${batch.map(([, { erp }]) => JSON.stringify(erp))}::text[])`;
  }
  const missing = [...entities].filter(([, entity]) => entity.crm === null);
  for (const batch of batches(missing)) {
    await crm.sql`
      insert into accounts_plain (assignment, name, street)
      select * from unnest(${batch.map(([key]) => key)}::text[], ${batch.map(([, { erp }]) => erp?.organization_name ?? '')}::text[],
        ${batch.map(([, { erp }]) => erp?.organization_address ?? '')}::text[])`;
  }
  const added = [...entities].filter(([, { erp }]) => erp === null).map(([key, { crm: row }]) => [key, '', row?.name]);
  await writeFile(`${erpFile}.plain`, `${await readFile(erpFile, 'utf8')}${stringify(added)}`);
}

const batchRows = 5_000;

function* batches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += batchRows) yield rows.slice(from, from + batchRows);
}
