import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTextFiles } from '../../tools/tidy/files.js';
import { citationsIn, invariantsOf, specificationProblems } from '../../tools/tidy/specification.js';

const files = readTextFiles(join(import.meta.dirname, '..', '..'));
const code = files.filter(
  ({ path }) => /^(src|workflows|activities|test)\//.test(path) && !path.startsWith('test/arch/'),
);

test('docs/SPEC.md is there and states at least ten invariants', () => {
  const specification = files.find(({ path }) => path === 'docs/SPEC.md')?.text;
  expect(specification, 'docs/SPEC.md').toBeDefined();
  expect(invariantsOf(specification ?? '').length).toBeGreaterThanOrEqual(10);
});

test('every invariant names a test that cites it, and every citation names an invariant', () => {
  const specification = files.find(({ path }) => path === 'docs/SPEC.md')?.text ?? '';
  expect(specificationProblems(specification, code)).toEqual([]);
});

const cite = (id: string): string => ['SPEC', id].join(' ');
const enforcing = { path: 'test/core/a.test.ts', text: `// ${cite('I1')}` };

test.for([
  ['a heading', '### I1 No edit is lost\nEnforced by: test/core/a.test.ts\n'],
  ['a list item', '- **I1** No edit is lost.\n  Enforced by `test/core/a.test.ts`.\n'],
  ['a table row', '| I1 | No edit is lost | test/core/a.test.ts |\n'],
  ['a bold word', '**I1.** No edit is lost. (test/core/a.test.ts)\n'],
] as const)('an invariant is found in %s', ([, text]) => {
  expect(invariantsOf(text).map(({ id, enforcedBy }) => [id, enforcedBy])).toEqual([['I1', [enforcing.path]]]);
  expect(specificationProblems(text, [enforcing])).toEqual([]);
});

test.for([
  [
    'no test',
    '### I1 a\n',
    [],
    ['I1 names no test that enforces it', 'I1: no test that it names cites it as "SPEC I1"'],
  ],
  [
    'a test that is gone',
    '### I1 a\ntest/core/b.test.ts and test/core/a.test.ts\n',
    [enforcing],
    ['I1 is enforced by test/core/b.test.ts, which does not exist'],
  ],
  [
    'a test that does not cite it',
    '### I1 a\ntest/core/a.test.ts\n',
    [{ ...enforcing, text: '' }],
    ['I1: no test that it names cites it as "SPEC I1"'],
  ],
  [
    'a citation of nothing',
    '### I1 a\ntest/core/a.test.ts\n',
    [{ ...enforcing, text: `${cite('I1')} ${cite('I9')}` }],
    ['test/core/a.test.ts cites SPEC I9, which is not defined'],
  ],
  [
    'a number given twice',
    '### I1 a\ntest/core/a.test.ts\n### I1 b\ntest/core/a.test.ts\n',
    [enforcing],
    ['I1 is defined twice'],
  ],
] as const)('%s is a problem', ([, text, withFiles, problems]) => {
  expect(specificationProblems(text, withFiles)).toEqual(problems);
});

test('a citation may name several invariants', () => {
  expect(citationsIn([{ path: 'a', text: cite('I1, I2 and I30') }]).map(({ id }) => id)).toEqual(['I1', 'I2', 'I30']);
});
