import { ParleyError } from '../core/errors.js';
import type { PairId, RecordKey, SideName } from '../core/ids.js';
import type { ExportInput, ExportLine } from '../core/ledger/export.js';
import { emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import { blockLeaves, consistencyProof, inclusionProof, LeafBlocks } from '../core/ledger/proof.js';
import type { EnginePorts } from './engine.js';
import { entityHistory } from './entity-history.js';
import type { StoredEntry } from './ledger-store.js';
import { newestGood } from './write-checkpoint.js';

const pageSize = 2_000;
const leavesPerPage = 20_000;

/** @throws ParleyError `record.not_found`, `ledger.mismatch` when entries are missing */
export async function* exportLedger(ports: EnginePorts, input: ExportInput): AsyncGenerator<ExportLine> {
  if (input.record === null) yield* exportAll(ports, input);
  else yield* exportRecord(ports, input, input.record);
}

async function* exportAll(ports: EnginePorts, { pair, values }: ExportInput): AsyncGenerator<ExportLine> {
  const { store, hasher, checkpoints } = ports;
  const kept = (await checkpoints?.kept(pair)) ?? [];
  const { ledgerSize: size, ledgerPeaks: peaks } = await store.pair(pair);
  yield await headOf(ports, pair, size, null);
  for (const { note } of kept) yield { line: 'checkpoint', note };
  for (let next = 0; next < size; ) {
    const page = await store.ledger(pair, next, Math.min(pageSize, size - next));
    if (page.length === 0) throw missing(pair, next);
    for (const stored of page) yield entryLine(stored, values);
    next = (page.at(-1) as StoredEntry).entry.seq + 1;
  }
  const head: LogHead = size === 0 ? emptyLog : { size, peaks };
  yield { line: 'end', entries: size, root: rootOf(head, (left, right) => hasher.sha256Node(1, left, right)) ?? '' };
}

async function* exportRecord(
  ports: EnginePorts,
  { pair, values }: ExportInput,
  { side, key }: NonNullable<ExportInput['record']>,
): AsyncGenerator<ExportLine> {
  const { store, hasher, checkpoints } = ports;
  const known = await ports.readModel.entityByKey(pair, side, key);
  if (known === null) throw noRecord(pair, side, key);
  const kept = ((await checkpoints?.kept(pair)) ?? []).filter(({ signature }) => signature === 'good');
  const entries = await entityHistory(ports.readModel, pair, known.id);
  // Against what was signed, where something was: a root that only we know proves nothing to others.
  const size = newestGood(kept)?.size ?? (await store.pair(pair)).ledgerSize;
  const open = [
    ...entries.map(({ entry }) => entry.seq),
    ...kept.flatMap(({ checkpoint }) => [checkpoint.size, checkpoint.size - 1]),
  ];
  const blocks = new LeafBlocks(
    open.map((at) => Math.floor(at / blockLeaves)),
    (left, right) => hasher.sha256Node(1, left, right),
  );
  for (let next = 0; next < size; ) {
    const leaves = await store.leaves(pair, next, Math.min(leavesPerPage, size - next));
    if (leaves.length === 0) throw missing(pair, next);
    for (const leaf of leaves) blocks.add(leaf);
    next += leaves.length;
  }
  yield await headOf(ports, pair, size, { side, key, entity: known.id });
  for (const { note, checkpoint } of kept)
    yield { line: 'checkpoint', note, proof: consistencyProof(checkpoint.size, size, blocks.root) };
  for (const stored of entries) {
    const { seq } = stored.entry;
    const line = entryLine(stored, values);
    yield seq < size ? { ...line, proof: inclusionProof(seq, size, blocks.root) } : line;
  }
  yield { line: 'end', entries: entries.length, root: size === 0 ? '' : blocks.root(0, size) };
}

async function headOf(
  { store, checkpoints }: EnginePorts,
  pair: PairId,
  size: number,
  record: Extract<ExportLine, { line: 'ledger' }>['record'],
): Promise<ExportLine> {
  const exportedAtMs = await store.nowMs();
  const publicKey = checkpoints?.publicKey ?? null;
  return { line: 'ledger', schema: 'parley.ledger-export/1', pair, exportedAtMs, size, record, publicKey };
}

function entryLine({ entry, sealed }: StoredEntry, values: boolean): Extract<ExportLine, { line: 'entry' }> {
  return { line: 'entry', entry, sealed: values ? sealed : null };
}

function noRecord(pair: PairId, side: SideName, key: RecordKey): ParleyError {
  return new ParleyError('record.not_found', `Pair "${pair}" has never read a record ${side}:${key}.`, {
    hint: `parley record list ${pair} --key ${key}`,
  });
}

function missing(pair: PairId, seq: number): ParleyError {
  return new ParleyError(
    'ledger.mismatch',
    `The ledger of ${pair} has no entry ${seq}. Nothing whole can be exported.`,
    {
      hint: `parley ledger verify ${pair}`,
    },
  );
}
