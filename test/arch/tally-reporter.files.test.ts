import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Runs vitest for real in a folder of its own and gives its exit code and its last line. */
function run(files: { readonly [name: string]: string }): { readonly exit: number | null; readonly last: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tally-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const reporter = join(root, 'tools', 'tally-reporter.ts');
  const config = `import { TallyReporter } from ${JSON.stringify(reporter)};
const globalSetup = ${JSON.stringify(Object.keys(files).filter((name) => name === 'setup.js'))};
export default { test: { globals: true, globalSetup, reporters: [new TallyReporter()] } };`;
  writeFileSync(join(folder, 'vitest.config.mjs'), config);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawnSync(process.execPath, [vitest, 'run', '--root', folder], { encoding: 'utf8' });
  return { exit: child.status, last: child.stdout.trimEnd().split('\n').at(-1) ?? '' };
}

const passing = "test('a', () => { expect(1).toBe(1); });\n";

test.for([
  ['passing tests pass', { 'a.test.js': passing }, 0, '1 passed, 0 failed'],
  [
    'failing and skipped tests are counted',
    { 'a.test.js': `${passing}test('b', () => { expect(1).toBe(2); });\ntest.skip('c', () => {});\n` },
    1,
    '1 passed, 1 failed, 1 skipped',
  ],
  [
    'a file that does not load counts as failed',
    { 'a.test.js': passing, 'b.test.js': "import './gone.js';" },
    1,
    '1 passed, 1 failed',
  ],
  [
    'an error outside every test counts as failed',
    {
      'a.test.js': `${passing}setTimeout(() => { throw new Error('late'); });\nafterAll(() => new Promise((done) => setTimeout(done, 50)));\n`,
    },
    1,
    '1 passed, 1 failed',
  ],
  ['a run that tests nothing fails', { 'a.test.js': "test.skip('a', () => {});" }, 1, '0 passed, 1 failed, 1 skipped'],
  [
    'a run whose servers do not start fails',
    { 'a.test.js': passing, 'setup.js': "export const setup = () => { throw new Error('no server'); };" },
    1,
    '0 passed, 1 failed',
  ],
  ['a run without a test file fails', {}, 1, '0 passed, 1 failed'],
] as const)('%s', ([, files, exit, last]) => {
  expect(run(files)).toEqual({ exit, last });
});
