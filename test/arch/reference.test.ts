import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { referencePages } from '../../tools/reference/pages.js';

const root = join(import.meta.dirname, '..', '..');
const pages = referencePages();
const textOf = (name: string): string => pages.find(({ path }) => path.endsWith(name))?.text ?? '';

test.for(pages.map((page) => [page.path, page.text] as const))(
  '%s is current: else npm run reference',
  ([path, text]) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  },
);

test('the pages name commands, options, addresses, shapes and codes', () => {
  expect(textOf('command-line.md')).toMatch(/## parley review decide[\s\S]*`--keep <side>`/);
  expect(textOf('command-line.md').match(/^## parley /gm)?.length).toBeGreaterThan(30);
  expect(textOf('api.md')).toContain('| `POST /v1/plans/{id}/approve` |');
  expect(textOf('api.md')).toMatch(/### Pair\n[\s\S]*\[HealthWord\]\(#healthword\)/);
  expect(textOf('errors.md')).toContain('| `plan.expired` |  | 4 | 409 |');
});
