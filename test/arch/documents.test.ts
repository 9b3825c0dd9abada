import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { readTextFiles, type TextFile } from '../../tools/tidy/files.js';
import { errorCodes } from '../../src/core/errors.js';
import { problemCodes } from '../../src/contract/config/problems.js';
import { exits } from '../../src/cli/exit-codes.js';

const root = join(import.meta.dirname, '..', '..');
const files = readTextFiles(root);
const documents = files.filter(({ path }) => path.endsWith('.md'));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string): string => text.replace(/^( *)```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '');
/** What stands in code, in blocks or within a line: commands, codes, output. */
const codeOf = (text: string): string => [...text.matchAll(/^( *)```[\s\S]*?^ *```$|`[^`\n]*`/gm)].join('\n');

/** The names under which a reader can jump to the headings of a document. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^( *)```[\s\S]*?^ *```$/gm, '').matchAll(/^#{1,6} +(.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

/** Links of a document to a file or a heading that is not there. */
function brokenLinks({ path, text }: TextFile): readonly string[] {
  const links = [...withoutCode(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
  return links
    .filter((to) => !/^[a-z]+:/.test(to))
    .filter((to) => {
      const [place = '', heading] = to.split('#');
      const target = place === '' ? path : normalize(join(dirname(path), decodeURIComponent(place)));
      if (target.startsWith('..') || !existsSync(join(root, target))) return true;
      return heading !== undefined && !anchorsOf(textOf(target)).has(heading);
    })
    .map((to) => `${path}: ${to}`);
}

test('every relative link of every document leads to a file or a heading', () => {
  const links = documents.flatMap(({ text }) => [...withoutCode(text).matchAll(/\]\(/g)]);
  expect(links.length).toBeGreaterThan(30);
  expect(documents.flatMap(brokenLinks)).toEqual([]);
});

test.for([
  ['a file that is not there', '[a](nothing.md)', 1],
  ['a heading that is not there', '[a](README.md#nothing-of-the-kind)', 1],
  ['a file outside', '[a](../elsewhere.md)', 1],
  ['a file', '[a](LICENSE)', 0],
  ['a heading', '[a](README.md#see-it)', 0],
  ['an address elsewhere', '[a](https://example.com/nothing)', 0],
  ['what is only shown', '`[a](nothing.md)`', 0],
] as const)('a link to %s is judged', ([, text, broken]) => {
  expect(brokenLinks({ path: 'a.md', text })).toHaveLength(broken);
});

test('the two commands of the quick start stand in the README just so, each in a block of its own', () => {
  const blocks = [...textOf('README.md').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body]) => body);
  expect(blocks.slice(0, 2)).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: { readonly [name: string]: string } };
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
});

test("the README shows the example's file as it is", () => {
  const [first] = [...textOf('README.md').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
  const example = textOf('examples/suppliers/pairs/suppliers.yaml').replace(/^# yaml-language-server.*\n/, '');
  expect(first?.[1]).toBe(example);
});

test('every package that is needed to run says why it is here', () => {
  const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: { readonly [name: string]: string } };
  const rows = [...textOf('docs/ARCHITECTURE.md').matchAll(/^\| `([^`]+)` \| (.{15,}) \|$/gm)].map(([, name]) => name);
  const packages = rows.slice(rows.indexOf('@clack/prompts'));
  expect(packages).toEqual(Object.keys(dependencies).sort());
});

const codes: ReadonlySet<string> = new Set([...Object.keys(errorCodes), ...Object.keys(problemCodes)]);
const areas = [...new Set([...codes].map((code) => code.split('.')[0]))].join('|');
const notCodes = /\.(yaml|json|log|lock|ts|md|csv|dump|sql)$/;

test.for(documents.map((document) => [document.path, document] as const))(
  'the codes that %s names exist',
  ([, { text }]) => {
    const named = [...codeOf(text).matchAll(new RegExp(`(?<![\\w./-])(?:${areas})\\.[a-z]+(?:_[a-z]+)*\\b`, 'g'))];
    const unknown = named.map(([code]) => code).filter((code) => !codes.has(code) && !notCodes.test(code));
    // Native fields of the examples look like codes.
    expect(unknown.filter((code) => !/^(record|pair|plan)\.\w+$/.test(code))).toEqual([]);
  },
);

test('the exit codes in the guide are those of the command line', () => {
  const rows = [...textOf('docs/guide/command-line.md').matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
  expect(rows).toEqual(Object.values(exits));
});
