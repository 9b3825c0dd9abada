import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId, RecordKey, SideName } from '../core/ids.js';
import type { LedgerEntry, SealedPayload } from '../core/ledger/entry.js';
import { emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import { blockLeaves, consistencyProof, inclusionProof, LeafBlocks } from '../core/ledger/proof.js';
import type { EnginePorts } from './engine.js';
import type { StoredEntry } from './ledger-store.js';
import { newestGood } from './write-checkpoint.js';

/**
 * A ledger as lines, so that it can be verified where no server is. The first line says what it is, the last one that
 * nothing is missing. A whole ledger has every entry in order, and each root can be computed; that of one record
 * has a proof of inclusion with each entry instead, and tells nothing about other records.
 */
export type ExportLine =
  | {
      readonly line: 'ledger';
      readonly schema: 'parley.ledger-export/1';
      readonly pair: PairId;
      readonly exportedAtMs: number;
      /** Entries of the log that the roots below are of. */
      readonly size: number;
      /** The record whose entries these are; null for all of them. */
      readonly record: { readonly side: SideName; readonly key: RecordKey; readonly entity: EntityId } | null;
      readonly publicKey: string | null;
    }
  | {
      readonly line: 'entry';
      readonly entry: LedgerEntry;
      /** What `commitment` proves. Null when values are left out, or were erased. */
      readonly sealed: SealedPayload | null;
      /** Proof of inclusion in the log of `size` entries; only in the export of one record, and only below `size`. */
      readonly proof?: readonly string[];
    }
  | {
      readonly line: 'checkpoint';
      readonly note: string;
      /** Proof that the log of `size` entries continues this one; only in the export of one record. */
      readonly proof?: readonly string[];
    }
  | { readonly line: 'end'; readonly entries: number; readonly root: string };

export type ExportInput = {
  readonly pair: PairId;
  readonly values: boolean;
  readonly record: { readonly side: SideName; readonly key: RecordKey } | null;
};

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
  const entries = await entriesOf(ports, pair, known.id);
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

/** All entries of one entity, oldest first. */
async function entriesOf(ports: EnginePorts, pair: PairId, entity: EntityId): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof ports.readModel.entityLedger>> = await ports.readModel.entityLedger(
      pair,
      entity,
      { after, limit: pageSize },
    );
    found.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return found.reverse();
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
