import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeRules, functionLinesMax, parseCode } from '../../tools/tidy/code-rules.js';
import { readTextFiles, type TextFile } from '../../tools/tidy/files.js';
import { fileLinesMax, textRules } from '../../tools/tidy/text-rules.js';

const files = readTextFiles(join(import.meta.dirname, '..', '..'));
const codeFiles = files.filter(({ path }) => /^(src|workflows|activities|test|tools|bench)\/.*\.[cm]?tsx?$/.test(path));

function problemsIn(file: TextFile): readonly string[] {
  const inText = textRules.flatMap((rule) => rule(file));
  if (!/\.[cm]?tsx?$/.test(file.path)) return inText;
  const code = parseCode(file);
  return [...inText, ...codeRules.flatMap((rule) => rule(code))];
}

test('the whole repository is looked at', () => {
  const seen = new Set(files.map(({ path }) => path));
  expect([...seen]).toEqual(
    expect.arrayContaining(['package.json', 'package-lock.json', 'LICENSE', '.npmrc', 'src/core/errors.ts']),
  );
  expect(codeFiles.length).toBeGreaterThan(30);
});

test.for(textRules.map((rule) => [rule.name, rule] as const))('no file breaks the rule %s', ([, rule]) => {
  expect(files.flatMap((file) => rule(file))).toEqual([]);
});

test.for(codeRules.map((rule) => [rule.name, rule] as const))('no code breaks the rule %s', ([, rule]) => {
  expect(codeFiles.map(parseCode).flatMap((file) => rule(file))).toEqual([]);
});

// Joined here, so that this file does not hold what it plants.
const todo = ['TO', 'DO'].join('');
const lines = (count: number, line: string): string => `${line}\n`.repeat(count);
const inTest = (body: string): string =>
  `import { expect, test, describe } from 'vitest';\n${body}\nexpect(1).toBe(1);\n`;

describe('a planted fault is found', () => {
  test.for([
    ['a long file', 'src/core/a.ts', lines(fileLinesMax + 1, '//')],
    ['a long line', 'src/core/a.ts', `// ${'x'.repeat(150)}`],
    ['a long function', 'src/core/a.ts', `export function a() {\n${lines(functionLinesMax, '  b();')}}`],
    ['a long arrow function', 'src/core/a.ts', `export const a = () => {\n${lines(functionLinesMax, '  b();')}};`],
    ['a grab-bag folder', 'src/core/utils/a.ts', ''],
    ['a grab-bag file', 'src/api/helpers.ts', ''],
    ['a file in camel case', 'src/api/makeIt.ts', ''],
    ['a test that no tier runs', 'test/core/a.spec.ts', ''],
    ['a test of an unknown tier', 'test/core/a.db.test.ts', ''],
    ['a leftover marker', 'docs/a.md', `${todo}: later`],
    ['a marker in a configuration file', 'docker-compose.yml', `# ${todo}`],
    ['select with a star', 'src/db/a.ts', 'export const q = `select * from pairs`;'],
    ['returning with a star', 'migrations/0001.sql', 'insert into a values (1) RETURNING *'],
    ['a path of one machine', 'docs/a.md', `see ${['', 'work', 'main'].join('/')}`],
    ['a home folder', 'test/a.test.ts', inTest(`const at = '${['', 'home', 'ada', 'x'].join('/')}';`)],
    ['a design document', 'src/core/a.ts', `// see ${['semantics', 'md'].join('.')}`],
    ['an emoji', 'src/cli/a.ts', `export const a = '${String.fromCodePoint(0x1f680)}';`],
    ['an address in the lockfile', 'package-lock.json', '"resolved": "https://registry.example/a.tgz"'],
    ['a banned word', 'src/core/a.ts', 'export const crmProvider = 1;'],
    ['a banned phrase', 'src/core/a.ts', 'export type A = { externalId: string };'],
    ['an empty test', 'test/a.test.ts', inTest("test('a', () => {});")],
    ['a test that is switched off', 'test/a.test.ts', inTest("test.skip('a', () => { expect(1).toBe(1); });")],
    ['a test that runs alone', 'test/a.test.ts', inTest("describe.only('a', () => { test('b', () => { x(); }); });")],
    ['a table that is switched off', 'test/a.test.ts', inTest("test.skip.each([1])('a', () => { x(); });")],
    ['a planned test', 'test/a.test.ts', inTest("test.todo('a');")],
    ['a second test of the same name', 'test/a.test.ts', inTest(lines(2, "test('a', () => { x(); });"))],
    ['a test file that expects nothing', 'test/a.test.ts', "test('a', () => { x(); });"],
  ] as const)('%s', ([, path, text]) => {
    expect(problemsIn({ path, text })).toHaveLength(1);
  });
});

describe('what is allowed stays allowed', () => {
  test.for([
    ['a long test function', 'test/a.test.ts', inTest(`test('a', () => {\n${lines(functionLinesMax, '  b();')}});`)],
    ['a star that counts', 'src/db/a.ts', 'export const q = `select count(*) from pairs`;'],
    ['a path of the image', 'Dockerfile', 'COPY . /home/node/app/'],
    ['a path of the repository', 'docs/a.md', 'docs/root/main.md and ./root/a'],
    [
      'one name in two suites',
      'test/a.test.ts',
      inTest(['a', 'b'].map((s) => `describe('${s}', () => { test('c', () => { x(); }); });`).join('\n')),
    ],
    ['a name that holds a banned word as a part', 'src/core/a.ts', 'export const enslaved = 1;'],
  ] as const)('%s', ([, path, text]) => {
    expect(problemsIn({ path, text })).toEqual([]);
  });
});
