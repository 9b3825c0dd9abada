import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderGithub, renderProblems } from '../../src/cli/check-render.js';
import { compileConfig } from '../../src/contract/config/load.js';
import type { Problem } from '../../src/contract/config/problems.js';

const read = (file: string): string =>
  readFileSync(new URL(`../../examples/suppliers/${file}`, import.meta.url), 'utf8');
const files = { 'connections.yaml': read('connections.yaml'), 'pairs/suppliers.yaml': read('pairs/suppliers.yaml') };
type FileName = keyof typeof files;

/** One careless edit: a stretch is cut, doubled, swapped with another, or something is put in. */
type Edit =
  | { readonly kind: 'cut' | 'double'; readonly at: number; readonly length: number }
  | { readonly kind: 'swap'; readonly at: number; readonly length: number; readonly with: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string };

const position = fc.nat({ max: 2000 });
const length = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 120 }));
const inserted = fc.oneof(
  fc.constantFrom(
    '\t',
    '\n',
    ' ',
    ':',
    ': ',
    '#',
    '-',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!x ',
    '%',
    '|',
    '>',
    '@',
    '\0',
    '\r',
    '\uFEFF',
    '---\n',
    '__proto__: ',
    'constructor: ',
    '? ',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('env:', 'either', 'as: join', 'null', '~', '1e999', '0x1F', '🙂', 'é'),
);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut' as const, 'double' as const), at: position, length }),
  fc.record({ kind: fc.constant('swap' as const), at: position, length, with: position }),
  fc.record({ kind: fc.constant('insert' as const), at: position, text: inserted }),
);

function apply(text: string, change: Edit): string {
  const at = change.at % (text.length + 1);
  if (change.kind === 'insert') return text.slice(0, at) + change.text + text.slice(at);
  const end = Math.min(text.length, at + change.length);
  const stretch = text.slice(at, end);
  if (change.kind === 'cut') return text.slice(0, at) + text.slice(end);
  if (change.kind === 'double') return text.slice(0, end) + stretch + text.slice(end);
  const rest = text.slice(0, at) + text.slice(end);
  const to = (change.kind === 'swap' ? change.with : 0) % (rest.length + 1);
  return rest.slice(0, to) + stretch + rest.slice(to);
}

function check(changed: FileName, text: string): ReturnType<typeof compileConfig> {
  const found = Object.entries({ ...files, [changed]: text }).map(([file, content]) => ({ file, text: content }));
  return compileConfig('/configuration', found);
}

/** A place that exists in the file; the end of a line may be pointed at. */
function isPlaced({ file, line, column, endColumn, message }: Problem, sources: ReadonlyMap<string, string>): boolean {
  const lines = (sources.get(file) ?? '').replace(/^\uFEFF/, '').split('\n');
  const text = lines[line - 1];
  const isWhole = [line, column, endColumn].every(Number.isInteger);
  return (
    isWhole &&
    message !== '' &&
    text !== undefined &&
    column >= 1 &&
    endColumn > column &&
    endColumn <= Math.max(text.length, 1) + 2
  );
}

const edited = fc.record({
  file: fc.constantFrom<FileName>('connections.yaml', 'pairs/suppliers.yaml', 'pairs/suppliers.yaml'),
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
});

test('however a file is broken, every problem has a place in it and rules come only from files without errors', () => {
  let broken = 0;
  fc.assert(
    fc.property(edited, ({ file, edits }) => {
      const text = edits.reduce(apply, files[file]);
      const { problems, pairs, sources } = check(file, text);
      expect(problems.filter((problem) => !isPlaced(problem, sources))).toEqual([]);
      const hasError = problems.some((problem) => problem.severity === 'error' && problem.file.startsWith('pairs/'));
      expect(pairs).toHaveLength(hasError ? 0 : 1);
      expect(check(file, text).problems).toEqual(problems);
      const shown = renderProblems(problems, sources, { color: false }) + renderGithub(problems);
      expect(shown.replaceAll('\n', '').match(/\p{Cc}/u)).toBeNull();
      if (problems.length > 0) broken += 1;
    }),
    { numRuns: 800 },
  );
  expect(broken).toBeGreaterThan(300);
});

test('any text at all is read without an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { problems, sources } = check('pairs/suppliers.yaml', text);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.filter((problem) => !isPlaced(problem, sources))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test.for([
  ['a hundred thousand open brackets', '['.repeat(100_000)],
  ['a hundred thousand open mappings', '{a: '.repeat(50_000)],
  ['a hundred thousand dashes', '- '.repeat(100_000)],
  ['a deep mapping', Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['twenty thousand unknown keys', Array.from({ length: 20_000 }, (_, key) => `key${key}: 1`).join('\n')],
  [
    'five thousand units',
    `systems: {}\nmasters:\n  either:\n${Array.from({ length: 5_000 }, (_, key) => `    u${key}: { a: b }\n`).join('')}`,
  ],
  ['more than a megabyte', `about: ${'x'.repeat(1_100_000)}\n`],
  [
    'many aliases of aliases',
    `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*a, *a]`).join('\n')}\n`,
  ],
] as const)('%s are a problem, not a crash', ([, text]) => {
  const { problems } = check('pairs/suppliers.yaml', text);
  expect(problems.some((problem) => problem.severity === 'error')).toBe(true);
});
