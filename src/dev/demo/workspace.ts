import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';

/** The example that ships with the project: configuration in git, and two snapshots of one real register. */
export function exampleFolder(): string {
  for (const up of ['../../../', '../../../../']) {
    const folder = fileURLToPath(new URL(`${up}examples/suppliers`, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new Error('assertion failed: examples/suppliers is not part of this installation');
}

export type Workspace = { readonly folder: string; readonly erpFile: string; readonly crmSnapshot: string };

/**
 * A folder to play in: the example's files and the ERP's spreadsheet. What is there already stays as it is, so that a
 * second start goes on where the first one ended.
 */
export async function prepareWorkspace(folder: string): Promise<Workspace> {
  const example = exampleFolder();
  const workspace = resolve(folder);
  await mkdir(join(workspace, 'pairs'), { recursive: true });
  await mkdir(join(workspace, 'data'), { recursive: true });
  for (const file of ['connections.yaml', 'pairs/suppliers.yaml']) {
    if (!existsSync(join(workspace, file))) await copyFile(join(example, file), join(workspace, file));
  }
  const erpFile = join(workspace, 'data/suppliers.csv');
  if (!existsSync(erpFile)) await unzip(join(example, 'data/erp-suppliers-2022.csv.gz'), erpFile);
  return { folder: workspace, erpFile, crmSnapshot: join(example, 'data/crm-accounts-2026.csv.gz') };
}

/** Whole or not at all: a demo that was interrupted while unpacking must not start from half a file. */
async function unzip(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`;
  await pipeline(createReadStream(from), createGunzip(), createWriteStream(partial));
  await rename(partial, to);
}
