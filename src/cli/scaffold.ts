import { constants } from 'node:fs';
import { access, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ConnectorName, connectorNames } from '../contract/config/schema.js';
import { namePattern } from '../contract/config/side-reader.js';
import { wrongUsage } from './failure.js';

/** One side of a pair that is to be made. */
export type NewSide = {
  readonly name: string;
  readonly connector: ConnectorName;
  readonly object: string;
  readonly key: string;
};
export type NewPair = { readonly name: string; readonly owner: string; readonly sides: readonly [NewSide, NewSide] };

const usableName = /^[a-z][a-z0-9_-]{0,62}$/;

export function checkedName(text: string, what: string): string {
  if (usableName.test(text)) return text;
  throw wrongUsage(`"${text}" cannot be the name of a ${what}. Nothing was written.`, namePattern);
}

/** `crm=postgres:public.accounts:id`: name, connector, object, key. @throws ParleyError `request.invalid` */
export function sideFrom(text: string): NewSide {
  const found = /^([^=]+)=([^:]+):(.+):([^:]+)$/.exec(text);
  const [, name = '', word = '', object = '', key = ''] = found ?? [];
  const connector = connectorNames.find((known) => known === word);
  if (found !== null && connector !== undefined) {
    return { name: checkedName(name, 'side'), connector, object, key };
  }
  throw wrongUsage(
    `"${text}" is not a side. Nothing was written.`,
    `Write NAME=CONNECTOR:OBJECT:KEY, such as crm=postgres:public.accounts:id. Connectors: ${connectorNames.join(', ')}.`,
  );
}

/** The files of a new workspace, by path: the shortest that `check` accepts, with what to fill in. */
export function newFiles({ name, owner, sides }: NewPair): ReadonlyMap<string, string> {
  const [left, right] = sides;
  const connections = [
    '# yaml-language-server: $schema=.parley/editor/connections.json',
    '# Where the systems are. Secrets never stand here: env:NAME names a variable of the process that connects.',
    ...sides.map((side) => `${side.name}: ${connectionOf(side)}`),
  ];
  const pair = [
    `# yaml-language-server: $schema=../.parley/editor/pairs/${name}.json`,
    `pair: ${name}`,
    `about: What ${left.name} and ${right.name} both know, and why it must agree.`,
    `owner: ${plain(owner)}`,
    '',
    'systems:',
    ...sides.map(
      (side) => `  ${side.name}: { object: ${plain(`${side.name}/${side.object}`)}, key: ${plain(side.key)} }`,
    ),
    '',
    `match: [ ${plain(`${left.name}.${left.key} = ${right.name}.${right.key}`)} ]`,
    '',
    '# Who decides. Move a line under a side to make that side its master: an edit elsewhere is then put back.',
    'masters:',
    '  either:',
    `    name: { ${left.name}: name, ${right.name}: name }`,
    '',
    `creates: { ${left.name}: ask, ${right.name}: ask }`,
    `deletes: { ${left.name}: ask, ${right.name}: ask }`,
    '',
    'run: { every: 1m }',
  ];
  return new Map([
    ['connections.yaml', `${connections.join('\n')}\n`],
    [join('pairs', `${name}.yaml`), `${pair.join('\n')}\n`],
  ]);
}

function connectionOf({ name, connector }: NewSide): string {
  const variable = name.toUpperCase().replaceAll('-', '_');
  switch (connector) {
    case 'postgres':
      return `{ connector: postgres, url: env:${variable}_URL }`;
    case 'csv':
      return '{ connector: csv, folder: ./data }';
    case 'http':
      return `{ connector: http, url: env:${variable}_URL, token: env:${variable}_TOKEN }`;
  }
}

/** Text as YAML takes it: in quotes unless it is made of what never means anything else. */
function plain(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_./-]*( = [A-Za-z][A-Za-z0-9_./-]*)?$/.test(text) ? text : JSON.stringify(text);
}

/** Writes files that are not there yet; when one of them is, none is written. @returns the paths */
export async function writeNew(folder: string, files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  await refuseExisting(folder, [...files.keys()]);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  return [...files.keys()];
}

/** Copies the configuration of an example. Same law as `writeNew`. */
export async function copyNew(folder: string, example: string): Promise<readonly string[]> {
  const entries = await readdir(example, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => join(entry.parentPath, entry.name).slice(example.length + 1))
    .sort();
  await refuseExisting(folder, paths);
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await copyFile(join(example, path), join(folder, path), constants.COPYFILE_EXCL);
  }
  return paths;
}

async function refuseExisting(folder: string, paths: readonly string[]): Promise<void> {
  const there: string[] = [];
  for (const path of paths) {
    const exists = await access(join(folder, path)).then(
      () => true,
      () => false,
    );
    if (exists) there.push(path);
  }
  if (there.length === 0) return;
  throw wrongUsage(
    `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already. Nothing was written.`,
    'Edit what is there, or use another folder: --folder PATH.',
  );
}
