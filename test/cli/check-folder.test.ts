import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeEditorSchemas } from '../../src/cli/check-editor.js';
import { checkFolder, schemaFolderOf } from '../../src/cli/check-folder.js';
import { checkJson, renderGithub, renderProblems } from '../../src/cli/check-render.js';
import { requireSound } from '../../src/contract/config/load.js';
import { valueAt } from '../../src/contract/config/shape-problems.js';

const example = fileURLToPath(new URL('../../examples/suppliers', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-check-'));
  await mkdir(join(folder, 'pairs'));
  for (const file of ['connections.yaml', 'pairs/suppliers.yaml']) await cp(join(example, file), join(folder, file));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function change(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  await writeFile(join(folder, file), text.replace(from, to));
}

const pairPath = 'pairs/suppliers.yaml';

function crmSchema(fields: readonly string[]): string {
  const described = fields.map((name) => ({ name, type: 'text', writable: true, nullable: true }));
  const object = {
    object: 'public.accounts',
    fields: described,
    key: ['assignment'],
    writeClass: 'W2',
    createClass: 'C2',
    reads: 'feed',
    deletes: 'listing',
    fingerprint: 'x',
  };
  return JSON.stringify({ connection: 'crm', readAt: '2026-05-01T10:00:00Z', objects: { 'public.accounts': object } });
}

async function discover(text: string): Promise<void> {
  await mkdir(schemaFolderOf(folder), { recursive: true });
  await writeFile(join(schemaFolderOf(folder), 'crm.json'), text);
}

test('the example is sound, and what could not be checked is said', async () => {
  const result = await checkFolder(folder);
  expect(result).toMatchObject({ ok: true, exit: 0, problems: [] });
  expect(result.notes).toEqual([
    'fields of crm not checked: run parley discover crm',
    'fields of erp not checked: run parley discover erp',
  ]);
});

test('a problem is shown with its place, its line with a mark, and the next step', async () => {
  await change(pairPath, 'as: join, same: words }', 'as: join, same: wrods }');
  const { problems, sources, exit } = await checkFolder(folder);
  expect(exit).toBe(3);
  expect(renderProblems(problems, sources, { color: false })).toBe(
    [
      'pairs/suppliers.yaml:14:93  error  config.unknown_word  "wrods" is not a word of "same"',
      '   14 |     address: { crm: [street, locality, country], erp: organization_address, as: join, same: wrods }',
      `      | ${' '.repeat(92)}^^^^^`,
      '   hint: did you mean words?',
      '1 error, 0 warnings in 2 files. Nothing was contacted.',
    ].join('\n'),
  );
});

test('colour changes no character that is read', async () => {
  await change(pairPath, 'owner: data', 'ownr: data');
  const { problems, sources } = await checkFolder(folder);
  const colored = renderProblems(problems, sources, { color: true });
  expect(colored).not.toBe(renderProblems(problems, sources, { color: false }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is taken out.
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(renderProblems(problems, sources, { color: false }));
});

test('wide characters and tabs do not move the mark away from its place', async () => {
  await change(pairPath, 'owner: data', 'owner: data\nabuot: x');
  await change(pairPath, 'abuot: x', '"供应商": x');
  const { problems, sources } = await checkFolder(folder);
  const shown = renderProblems(problems, sources, { color: false }).split('\n');
  expect(shown[2]).toBe(`      | ${'^'.repeat(8)}`);
});

test('a long line is shown around the place', async () => {
  await change(pairPath, 'about: The', `about: { ${'x'.repeat(300)}: `);
  await change(pairPath, 'correct a name.', 'correct a name. }');
  const { problems, sources } = await checkFolder(folder);
  expect(
    Math.max(
      ...renderProblems(problems, sources, { color: false })
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThan(140);
});

test('a secret is shown nowhere, neither in a message nor in the line', async () => {
  await change('connections.yaml', 'env:CRM_URL', 'postgres://crm:hunter2@db/crm, ulr: postgres://crm:hunter2@db/crm');
  const result = await checkFolder(folder);
  const shown = [
    renderProblems(result.problems, result.sources, { color: false }),
    renderGithub(result.problems),
    JSON.stringify(checkJson(result)),
  ].join('\n');
  expect(result.problems.filter((problem) => problem.code === 'config.secret_in_file')).toHaveLength(2);
  expect(shown).not.toContain('hunter2');
  expect(shown).toContain('postgres://crm:*******@db/crm');
});

test('pull requests get one command for each problem', async () => {
  await change(pairPath, 'crm: ask,', 'crm: unlink,');
  const { problems } = await checkFolder(folder);
  expect(renderGithub(problems, 'config/')).toBe(
    '::error file=config/pairs/suppliers.yaml,line=19,col=17,endColumn=23,title=config.not_available::' +
      '"deletes: unlink" is not executed by this version (possible here: ask, delete, archive, restore, ignore)',
  );
});

test('--json is one object that says what was read', async () => {
  await change(pairPath, 'run: { every: 1s }', 'run: { every: 1s, listen: true }');
  expect(checkJson(await checkFolder(folder))).toMatchObject({
    schema: 'parley.check/1',
    ok: true,
    exit: 0,
    data: {
      files: ['connections.yaml', pairPath],
      pairs: [{ pair: 'suppliers', file: pairPath, revision: expect.stringMatching(/^[0-9a-f]{12}$/) }],
    },
    problems: [
      { code: 'config.not_available', severity: 'warning', file: pairPath, line: 21, column: 19, endColumn: 25 },
    ],
  });
});

test('fields are checked where they were discovered', async () => {
  await discover(crmSchema(['assignment', 'name', 'street', 'locality', 'land']));
  const { problems, notes } = await checkFolder(folder, { nowMs: Date.parse('2026-05-03T12:00:00Z') });
  expect(problems).toMatchObject([
    { code: 'config.unknown_field', file: pairPath, line: 14, column: 40, endColumn: 47 },
  ]);
  expect(notes).toEqual(['fields of erp not checked: run parley discover erp']);
});

test('a discovered file that cannot be read is a warning, not a stop', async () => {
  await discover('{');
  const { problems, ok } = await checkFolder(folder);
  expect(ok).toBe(true);
  expect(problems).toMatchObject([
    { code: 'config.schema_unreadable', severity: 'warning', file: '.parley/schema/crm.json' },
  ]);
});

test('a folder without configuration says what is missing', async () => {
  const { problems, exit } = await checkFolder(join(folder, 'nowhere'));
  expect(exit).toBe(3);
  expect(problems.map((problem) => problem.code)).toEqual(['config.missing_file', 'config.no_pairs']);
});

test('a file that would be overlooked is a warning', async () => {
  await cp(join(folder, pairPath), join(folder, 'pairs/more.yml'));
  expect((await checkFolder(folder)).problems).toMatchObject([
    { code: 'config.file_ignored', severity: 'warning', file: 'pairs/more.yml' },
  ]);
});

test('bytes that are not UTF-8 are reported where they stand', async () => {
  const text = await readFile(join(folder, pairPath), 'utf8');
  const bytes = Buffer.from(text.replace('owner: data', 'owner: \uFFFD d#ta'));
  bytes[bytes.indexOf('d#ta') + 1] = 0xe4;
  await writeFile(join(folder, pairPath), bytes);
  expect((await checkFolder(folder)).problems).toMatchObject([
    { code: 'config.not_text', file: pairPath, line: 4, column: 11 },
  ]);
});

test('a file in place of a folder and a folder in place of a file are problems', async () => {
  await mkdir(join(folder, 'pairs/odd.yaml'));
  expect((await checkFolder(folder)).problems).toMatchObject([{ code: 'config.unreadable', file: 'pairs/odd.yaml' }]);
  await rm(join(folder, 'pairs'), { recursive: true });
  await writeFile(join(folder, 'pairs'), '');
  expect((await checkFolder(folder)).problems).toMatchObject([{ code: 'config.unreadable', file: 'pairs' }]);
});

test('two pairs that write one field are warned of each other', async () => {
  const text = await readFile(join(folder, pairPath), 'utf8');
  await writeFile(join(folder, 'pairs/vendors.yaml'), text.replace('pair: suppliers', 'pair: vendors'));
  const { problems } = await checkFolder(folder);
  expect(problems.map(({ code, severity, file }) => [code, severity, file])).toEqual(
    Array.from({ length: 3 }, () => ['config.two_writers', 'warning', 'pairs/vendors.yaml']),
  );
});

test('where the file of the connections is missing, nothing is said about fields that could be discovered', async () => {
  expect((await checkFolder(folder)).notes).toHaveLength(2);
  await rm(join(folder, 'connections.yaml'));
  expect((await checkFolder(folder)).notes).toEqual([]);
});

test('a configuration with errors does not go further', async () => {
  requireSound((await checkFolder(folder)).config);
  await change(pairPath, 'owner: data', 'ownr: data');
  const { config } = await checkFolder(folder);
  expect(config.pairs).toEqual([]);
  expect(() => requireSound(config)).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});

test('editors get schemas with the real names of sides and fields', async () => {
  await discover(crmSchema(['assignment', 'name', 'land']));
  expect(await writeEditorSchemas(folder)).toEqual([
    '.parley/editor/connections.json',
    '.parley/editor/pairs/suppliers.json',
  ]);
  const schema: unknown = JSON.parse(await readFile(join(folder, '.parley/editor/pairs/suppliers.json'), 'utf8'));
  const masters = ['properties', 'masters', 'properties'];
  const unit = ['additionalProperties', 'properties'];
  const fields = valueAt(schema, [...masters, 'either', ...unit, 'crm', 'anyOf']) as { const?: string }[];
  expect(fields.flatMap((field) => field.const ?? [])).toEqual(['assignment', 'name', 'land']);
  expect(valueAt(schema, [...masters, 'crm', ...unit, 'conflict'])).toEqual({ not: {} });
  const object = valueAt(schema, ['properties', 'systems', 'additionalProperties', 'properties', 'object']);
  expect(object).toMatchObject({ pattern: '^(crm|erp)/.+' });
});
