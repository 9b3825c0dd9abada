import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missing, mutants, laterMutants } from './mutant-list.js';

const root = join(import.meta.dirname, '..', '..');

// Quick, so that who moves an expression learns of it at once and moves the mutant too.
test.for([...mutants, ...laterMutants].map((mutant) => [mutant.name, mutant] as const))(
  'the expression that "%s" replaces stands in its file once',
  ([, { file, from, to }]) => {
    expect(readFileSync(join(root, file), 'utf8').split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  },
);

test('there are eighteen, with those whose feature is missing', () => {
  expect(new Set([...mutants, ...missing].map(({ name }) => name)).size).toBe(18);
});
