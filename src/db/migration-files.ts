import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from '../core/assert.js';

/** One file of the migrations folder. */
export type MigrationFile = {
  readonly name: string;
  /** Hex SHA-256 of the text with `\n` line ends, so that a checkout's line ends do not matter. */
  readonly sha256: string;
  readonly statements: readonly string[];
  /** False for a file whose first line is `-- parley: no transaction`: for statements that refuse to run in one. */
  readonly inTransaction: boolean;
};

const breakpoint = '--> statement-breakpoint';
const noTransactionFlag = '-- parley: no transaction';

/** The folder of this package, whether the code runs from its source or from `dist`. */
export function migrationsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'migrations', 'meta', '_journal.json'))) {
    const parent = dirname(folder);
    assert(parent !== folder, 'the package contains its migrations folder');
    folder = parent;
  }
  return join(folder, 'migrations');
}

/** Names of the migrations, in the order in which they apply. */
export async function migrationNames(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
}

export async function migrationFiles(folder: string): Promise<readonly MigrationFile[]> {
  const names = await migrationNames(folder);
  return Promise.all(names.map(async (name) => parse(name, await readFile(join(folder, name), 'utf8'))));
}

function parse(name: string, raw: string): MigrationFile {
  const text = raw.replaceAll('\r\n', '\n');
  return {
    name,
    sha256: createHash('sha256').update(text).digest('hex'),
    statements: text
      .split(breakpoint)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ''),
    inTransaction: !text.startsWith(noTransactionFlag),
  };
}
