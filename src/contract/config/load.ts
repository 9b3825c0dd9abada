import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import { revisionId } from '../../core/ids.js';
import type { PairRules } from '../../core/rules.js';
import { type Connection, connectionsFileName, readConnectionsFile } from './connections-file.js';
import type { FieldUse } from './field-use.js';
import { type PairFile, readPairFile } from './pair-file.js';
import {
  fileStart,
  isError,
  type Problem,
  type ProblemCode,
  problemCodes,
  problemList,
  sortProblems,
} from './problems.js';
import { checkReferences, childrenOf } from './reference-reader.js';
import { revisionOf } from './revision.js';
import { textRanges } from './text-ranges.js';

export type LoadedPair = { readonly rules: PairRules; readonly text: string; readonly file: string };

export type LoadedConfig = {
  /** Absolute. */
  readonly folder: string;
  /** Empty when connections.yaml has an error. */
  readonly connections: readonly Connection[];
  /** The pairs whose files have no error, by file name. */
  readonly pairs: readonly LoadedPair[];
  /** Every native field that the pair files name, with its place. */
  readonly uses: ReadonlyMap<string, readonly FieldUse[]>;
  readonly problems: readonly Problem[];
  /** The text of each file that was read, for showing lines of it. */
  readonly sources: ReadonlyMap<string, string>;
};

/** A file of the folder as it was found: its text, or why there is none. */
export type FoundFile =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly problem: Problem };

/** Reads a folder of configuration: connections.yaml and pairs/*.yaml. Contacts nothing; wrong files are problems. */
export async function loadConfig(folder: string): Promise<LoadedConfig> {
  const names = await pairFileNames(folder);
  const files = await Promise.all([connectionsFileName, ...names.files].map((file) => readText(folder, file)));
  return compileConfig(resolve(folder), files, names.problems);
}

/** The same for files that are already read; pure, and never throws. */
export function compileConfig(
  folder: string,
  files: readonly FoundFile[],
  found: readonly Problem[] = [],
): LoadedConfig {
  const sources = new Map<string, string>();
  const problems: Problem[] = [...found];
  for (const file of files) {
    if ('text' in file) sources.set(file.file, file.text);
    else problems.push(file.problem);
  }
  const connectionsText = sources.get(connectionsFileName);
  const connections = connectionsText === undefined ? undefined : readConnectionsFile(connectionsText, folder);
  problems.push(...(connections?.problems ?? []));
  const pairFiles = [...sources]
    .filter(([file]) => file !== connectionsFileName)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => readPairFile(file, text, connections?.names ?? null));
  for (const pair of pairFiles) problems.push(...pair.problems);
  problems.push(...crossWriters(pairFiles));
  problems.push(
    ...checkReferences(
      pairFiles.map(referring),
      pairFiles.map(({ file }) => nameOf(file)),
    ),
  );
  return {
    folder,
    connections: connections?.connections ?? [],
    pairs: withChildren(
      pairFiles.flatMap(({ rules, text, file }) => (rules === undefined ? [] : [{ rules, text, file }])),
    ),
    uses: new Map(pairFiles.map((pair) => [pair.file, pair.uses])),
    problems: sortProblems(problems),
    sources,
  };
}

type Compiled = LoadedConfig['pairs'][number];

/** What other pairs do when a record is deleted is part of what its own pair means: it waits for them. */
function withChildren(pairs: readonly Compiled[]): readonly Compiled[] {
  const children = childrenOf(pairs.map(({ rules }) => rules));
  return pairs.map((compiled) => {
    const own = children.get(compiled.rules.pair);
    if (own === undefined) return compiled;
    const { revision: _alone, ...meaning } = { ...compiled.rules, children: own };
    return { ...compiled, rules: { ...meaning, revision: revisionId(revisionOf(meaning, compiled.text)) } };
  });
}

/** Stops where a configuration with errors must not go further. @throws ParleyError `config.invalid` with the first error. */
export function requireSound(config: LoadedConfig): void {
  const errors = config.problems.filter(isError);
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new ParleyError(
    'config.invalid',
    `${first.file}:${first.line}:${first.column} ${first.code}: ${first.message}${more}. Nothing was changed.`,
    { hint: 'Run parley check to see every problem with its line.' },
  );
}

function fileProblem(file: string, code: ProblemCode, message: string, hint: string): Problem {
  return { code, severity: problemCodes[code], file, ...fileStart, message, hint };
}

async function pairFileNames(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Problem[] }> {
  let entries: readonly string[];
  try {
    entries = (await readdir(join(folder, 'pairs'))).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      return {
        files: [],
        problems: [
          fileProblem(
            'pairs',
            'config.unreadable',
            `the folder cannot be read (${errorCode(error)})`,
            'check its permissions',
          ),
        ],
      };
    }
    entries = [];
  }
  const files = entries.filter((name) => name.endsWith('.yaml')).map((name) => `pairs/${name}`);
  const problems = entries
    .filter((name) => /\.(yml|ya?ml\.txt|json)$/i.test(name))
    .map((name) =>
      fileProblem(`pairs/${name}`, 'config.file_ignored', 'this file is not read', 'pairs are files that end in .yaml'),
    );
  if (files.length === 0) {
    problems.push(
      fileProblem(connectionsFileName, 'config.no_pairs', 'there is no pair yet', 'write one: pairs/NAME.yaml'),
    );
  }
  return { files, problems };
}

async function readText(folder: string, file: string): Promise<FoundFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, file));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') {
      const hint = 'run the command in the folder that holds connections.yaml, or name that folder';
      return { file, problem: fileProblem(file, 'config.missing_file', 'this file does not exist', hint) };
    }
    return {
      file,
      problem: fileProblem(file, 'config.unreadable', `this file cannot be read (${code})`, 'check its permissions'),
    };
  }
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { file, problem: notUtf8(file, bytes) };
  }
}

const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown reason';

/** Where the first byte stands that is not UTF-8: what decodes before it, decodes in the whole as well. */
function notUtf8(file: string, bytes: Buffer): Problem {
  const tolerant = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const at = firstReplaced(tolerant, bytes);
  const { problems, report } = problemList(file);
  report('config.not_text', textRanges(tolerant)(at, at + 1), 'this is not UTF-8 text', {
    hint: 'save the file as UTF-8',
  });
  return problems[0] as Problem;
}

/** The index of the first replacement character that the bytes do not hold themselves. */
function firstReplaced(tolerant: string, bytes: Buffer): number {
  let index = tolerant.indexOf('\uFFFD');
  while (index !== -1) {
    const offset = Buffer.byteLength(tolerant.slice(0, index));
    if (bytes.subarray(offset, offset + 3).toString('hex') !== 'efbfbd') return index;
    index = tolerant.indexOf('\uFFFD', index + 1);
  }
  return 0;
}

const nameOf = (file: string): string => file.replace(/^pairs\//, '').replace(/\.yaml$/, '');

/** A reference is reported at the first field of its unit. */
function referring({ file, rules, uses }: PairFile): Parameters<typeof checkReferences>[0][number] {
  const units = new Map<string, FieldUse['range']>();
  for (const { unit, range } of uses) if (unit !== undefined && !units.has(unit.name)) units.set(unit.name, range);
  return { file, rules, units };
}

/** Two pairs that write one field know nothing of each other: one of them may undo what the other did. */
function crossWriters(pairs: readonly PairFile[]): readonly Problem[] {
  const found: Problem[] = [];
  const seen = new Map<string, { readonly file: string; readonly use: FieldUse }>();
  for (const { file, uses } of pairs) {
    for (const use of uses.filter(({ written }) => written)) {
      const { connection, object } = use.side;
      const place = JSON.stringify([connection, object, use.field]);
      const other = seen.get(place);
      if (other === undefined) seen.set(place, { file, use });
      if (other === undefined || other.file === file) continue;
      found.push({
        code: 'config.two_writers',
        severity: 'warning',
        file,
        ...use.range,
        message: `${connection}/${object} ${use.field} is also written by ${other.file}:${other.use.range.line}`,
        hint: 'make it one pair with three sides, so that both are decided together',
      });
    }
  }
  return found;
}
