import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder, running } from './screen.js';

const commands =
  'demo dev serve doctor init discover check plan apply run status watch verify hold pause drain resume undo review record ledger keys token help'.split(
    ' ',
  );

test('the help lists every command, with examples and exit codes', async () => {
  const { exit, out, err } = await running({ words: ['--help'], cwd: await emptyFolder() });
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  const listed = [...out.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name).filter((name) => name !== 'parley');
  expect(new Set(listed)).toEqual(new Set(commands));
  expect(listed).toHaveLength(commands.length);
  expect(out).toContain('Examples:');
  expect(out).toContain('64 wrong usage');
});

test('without words the help is shown', async () => {
  const { exit, out } = await running({ words: [], cwd: await emptyFolder() });
  expect(exit).toBe(0);
  expect(out).toContain('Usage: parley');
});

test.for([
  ['plan', 'show, list'],
  ['review', 'list, show, decide, bulk'],
  ['record', 'show, blame, log, list'],
  ['ledger', 'list, show, verify'],
] as const)('%s has the verbs %s', async ([noun, verbs]) => {
  const { out } = await running({ words: [noun, '--help'], cwd: await emptyFolder() });
  for (const verb of verbs.split(', ')) expect(out).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
});

test('a place in the ledger begins at 0, and a wrong one says so', async () => {
  const { exit, err } = await running({ words: ['ledger', 'show', 'x'], cwd: await emptyFolder() });
  expect([exit, err]).toEqual([64, expect.stringContaining('from 0 up')]);
});

test('the version is the one of the package', async () => {
  expect(await running({ words: ['--version'], cwd: await emptyFolder() })).toMatchObject({ exit: 0, out: '0.1.0\n' });
});

test.for([
  ['an unknown command', ['sync']],
  ['an unknown flag', ['status', '--fast']],
  ['a word too many', ['status', 'a', 'b']],
  ['a plan that is no number', ['plan', 'show', 'seven']],
  ['no plan', ['plan', 'show']],
  ['a place without a key', ['record', 'show', 'crm']],
  ['a question that is none', ['review', 'show', 'X-1']],
  ['a colour that is none', ['status', '--color', 'red']],
  ['a kind that is none', ['review', '--kind', 'fight']],
  ['a part that is none', ['serve', 'everything']],
  ['a limit that is too high', ['review', '--limit', '1001']],
  ['a noun without a verb', ['record']],
] as const)('%s is wrong usage, for people on standard error', async ([, words]) => {
  const { exit, out, err } = await running({ words, cwd: await emptyFolder() });
  expect(exit).toBe(64);
  expect(out).toBe('');
  expect(err).not.toBe('');
});

test('wrong usage is JSON for programs, on standard output', async () => {
  const ran = await running({ words: ['plan', 'show', 'seven', '--json'], cwd: await emptyFolder() });
  expect(ran.err).toBe('');
  expect(ran.lines()).toEqual([
    {
      schema: 'parley.usage/1',
      ok: false,
      exit: 64,
      data: null,
      problems: [{ code: 'commander.invalidArgument', message: expect.stringContaining("argument 'plan'") }],
    },
  ]);
});

test('without a server, what needs one says how to get one', async () => {
  const { exit, err } = await running({ words: ['status'], cwd: await emptyFolder() });
  expect(exit).toBe(6);
  expect(err).toMatch(/^error api\.unreachable {2}No server is running here\.\nnext: .*parley dev/);
});

test('an address without a token is refused before anything is asked', async () => {
  const env = { PARLEY_URL: 'http://127.0.0.1:1' };
  const { exit, err } = await running({ words: ['status'], cwd: await emptyFolder(), env });
  expect(exit).toBe(6);
  expect(err).toContain('auth.missing');
});

test.for([
  ['running', 'api.unreachable  No Parley server answers at 127.0.0.1:1'],
  ['stopped', 'api.unreachable  No server is running here.'],
] as const)('the stack of a folder above is found while it is %s', async ([state, said]) => {
  const folder = await emptyFolder();
  const below = join(folder, 'a', 'b');
  await mkdir(join(folder, '.parley'));
  await mkdir(below, { recursive: true });
  const file = { schema: 'parley.dev/1', state, api: { url: 'http://127.0.0.1:1', token: 't' } };
  await writeFile(join(folder, '.parley', 'dev.json'), JSON.stringify(file));
  const { exit, err } = await running({ words: ['status'], cwd: below });
  expect(exit).toBe(6);
  expect(err).toContain(said);
});

test('which pair is meant must be said where there is more than one', async () => {
  const folder = await emptyFolder();
  await mkdir(join(folder, 'pairs'));
  for (const name of ['a', 'b']) await writeFile(join(folder, 'pairs', `${name}.yaml`), '');
  const { exit, err } = await running({ words: ['plan'], cwd: folder });
  expect(exit).toBe(64);
  expect(err).toContain('Which pair? There are 2: a, b.');
});

test('a token is shown once, with the role that was asked for', async () => {
  const asked: unknown[] = [];
  const addToken = (wish: unknown): Promise<string> => {
    asked.push(wish);
    return Promise.resolve('secret-token');
  };
  const words = ['token', 'add', 'ana', '--role', 'operator'];
  const { exit, out } = await running({ words, cwd: await emptyFolder(), machinery: { addToken } });
  expect({ exit, out }).toEqual({ exit: 0, out: 'secret-token\n' });
  expect(asked).toEqual([{ name: 'ana', role: 'operator' }]);
});

test('a rotation of keys says how many it wrapped and what to do with the old one', async () => {
  const machinery = { rotateKeys: () => Promise.resolve({ rewrapped: 1_204 }) };
  const { exit, out, err } = await running({ words: ['keys', 'rotate'], cwd: await emptyFolder(), machinery });
  expect({ exit, out }).toEqual({
    exit: 0,
    out: 'Wrapped 1,204 data keys with the first key. No value was touched.\n',
  });
  expect(err).toContain('Take the other keys out');
});

test('old months go after a yes only, and what is in the way is said before', async () => {
  const pair = { pair: 'people', from: 0, cut: 1_204, exportTo: 1_300, signed: true, records: 17, problems: [] };
  const plan = { beforeMs: Date.UTC(2026, 8, 1), months: ['2026-08'], pairs: [pair], problems: [] };
  const done: unknown[] = [];
  const retention = () =>
    Promise.resolve({
      nowMs: () => Promise.resolve(Date.UTC(2026, 10, 21)),
      plan: (beforeMs: number) => Promise.resolve({ ...plan, beforeMs }),
      retain: (wish: { readonly beforeMs: number }) => {
        done.push(wish.beforeMs);
        const kept = { pair: 'people', from: 0, cut: 1_204, keptFrom: 1_300, keptTo: 1_317, file: 'f', sha256: 'ab' };
        return Promise.resolve({ beforeMs: wish.beforeMs, months: plan.months, pairs: [kept] as never });
      },
      close: () => Promise.resolve(),
    });
  const asked = async (...more: string[]) => {
    const words = ['ledger', 'retain', '--keep', '2months', '--to', '.', ...more];
    return running({ words, cwd: await emptyFolder(), machinery: { retention: retention as never } });
  };
  const planned = await asked('--plan');
  expect(planned.exit).toBe(0);
  expect(planned.out).toContain('people: 1,204 entries of 17 records');
  expect(planned.out).toContain('Not answered any more: what a record was at a moment before 2026-09-01');
  expect((await asked()).err).toContain('there is nobody to ask');
  expect(done).toEqual([]);
  expect(await asked('--yes')).toMatchObject({ exit: 0, out: expect.stringContaining('1,204 entries are in f') });
  expect(done).toEqual([Date.UTC(2026, 8, 1)]);
});
