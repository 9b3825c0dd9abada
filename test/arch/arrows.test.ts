import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkArrows } from '../../tools/arrows/check.js';
import { readModules } from '../../tools/arrows/modules.js';
import { type Rules, rules } from '../../tools/arrows/rules.js';

/** The real rules, for a tree too small to hold every zone. */
const small: Rules = {
  ...rules,
  modulesAtLeast: 1,
  zones: rules.zones.map((zone) => ({ ...zone, optional: true })),
};

function problemsIn(files: { readonly [path: string]: string }, by: Rules = small): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkArrows(readModules(root, ['src', 'workflows', 'activities', 'test']), by).problems;
}

const leaf = 'export const leaf = 1;\nexport type Leaf = number;\n';

test.for([
  ['the core knows nothing outside', 'src/core/a.ts', 'src/engine/ports.ts', false],
  ['the engine knows the core', 'src/engine/a.ts', 'src/core/b.ts', true],
  ['the engine has never heard of the database', 'src/engine/a.ts', 'src/db/b.ts', false],
  ['an adapter knows the ports', 'src/db/a.ts', 'src/engine/store.ts', true],
  ['an adapter does not know the use cases', 'src/db/a.ts', 'src/engine/take-page.ts', false],
  ['a connector knows the contract', 'src/connectors/csv/a.ts', 'src/contract/b.ts', true],
  ['a connector knows itself', 'src/connectors/csv/a.ts', 'src/connectors/csv/b.ts', true],
  ['a connector never sees another', 'src/connectors/csv/a.ts', 'src/connectors/postgres/b.ts', false],
  ['a connector never sees the registry', 'src/connectors/csv/a.ts', 'src/connectors/registry.ts', false],
  ['the registry sees every connector', 'src/connectors/registry.ts', 'src/connectors/csv/b.ts', true],
  ['the Temporal adapter knows the messages', 'src/temporal/a.ts', 'workflows/messages.ts', true],
  ['the Temporal adapter does not run workflow code', 'src/temporal/a.ts', 'workflows/sync-pair.ts', false],
  ['a workflow does not run an activity', 'workflows/a.ts', 'activities/b.ts', false],
  ['a workflow does not know the engine', 'workflows/a.ts', 'src/engine/ports.ts', false],
  ['an activity calls the engine', 'activities/a.ts', 'src/engine/take-page.ts', true],
  ['the command line does not reach the database', 'src/cli/a.ts', 'src/db/b.ts', false],
  ['the development stack does not know main', 'src/dev/a.ts', 'src/main/b.ts', false],
  ['the API does not know main', 'src/api/a.ts', 'src/main/b.ts', false],
  ['main composes', 'src/main/a.ts', 'src/db/b.ts', true],
  ['nothing that ships knows a test', 'src/main/a.ts', 'test/support/b.ts', false],
] as const)('%s', ([, from, to, allowed]) => {
  const up = '../'.repeat(from.split('/').length - 1);
  const importing = `import { leaf } from '${up}${to.replace(/\.ts$/, '.js')}';\nexport const used = leaf;\n`;
  const problems = problemsIn({ [from]: importing, [to]: leaf });
  expect(problems.map((problem) => problem.split(': ')[0])).toEqual(allowed ? [] : [`${from}:1 imports ${to}`]);
});

test.for([
  ["import type { Leaf } from '../activities/b.js';\nexport type Mine = Leaf;", true],
  ["export type Mine = import('../activities/b.js').Leaf;", true],
  ["export type { Leaf } from '../activities/b.js';\nexport const mine = 1;", true],
  ["import { type Leaf } from '../activities/b.js';\nexport type Mine = Leaf;", false],
  ["export const mine = () => import('../activities/b.js');", false],
  ["export { leaf } from '../activities/b.js';\nexport const mine = 1;", false],
] as const)('of an activity a workflow may import what compilation removes: %s', ([text, allowed]) => {
  expect(problemsIn({ 'workflows/a.ts': text, 'activities/b.ts': leaf })).toHaveLength(allowed ? 0 : 1);
});

test.for([
  ['src/core/a.ts', 'node:crypto', false],
  ['src/core/a.ts', 'zod', false],
  ['src/core/a.ts', 'decimal.js', true],
  ['src/engine/a.ts', 'postgres', false],
  ['src/db/a.ts', 'postgres', true],
  ['workflows/a.ts', '@temporalio/workflow', true],
  ['workflows/a.ts', '@temporalio/client', false],
  ['workflows/a.ts', 'zod', false],
  ['src/connectors/csv/a.ts', '@temporalio/client', false],
  ['src/connectors/csv/a.ts', 'csv-parse/sync', true],
] as const)('in %s the package %s is judged by the list of its folder', ([path, name, allowed]) => {
  expect(problemsIn({ [path]: `import * as it from '${name}';\nexport const used = it;\n` })).toHaveLength(
    allowed ? 0 : 1,
  );
});

test('a wrapped package has one wrapper', () => {
  const text = "import { Decimal } from 'decimal.js';\nexport const zero = new Decimal(0);\n";
  expect(problemsIn({ 'src/core/a.ts': text, 'src/core/b.ts': text })).toEqual([
    'decimal.js has one wrapper in src/core, but is imported by src/core/a.ts and src/core/b.ts',
  ]);
});

test('modules that import each other are named as a cycle', () => {
  const problems = problemsIn({
    'src/core/a.ts': "import { b } from './b.js';\nexport const a = b;\n",
    'src/core/b.ts': "import { c } from './c.js';\nexport const b = c;\n",
    'src/core/c.ts': "import type { a } from './a.js';\nexport const c: typeof a = 1;\n",
  });
  expect(problems).toEqual(['cycle: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts']);
});

test('a file that only hands on the exports of others is refused', () => {
  const files = { 'src/core/index.ts': "export { leaf } from './leaf.js';\n", 'src/core/leaf.ts': leaf };
  expect(problemsIn(files)).toHaveLength(1);
});

test('an import of a file that is not there is named', () => {
  expect(problemsIn({ 'src/core/a.ts': "import './gone.js';\n" })).toEqual([
    'src/core/a.ts:1 imports src/core/gone.js, which does not exist',
  ]);
});

test('an import whose name is computed stops the check', () => {
  expect(() => problemsIn({ 'src/core/a.ts': 'export const it = (name: string) => import(name);\n' })).toThrow(
    'src/core/a.ts',
  );
});

test('a folder without a rule is a problem', () => {
  expect(problemsIn({ 'src/helpers/a.ts': leaf })).toEqual(['src/helpers/a.ts: no rule covers this folder']);
});

test('an empty tree fails: nothing was looked at', () => {
  const problems = problemsIn({}, rules);
  expect(problems[0]).toBe(`saw 0 modules, expected at least ${rules.modulesAtLeast}: nothing is proved`);
  expect(problems).toContain('src/core: no module there, so its rule was never tried');
});
