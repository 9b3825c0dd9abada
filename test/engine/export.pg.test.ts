import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkpointFolder } from '../../src/checkpoints/folder.js';
import { newSigningKey, openNote, signerOf, verifierOf } from '../../src/checkpoints/note.js';
import type { ExportInput, ExportLine } from '../../src/core/ledger/export.js';
import { type ExportVerification, type ProofPorts, verifyExport } from '../../src/engine/verify-export.js';
import { hasher } from '../../src/main/hasher.js';
import { crm, key, openWorld, worldRules, type World } from './world.js';

// SPEC I17: an export proves itself without a server, and finds what was changed in it.

const signer = signerOf(newSigningKey());
const proofs: ProofPorts = {
  hasher,
  openNote: (note, publicKey) => openNote(note, publicKey === null ? [] : [verifierOf(publicKey)]),
};
let world: World;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-export-'));
  world = await openWorld({ rules: worldRules(), checkpoints: checkpointFolder({ folder, signer, verifiers: [] }) });
  for (const id of ['1', '2', '3'])
    world.crm.put({ id, name: `Ada ${id}`, phone: id, street: 'High St', city: 'Bath' });
  await world.planAndApply();
  await world.engine.writeCheckpoint({ pair: world.pair });
  world.crm.edit(key('1'), { name: 'Grace' });
  await world.cycle();
  await world.engine.writeCheckpoint({ pair: world.pair });
  world.crm.edit(key('2'), { name: 'Joan' });
  await world.cycle();
});
afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

async function exported(wish: Partial<ExportInput> = {}): Promise<readonly ExportLine[]> {
  const lines: ExportLine[] = [];
  for await (const line of world.engine.exportLedger({ pair: world.pair, values: true, record: null, ...wish }))
    lines.push(JSON.parse(JSON.stringify(line)) as ExportLine);
  return lines;
}

async function verified(lines: readonly ExportLine[], publicKey: string | null = null): Promise<ExportVerification> {
  async function* each(): AsyncGenerator<ExportLine> {
    for (const line of lines) yield await Promise.resolve(line);
  }
  return (await verifyExport(proofs, each(), publicKey)) as ExportVerification;
}

const one = { record: { side: crm, key: key('1') } };
const [withAll, withNone] = [{}, { values: false }];

test.for([
  ['the whole ledger', withAll],
  ['the whole ledger without values', withNone],
  ['one record', one],
  ['one record without values', { ...one, ...withNone }],
] as const)('%s proves itself', async ([, wish]) => {
  const found = await verified(await exported(wish), signer.verifier.text);
  expect(found).toMatchObject({ ok: true, problems: [], checkpoints: { compared: 2 } });
  expect(found.withValues).toBe('values' in wish ? 0 : found.entries);
  expect(found.unsigned).toBe(
    'record' in wish ? 0 : (await world.store.pair(world.pair)).ledgerSize - (found.checkpoints.newest?.size ?? 0),
  );
});

test('the export of one record holds no entry and no value of another', async () => {
  const text = JSON.stringify(await exported(one));
  expect(text).toContain('Grace');
  expect(text).not.toContain('Ada 2');
  expect(text).not.toContain('Joan');
});

test('an export without values holds none', async () => {
  expect(JSON.stringify(await exported(withNone))).not.toMatch(/Ada|Grace|Joan|Bath/);
});

type Change = (lines: readonly ExportLine[]) => readonly ExportLine[];
const onEntry =
  (at: number, change: (line: Extract<ExportLine, { line: 'entry' }>) => ExportLine): Change =>
  (lines) => {
    let seen = -1;
    return lines.map((line) => (line.line === 'entry' && (seen += 1) === at ? change(line) : line));
  };
const changes: readonly (readonly [string, Change])[] = [
  ['an actor changed', onEntry(1, (line) => ({ ...line, entry: { ...line.entry, actor: 'person:eve' } }))],
  [
    'a value changed',
    onEntry(1, (line) => ({ ...line, sealed: { nonce: 'x', text: line.sealed?.text.replaceAll('Ada', 'Eve') ?? '' } })),
  ],
  [
    'an entry and its leaf changed',
    onEntry(1, (line) => {
      const { leaf: _leaf, ...row } = { ...line.entry, actor: 'person:eve' };
      const { pair, seq, atMs, kind, entity, side, units, actor, rule, revision, source } = row;
      const { dot, vvBefore, vvAfter, lo, hi, run, delivery, commitment } = row;
      const members = [pair, seq, atMs, kind, entity, side, units, actor, rule, revision, source, dot, vvBefore];
      const text = JSON.stringify([...members, vvAfter, lo, hi, run, delivery, commitment]);
      return { ...line, entry: { ...row, leaf: hasher.sha256Node(0, hasher.sha256(text)) } };
    }),
  ],
  ['an entry left out', (lines) => lines.filter((line) => line.line !== 'entry' || line.entry.seq !== firstOf(lines))],
  ['the end cut off', (lines) => lines.slice(0, -1)],
  [
    'a checkpoint changed',
    (lines) =>
      lines.map((line) =>
        line.line === 'checkpoint' ? { ...line, note: line.note.replace('time 2', 'time 1') } : line,
      ),
  ],
];
function firstOf(lines: readonly ExportLine[]): number {
  const first = lines.find((line) => line.line === 'entry');
  return first?.entry.seq ?? -1;
}

test.for(changes)('a whole ledger with %s does not prove itself', async ([, change]) => {
  expect((await verified(change(await exported()))).ok).toBe(false);
});

test.for(changes)('a record with %s does not prove itself', async ([, change]) => {
  expect((await verified(change(await exported(one)))).ok).toBe(false);
});

test('a reader who trusts another key is told that it did not sign', async () => {
  const other = signerOf(newSigningKey()).verifier.text;
  const { ok, problems } = await verified(await exported(), other);
  expect(ok).toBe(false);
  expect(problems[0]?.what).toMatch(/a key that is not known/);
});

test('a record that was never read cannot be exported', async () => {
  await expect(exported({ record: { side: crm, key: key('99') } })).rejects.toMatchObject({ code: 'record.not_found' });
});
