import { ParleyError } from '../core/errors.js';
import type { PairId, RecordKey, SideName } from '../core/ids.js';
import type { ExportInput, ExportLine } from '../core/ledger/export.js';
import { cutOf } from '../core/ledger/kept.js';
import { append, emptyLog, rootOf, type LogHead, type NodeHash } from '../core/ledger/merkle.js';
import { blockLeaves, consistencyProof, inclusionProof, LeafBlocks } from '../core/ledger/proof.js';
import type { EnginePorts } from './engine.js';
import { entityHistory } from './entity-history.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { newestGood } from './write-checkpoint.js';

const pageSize = 2_000;
const leavesPerPage = 20_000;
const leavesPerLine = 1_024;

/** @throws ParleyError `record.not_found`, `ledger.mismatch` when entries are missing */
export async function* exportLedger(ports: EnginePorts, input: ExportInput): AsyncGenerator<ExportLine> {
  if (input.record === null) yield* exportAll(ports, input);
  else yield* exportRecord(ports, input, input.record);
}

async function* exportAll(ports: EnginePorts, { pair, values }: ExportInput): AsyncGenerator<ExportLine> {
  const retirement = await ports.store.retirement(pair);
  const { ledgerSize: until, ledgerPeaks: peaks } = await ports.store.pair(pair);
  yield* exportUpTo(ports, { pair, values, from: retirement?.cut ?? 0, until, peaks });
}

type Part = {
  readonly pair: PairId;
  readonly values: boolean;
  readonly from: number;
  readonly until: number;
  /** What the pair's row says of the log at `until`; when not given, what its leaves give. */
  readonly peaks?: readonly string[];
};
export type ExportPorts = Pick<EnginePorts, 'store' | 'hasher' | 'checkpoints'>;

/** Entries to below `until`; of those below `from`, which were retired, the leaves. */
export async function* exportUpTo(ports: ExportPorts, part: Part): AsyncGenerator<ExportLine> {
  const { pair, values, from, until, peaks } = part;
  const { store, hasher, checkpoints } = ports;
  const node: NodeHash = (left, right) => hasher.sha256Node(1, left, right);
  const kept = ((await checkpoints?.kept(pair)) ?? []).filter(({ checkpoint }) => checkpoint.size <= until);
  const retirement = await store.retirement(pair);
  yield await headOf(ports, pair, until, null);
  for (const { note } of kept) yield { line: 'checkpoint', note };
  if (retirement !== null && from > 0) yield* retiredLines(ports, pair, values, retirement);
  let head: LogHead = emptyLog;
  while (head.size < from) head = append(head, await leavesFrom(ports, pair, head.size, from), node);
  for (let next = from; next < until; ) {
    const page = await store.ledger(pair, next, Math.min(pageSize, until - next));
    if (page.length === 0) throw missing(pair, next);
    for (const stored of page) yield entryLine(stored, values);
    const leaves = page.map(({ entry }) => entry.leaf);
    head = append(head, leaves, node);
    next = (page.at(-1) as StoredEntry).entry.seq + 1;
  }
  const end = peaks === undefined ? head : { size: until, peaks };
  yield { line: 'end', entries: until, root: rootOf(end, node) ?? '' };
}

/** What was retired, its leaves, and the entries that keep forward what it came to. */
async function* retiredLines(
  ports: ExportPorts,
  pair: PairId,
  values: boolean,
  { cut, beforeMs, keptFrom, keptTo, file, sha256 }: Retirement,
): AsyncGenerator<ExportLine> {
  yield { line: 'retired', cut, beforeMs, file, sha256 };
  for (let next = 0; next < cut; ) {
    const leaves = (await leavesFrom(ports, pair, next, cut)).slice(0, leavesPerLine);
    yield { line: 'leaves', first: next, leaves };
    next += leaves.length;
  }
  for (let next = keptFrom; next < keptTo; ) {
    const page = await ports.store.ledger(pair, next, Math.min(pageSize, keptTo - next));
    if (page.length === 0) throw missing(pair, next);
    for (const stored of page) {
      const { entry, payload } = stored;
      if (payload !== null && cutOf(entry, payload) === cut) yield { ...entryLine(stored, values), line: 'kept' };
    }
    next = (page.at(-1) as StoredEntry).entry.seq + 1;
  }
}

async function leavesFrom(ports: ExportPorts, pair: PairId, from: number, to: number): Promise<readonly string[]> {
  const leaves = await ports.store.leaves(pair, from, Math.min(leavesPerPage, to - from));
  if (leaves.length === 0) throw missing(pair, from);
  return leaves;
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
  const retirement = await store.retirement(pair);
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
  if (retirement !== null) {
    const { cut, beforeMs, file, sha256 } = retirement;
    yield { line: 'retired', cut, beforeMs, file, sha256 };
    for (const stored of entries)
      if (stored.payload !== null && cutOf(stored.entry, stored.payload) === cut)
        yield { ...entryLine(stored, values), line: 'kept' };
  }
  for (const stored of entries) {
    const { seq } = stored.entry;
    const line = entryLine(stored, values);
    yield seq < size ? { ...line, proof: inclusionProof(seq, size, blocks.root) } : line;
  }
  yield { line: 'end', entries: entries.length, root: size === 0 ? '' : blocks.root(0, size) };
}

async function headOf(
  { store, checkpoints }: ExportPorts,
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
