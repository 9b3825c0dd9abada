import { type Node, parseSync, type Program, Visitor } from 'oxc-parser';
import type { TextFile } from './files.js';

/** A parsed file and the line of an offset in it. */
export type CodeFile = TextFile & { readonly program: Program; readonly lineAt: (offset: number) => number };
export type CodeRule = (file: CodeFile) => readonly string[];

export const functionLinesMax = 70;

const bannedWords = new Set(['provider', 'slave', 'bookmark', 'resync', 'plugin']);
const bannedPairs = [
  'external id',
  'external key',
  'soft delete',
  'dead letter',
  'sync job',
  'source side',
  'target side',
];
const bannedPhrases = [...bannedPairs, 'source system', 'target system', 'source record', 'target record'];

export function parseCode(file: TextFile): CodeFile {
  const { program, errors } = parseSync(file.path, file.text);
  if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0]?.message}`);
  return { ...file, program, lineAt: (offset) => file.text.slice(0, offset).split('\n').length };
}

/** Functions fit on a screen. A test file's functions are lists of tests and may be longer. */
export const shortFunctions: CodeRule = ({ path, program, lineAt }) => {
  if (path.startsWith('test/')) return [];
  const found: string[] = [];
  const judge = (node: { readonly start: number; readonly end: number }): void => {
    const lines = lineAt(node.end) - lineAt(node.start) + 1;
    if (lines > functionLinesMax) {
      found.push(`${path}:${lineAt(node.start)}: a function of ${lines} lines, at most ${functionLinesMax}`);
    }
  };
  new Visitor({ FunctionDeclaration: judge, FunctionExpression: judge, ArrowFunctionExpression: judge }).visit(program);
  return found;
};

/** One word for one idea: the words that the glossary refuses are not used in names. */
export const glossaryWords: CodeRule = ({ path, program, lineAt }) => {
  const found = new Map<string, string>();
  new Visitor({
    Identifier: ({ name, start }) => {
      const words = wordsOf(name);
      const phrase = bannedPhrases.find((banned) => ` ${words.join(' ')} `.includes(` ${banned} `));
      const banned = words.find((word) => bannedWords.has(word)) ?? phrase;
      if (banned !== undefined) found.set(name, `${path}:${lineAt(start)}: ${name} says "${banned}", see the glossary`);
    },
  }).visit(program);
  return [...found.values()];
};

function wordsOf(name: string): readonly string[] {
  return (name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
}

/** Tests that do not test: empty, switched off, narrowed to one, or hidden behind another of the same name. */
export const honestTests: CodeRule = ({ path, text, program, lineAt }) => {
  if (!path.endsWith('.test.ts')) return [];
  const found: string[] = [];
  const suites: string[] = [];
  const names = new Set<string>();
  new Visitor({
    CallExpression: (node) => {
      const callee = testCallee(node.callee);
      if (callee === undefined) return;
      const at = `${path}:${lineAt(node.start)}`;
      const switched = callee.members.find((member) => ['only', 'skip', 'todo', 'fails'].includes(member));
      if (switched !== undefined) found.push(`${at}: .${switched} is not for commits`);
      const title = node.arguments[0];
      const name = title?.type === 'Literal' && typeof title.value === 'string' ? title.value : undefined;
      if (callee.root === 'describe') suites.push(name ?? '');
      if (callee.root === 'describe' || name === undefined) return;
      const full = [...suites, name].join(' > ');
      if (names.has(full)) found.push(`${at}: a second test called "${full}"`);
      names.add(full);
      if (node.arguments.some(isEmptyFunction)) found.push(`${at}: the test "${name}" is empty`);
    },
    'CallExpression:exit': (node) => {
      if (testCallee(node.callee)?.root === 'describe') suites.pop();
    },
  }).visit(program);
  if (names.size > 0 && !/\b(expect|assert)\b/.test(text)) found.push(`${path}: tests that expect nothing`);
  return [...new Set(found)];
};

export const codeRules: readonly CodeRule[] = [shortFunctions, glossaryWords, honestTests];

type TestCallee = { readonly root: 'test' | 'describe'; readonly members: readonly string[] };

/** Reads `test`, `test.only`, `describe.skip`, and `test.for([...])`, whose result is what is called with a name. */
function testCallee(node: Node): TestCallee | undefined {
  if (node.type === 'Identifier') {
    if (node.name === 'test' || node.name === 'it') return { root: 'test', members: [] };
    return node.name === 'describe' || node.name === 'suite' ? { root: 'describe', members: [] } : undefined;
  }
  if (node.type === 'CallExpression') return testCallee(node.callee);
  if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return undefined;
  const object = testCallee(node.object);
  return object && { root: object.root, members: [...object.members, node.property.name] };
}

function isEmptyFunction(node: Node): boolean {
  if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionExpression') return false;
  return node.body?.type === 'BlockStatement' && node.body.body.length === 0;
}
