import type { EntityId, PairId } from '../core/ids.js';
import { differences, emptyFold, foldEntry, foldReceipt, type Folded, type Receipt } from '../core/ledger/fold.js';
import { emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import { unpack } from '../core/pack.js';
import { CheckpointWatch } from './checkpoint-watch.js';
import type { EnginePorts, LedgerVerification } from './engine.js';
import { commitmentOf, leafOf } from './page.js';
import type { StoredEntry } from './ledger-store.js';
import { newestGood } from './write-checkpoint.js';

type Problem = LedgerVerification['problems'][number];
const problemMax = 100;
const pageSize = 5_000;

/**
 * Folds the ledger of a pair from its first entry and compares (SPEC I17): every leaf and commitment hashes to what is
 * stored, the Merkle root is the pair's, and the fold gives exactly the registers, contexts and links that are kept.
 * The fold of all entities is held in memory: values of the pair once.
 */
export async function verifyLedger(ports: EnginePorts, input: { pair: PairId }): Promise<LedgerVerification> {
  const { store, hasher } = ports;
  // Before the pair's row is read: a checkpoint that is written meanwhile must not look like one that is ahead of it.
  const kept = (await ports.checkpoints?.kept(input.pair)) ?? [];
  const pair = await store.pair(input.pair);
  const folds = new Map<EntityId, Folded>();
  const problems: Problem[] = [];
  const node = (left: string, right: string): string => hasher.sha256Node(1, left, right);
  const watch = new CheckpointWatch(kept, node, problems);
  let head: LogHead = emptyLog;
  while (head.size < pair.ledgerSize) {
    const page = (await store.ledger(input.pair, head.size, pageSize)).slice(0, pair.ledgerSize - head.size);
    if (page.length === 0) {
      problems.push({ seq: head.size, entity: null, what: 'entries are missing from here on' });
      break;
    }
    page.forEach((stored, index) => checkEntry(ports, stored, head.size + index, folds, problems));
    head = watch.append(
      head,
      page.map(({ entry }) => entry.leaf),
    );
  }
  watch.end(head.size);
  const root = rootOf(head, node);
  if (head.peaks.join() !== pair.ledgerPeaks.join())
    problems.push({ seq: null, entity: null, what: 'the Merkle root is not the one that was committed' });
  const entities = await compareStates(ports, input.pair, pair.tick, folds, problems);
  return {
    ok: problems.length === 0,
    entries: head.size,
    root: root ?? '',
    entities,
    problems: problems.slice(0, problemMax),
    checkpoints: {
      configured: ports.checkpoints != null,
      compared: watch.compared,
      newest: newestGood(kept),
      publicKey: ports.checkpoints?.publicKey ?? null,
    },
  };
}

function checkEntry(
  ports: EnginePorts,
  { entry, payload, sealed }: StoredEntry,
  seq: number,
  folds: Map<EntityId, Folded>,
  problems: Problem[],
): void {
  const { leaf, ...row } = entry;
  const report = (what: string): void => {
    problems.push({ seq: entry.seq, entity: entry.entity, what });
  };
  if (entry.seq !== seq) report(`entry ${seq} is missing`);
  if (leafOf(ports.hasher, row) !== leaf) report('the row was changed after it was written');
  if (payload === null || sealed === null) {
    report('the values of this entry are gone');
    return;
  }
  if (commitmentOf(ports.hasher, sealed) !== entry.commitment)
    report('the values were changed after they were written');
  if (entry.kind === 'delivered' && entry.side !== null) {
    for (const receipt of payload.detail['receipts'] as unknown as readonly Receipt[]) {
      folds.set(receipt.entity, foldReceipt(folds.get(receipt.entity) ?? emptyFold, entry.side, receipt));
    }
    return;
  }
  if (entry.entity === null) return;
  const folded = foldEntry(folds.get(entry.entity) ?? emptyFold, entry, payload);
  if (typeof folded === 'string') report(folded);
  else folds.set(entry.entity, folded);
}

/** States committed while the check ran are newer than the entries that were read: they are checked next time. */
async function compareStates(
  ports: EnginePorts,
  pair: PairId,
  tick: number,
  folds: ReadonlyMap<EntityId, Folded>,
  problems: Problem[],
): Promise<number> {
  let after: EntityId | null = null;
  let count = 0;
  for (;;) {
    const page: Awaited<ReturnType<typeof ports.store.entities>> = await ports.store.entities(pair, {
      after,
      limit: pageSize,
      standings: null,
    });
    for (const { id, state, tick: committed } of page) {
      if (committed > tick) continue;
      count += 1;
      for (const what of differences(folds.get(id) ?? emptyFold, unpack(state)))
        problems.push({ seq: null, entity: id, what });
    }
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return count;
    after = last.id;
  }
}
