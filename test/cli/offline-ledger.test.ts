import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pairId, revisionId } from '../../src/core/ids.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import { append, emptyLog, rootOf } from '../../src/core/ledger/merkle.js';
import type { ExportLine } from '../../src/core/ledger/export.js';
import { commitmentOf, leafOf } from '../../src/engine/page-entries.js';
import { hasher } from '../../src/main/hasher.js';
import { running, served } from './screen.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-offline-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sealed = { nonce: 'n', text: JSON.stringify({ patch: [], inverse: [], effects: [], detail: { plan: 1 } }) };
const row: Omit<LedgerEntry, 'leaf'> = {
  pair: pairId('suppliers'),
  seq: 0,
  atMs: 1,
  kind: 'pair',
  entity: null,
  side: null,
  units: [],
  actor: 'person:ana',
  rule: 'plan approved',
  revision: revisionId('r'),
  source: 'control',
  dot: null,
  vvBefore: '',
  vvAfter: '',
  lo: null,
  hi: null,
  run: 1,
  delivery: null,
  commitment: commitmentOf(hasher, sealed),
};
const entry: LedgerEntry = { ...row, leaf: leafOf(hasher, row) };
const node = (left: string, right: string): string => hasher.sha256Node(1, left, right);
const schema = 'parley.ledger-export/1';
const head = { exportedAtMs: 1, size: 1, record: null, publicKey: null } as const;
const lines: readonly ExportLine[] = [
  { line: 'ledger', schema, pair: row.pair, ...head },
  { line: 'entry', entry, sealed },
  { line: 'end', entries: 1, root: rootOf(append(emptyLog, [entry.leaf], node), node) as string },
];
const written = async (text: string): Promise<string> => {
  const file = join(folder, 'export');
  await writeFile(file, text);
  return file;
};
const textOf = (all: readonly ExportLine[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join('');
const verify = (file: string, ...more: string[]) =>
  running({ words: ['ledger', 'verify', '--offline', file, ...more], cwd: folder });

test('an exported ledger is verified without a server', async () => {
  const { exit, out } = await verify(await written(textOf(lines)));
  expect([exit, out.split('\n')[0]]).toEqual([0, 'The export proves itself: 1 entry, 1 with values of suppliers.']);
});

test('a file in which somebody changed who did it fails, and says where', async () => {
  const { exit, out } = await verify(await written(textOf(lines).replace('person:ana', 'person:eve')));
  expect(exit).toBe(1);
  expect(out).toContain('entry 0: the row was changed after it was written');
});

test.for([
  ['is not there', null],
  ['is something else', 'a,b\n1,2\n'],
  ['is empty', ''],
  ['begins in the middle', textOf(lines.slice(1))],
] as const)('a file that %s is wrong usage', async ([, text]) => {
  const file = text === null ? join(folder, 'nowhere') : await written(text);
  expect((await verify(file)).exit).toBe(64);
});

test('export writes what the server tells, and never over a file', async () => {
  async function* exportLedger(): AsyncGenerator<ExportLine> {
    for (const line of lines) yield await Promise.resolve(line);
  }
  const { run } = await served({ engine: { exportLedger } });
  const file = join(folder, 'new');
  expect((await run('ledger', 'export', file)).exit).toBe(0);
  expect(await readFile(file, 'utf8')).toBe(textOf(lines));
  expect((await verify(file)).exit).toBe(0);
  expect((await run('ledger', 'export', file)).exit).toBe(64);
});
