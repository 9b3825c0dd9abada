import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkpointFolder } from '../../src/checkpoints/folder.js';
import { newSigningKey, openNote, signCheckpoint, signerOf, verifierOf } from '../../src/checkpoints/note.js';
import { pairId } from '../../src/core/ids.js';
import type { Checkpoint } from '../../src/core/ledger/checkpoint.js';

const pair = pairId('suppliers');
const hash = (digit: string): string => digit.repeat(64);
const checkpoint = (size: number, day = '2026-11-21'): Checkpoint => ({
  pair,
  size,
  root: hash('a'),
  peaks: [hash('b'), hash('c')],
  atMs: Date.parse(`${day}T10:00:00.000Z`),
});
const signer = signerOf(newSigningKey());
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const here = () => checkpointFolder({ folder, signer, verifiers: [] });

test('what was signed is read back as it was, and vouched for', () => {
  const note = signCheckpoint(checkpoint(7), signer);
  expect(openNote(note, [signer.verifier])).toEqual({ checkpoint: checkpoint(7), signature: 'good', note });
});

test('a note is the signed note that transparency logs use', () => {
  const lines = signCheckpoint(checkpoint(7), signer).split('\n');
  expect(lines.slice(0, 3)).toEqual(['parley/suppliers', '7', Buffer.from(hash('a'), 'hex').toString('base64')]);
  expect(lines[5]).toBe('');
  expect(lines[6]).toMatch(/^— parley [A-Za-z0-9+/]{91}=$/);
});

test.for([
  ['another size', (note: string) => note.replace('\n7\n', '\n8\n')],
  ['another time', (note: string) => note.replace('10:00', '11:00')],
  ['another pair', (note: string) => note.replace('suppliers', 'customers')],
] as const)('a note with %s is not vouched for', ([, change]) => {
  const opened = openNote(change(signCheckpoint(checkpoint(7), signer)), [signer.verifier]);
  expect(opened?.signature).toBe('bad');
});

test('a note of another key is of an unknown key, until that key is named', () => {
  const other = signerOf(newSigningKey());
  const note = signCheckpoint(checkpoint(7), other);
  expect(openNote(note, [signer.verifier])?.signature).toBe('unknown_key');
  expect(openNote(note, [verifierOf(other.verifier.text)])?.signature).toBe('good');
});

test('text that is no checkpoint opens to nothing', () => {
  for (const text of ['', 'x\n', 'parley/suppliers\n\n', 'other/suppliers\n7\nqg==\ntime x\npeaks \n\n— a b\n'])
    expect(openNote(text, [signer.verifier])).toBeNull();
});

test('files are appended to, one a day, and the newest comes last', async () => {
  const kept = here();
  for (const each of [checkpoint(1, '2026-11-20'), checkpoint(2, '2026-11-20'), checkpoint(3), checkpoint(4)])
    await kept.write(each);
  expect(await readdir(join(folder, 'suppliers'))).toEqual(['2026-11-20.notes', '2026-11-21.notes']);
  const found = await kept.kept(pair);
  expect(found.map(({ checkpoint: { size }, signature }) => [size, signature])).toEqual([
    [2, 'good'],
    [3, 'good'],
    [4, 'good'],
  ]);
});

test('a file that was changed afterwards is not vouched for', async () => {
  await here().write(checkpoint(3));
  const file = join(folder, 'suppliers', '2026-11-21.notes');
  await writeFile(file, (await readFile(file, 'utf8')).replace('\n3\n', '\n2\n'));
  await appendFile(file, 'something else\n');
  expect((await here().kept(pair)).map(({ signature }) => signature)).toEqual(['bad', 'bad']);
});

test('a folder that cannot be written to says so', async () => {
  await writeFile(join(folder, 'suppliers'), '');
  await expect(here().write(checkpoint(3))).rejects.toMatchObject({ code: 'ledger.checkpoints_unreachable' });
});

test('a key that is no key is refused without being repeated', () => {
  expect(() => signerOf('c2VjcmV0')).toThrow(/not an Ed25519 key/);
  expect(() => signerOf('c2VjcmV0')).not.toThrow(/c2VjcmV0/);
  expect(() => verifierOf('parley+00000000+AAAA')).toThrow(/not the public key/);
});
