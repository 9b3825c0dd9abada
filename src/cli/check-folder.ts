import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Discovered, parseDiscovered } from '../contract/config/discovered.js';
import { checkFields } from '../contract/config/field-check.js';
import { type LoadedConfig, loadConfig } from '../contract/config/load.js';
import { fileStart, isError, type Problem, problemList, sortProblems } from '../contract/config/problems.js';

export type CheckOptions = {
  /** Where `discover` left what it read; usually `.parley/schema` in the folder. */
  readonly schemaFolder?: string;
  /** Epoch milliseconds; says how old the discovered fields are. */
  readonly nowMs?: number;
};

export type CheckResult = {
  readonly ok: boolean;
  /** 0: no error. 3: the configuration is invalid; nothing was contacted either way. */
  readonly exit: 0 | 3;
  readonly config: LoadedConfig;
  readonly problems: readonly Problem[];
  /** What was not checked, as sentences. */
  readonly notes: readonly string[];
  /** The text of the files, for showing lines. */
  readonly sources: ReadonlyMap<string, string>;
};

/** The folder of discovered schemas that belongs to a folder of configuration. */
export const schemaFolderOf = (folder: string): string => join(folder, '.parley', 'schema');

/**
 * Checks a folder of configuration: language, meaning, and native field names where they were discovered. Contacts
 * nothing, writes nothing and needs no server; wrong files are problems, never exceptions.
 */
export async function checkFolder(folder: string, options: CheckOptions = {}): Promise<CheckResult> {
  const { schemaFolder = schemaFolderOf(folder), nowMs = Date.now() } = options;
  const [config, found] = await Promise.all([loadConfig(folder), readDiscovered(schemaFolder)]);
  const problems: Problem[] = [...config.problems, ...found.problems];
  const used = new Set<string>();
  for (const [file, uses] of config.uses) {
    for (const use of uses) used.add(use.side.connection);
    problems.push(...checkFields({ file, uses, discovered: found.discovered, nowMs }));
  }
  const unread = [...used].filter((connection) => !found.discovered.has(connection)).sort();
  // Without the file that says where the systems are, there is nothing yet that could be discovered.
  const isLost = config.problems.some(
    ({ code, file }) => code === 'config.missing_file' && file === 'connections.yaml',
  );
  const notes = isLost
    ? []
    : unread.map((connection) => `fields of ${connection} not checked: run parley discover ${connection}`);
  const ok = !problems.some(isError);
  return { ok, exit: ok ? 0 : 3, config, problems: sortProblems(problems), notes, sources: config.sources };
}

type FoundSchemas = { readonly discovered: ReadonlyMap<string, Discovered>; readonly problems: readonly Problem[] };

/** Reads every discovered schema; one that cannot be read is a warning, since check must work without any. */
export async function readDiscovered(schemaFolder: string): Promise<FoundSchemas> {
  const names = await readdir(schemaFolder).catch((): string[] => []);
  const discovered = new Map<string, Discovered>();
  const problems: Problem[] = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const text = await readFile(join(schemaFolder, name), 'utf8').catch(() => undefined);
    const schema = text === undefined ? undefined : parseDiscovered(text);
    const connection = name.slice(0, -'.json'.length);
    if (schema !== undefined && schema.connection === connection) {
      discovered.set(connection, schema);
      continue;
    }
    const list = problemList(`.parley/schema/${name}`);
    list.report(
      'config.schema_unreadable',
      fileStart,
      'this file is not what discover writes, so its fields are not checked',
      {
        hint: `run parley discover ${connection}`,
      },
    );
    problems.push(...list.problems);
  }
  return { discovered, problems };
}
