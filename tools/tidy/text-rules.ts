import type { TextFile } from './files.js';

/** What a rule finds wrong in one file: sentences that begin with `path:line` or the path. */
export type TextRule = (file: TextFile) => readonly string[];

export const fileLinesMax = 400;
export const columnsMax = 140;

const code = /^(src|workflows|activities|test|tools|bench)\/.*\.[cm]?tsx?$/;
const shipped = /^(src|workflows|activities|migrations)\/.*\.([cm]?tsx?|sql)$/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const grabBags = new Set(['utils', 'util', 'helpers', 'helper', 'shared', 'common', 'misc']);

// The brackets and the missing slash keep this file from finding itself.
const leftovers = /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/;
const machinePath = new RegExp(`(?<![\\w.~-])/(${['work', 'root', 'home/(?!node\\b)\\w+', 'Users/\\w+'].join('|')})/`);
const designDocument = /\b(semantics|decisions|experience|dependencies|temporal|style|architecture|peers)\.md\b/;

/** Files stay short enough to be read in one sitting. */
export const shortFiles: TextRule = ({ path, text }) => {
  const lines = text.split('\n').length - 1;
  return code.test(path) && lines > fileLinesMax ? [`${path}: ${lines} lines, at most ${fileLinesMax}`] : [];
};

/** The formatter breaks code at 120 columns but leaves comments and strings alone; tests may hold long data. */
export const shortLines: TextRule = ({ path, text }) =>
  code.test(path) && !path.startsWith('test/')
    ? linesWhere(text, (line) => line.length > columnsMax).map((n) => `${path}:${n}: longer than ${columnsMax} columns`)
    : [];

/** A name says what is in a file; a grab-bag name says nothing. */
export const nounNames: TextRule = ({ path }) => {
  if (!code.test(path)) return [];
  const parts = path.split('/').map((part) => part.replace(/(\.[a-z]+){0,2}\.[cm]?tsx?$/, ''));
  return parts.flatMap((part) => {
    if (grabBags.has(part)) return [`${path}: a folder or file called ${part} becomes a dumping ground`];
    return kebab.test(part) ? [] : [`${path}: ${part} is not kebab-case`];
  });
};

const tiers: ReadonlySet<string> = new Set(['files', 'pg', 'stack']);

/** A test file of an unknown kind would run in no tier, or in the wrong one. */
export const knownTiers: TextRule = ({ path }) => {
  if (/\.spec\.[cm]?tsx?$/.test(path)) return [`${path}: is never run; tests end in .test.ts`];
  const tier = /\.([^./]+)\.test\.tsx?$/.exec(path)?.[1];
  return tier === undefined || tiers.has(tier) ? [] : [`${path}: unknown tier ${tier}`];
};

export const noLeftovers: TextRule = ({ path, text }) =>
  linesWhere(text, (line) => path !== 'package-lock.json' && leftovers.test(line)).map(
    (n) => `${path}:${n}: leftover marker`,
  );

/** A column added later must not change what a statement returns. */
export const listedColumns: TextRule = ({ path, text }) =>
  shipped.test(path)
    ? linesWhere(text, (line) => /\b(select|returning)\s+\*/i.test(line)).map((n) => `${path}:${n}: name the columns`)
    : [];

export const noMachinePaths: TextRule = ({ path, text }) =>
  linesWhere(text, (line) => machinePath.test(line)).map((n) => `${path}:${n}: a path of one machine`);

/** Rules are cited from the specification that ships with the code. */
export const citesOurDocuments: TextRule = ({ path, text }) =>
  code.test(path)
    ? linesWhere(text, (line) => designDocument.test(line)).map((n) => `${path}:${n}: cite docs/SPEC.md instead`)
    : [];

export const plainCode: TextRule = ({ path, text }) =>
  code.test(path) && !path.startsWith('test/')
    ? linesWhere(text, (line) => /\p{Emoji_Presentation}/u.test(line)).map((n) => `${path}:${n}: emoji`)
    : [];

/** The lockfile must work with every registry, so it holds no addresses. */
export const lockWithoutAddresses: TextRule = ({ path, text }) =>
  path === 'package-lock.json'
    ? linesWhere(text, (line) => /"resolved":/.test(line)).map((n) => `${path}:${n}: holds an address`)
    : [];

export const textRules: readonly TextRule[] = [
  shortFiles,
  shortLines,
  nounNames,
  knownTiers,
  noLeftovers,
  listedColumns,
  noMachinePaths,
  citesOurDocuments,
  plainCode,
  lockWithoutAddresses,
];

function linesWhere(text: string, wrong: (line: string) => boolean): readonly number[] {
  return text.split('\n').flatMap((line, index) => (wrong(line) ? [index + 1] : []));
}
