import type { EntityId, PairId } from '../core/ids.js';
import { differences, emptyFold, type Folded } from '../core/ledger/fold.js';
import { emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import { unpack } from '../core/pack.js';
import { Erasures } from './erasures.js';
import { EntryChecker, type LedgerProblem } from './check-entry.js';
import { CheckpointWatch } from './checkpoint-watch.js';
import type { EnginePorts, LedgerVerification } from './engine.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
import { RetiredPart } from './retired-part.js';
import { newestGood } from './write-checkpoint.js';

const problemMax = 100;
const pageSize = 5_000;

/**
 * Folds the ledger of a pair from its first entry and compares (SPEC I17): every leaf and commitment hashes to what is
 * stored, the Merkle root is the pair's, and the fold gives exactly the registers, contexts and links that are kept. Where the
 * beginning was retired, its leaves give the root and entries `kept` begin the fold; `as` verifies as if it were.
 * The fold of all entities is held in memory: values of the pair once.
 */
export async function verifyLedger(
  ports: VerifyPorts,
  input: { pair: PairId; as?: Retirement },
): Promise<LedgerVerification> {
  for (;;) {
    const retirement = input.as ?? (await ports.store.retirement(input.pair));
    const verified = await verifyFrom(ports, input.pair, retirement);
    // What is retired while we read is no tampering: we look at what is there now.
    const after = input.as ?? (await ports.store.retirement(input.pair));
    if (after?.cut === retirement?.cut) return verified;
  }
}

async function verifyFrom(ports: VerifyPorts, id: PairId, retirement: Retirement | null): Promise<LedgerVerification> {
  const { store, hasher } = ports;
  // Before the pair's row is read: a checkpoint that is written meanwhile must not look like one that is ahead of it.
  const kept = (await ports.checkpoints?.kept(id)) ?? [];
  const pair = await store.pair(id);
  const problems: LedgerProblem[] = [];
  const checker = new EntryChecker(hasher, problems);
  const erasures = new Erasures();
  const node = (left: string, right: string): string => hasher.sha256Node(1, left, right);
  const watch = new CheckpointWatch(kept, node, problems);
  const retired = retirement === null ? null : new RetiredPart(ports, id, retirement, problems);
  let head: LogHead = (await retired?.begin(checker, watch)) ?? emptyLog;
  while (head.size < pair.ledgerSize) {
    const page = (await store.ledger(id, head.size, pageSize)).slice(0, pair.ledgerSize - head.size);
    if (page.length === 0) {
      problems.push({ seq: head.size, entity: null, what: 'entries are missing from here on' });
      break;
    }
    page.forEach((stored, index) => checkEntry(checker, stored, head.size + index, erasures));
    page.forEach((stored) => retired?.see(stored));
    head = watch.append(
      head,
      page.map(({ entry }) => entry.leaf),
    );
  }
  watch.end(head.size);
  retired?.end();
  problems.push(...erasures.unexplained());
  const root = rootOf(head, node);
  if (head.peaks.join() !== pair.ledgerPeaks.join())
    problems.push({ seq: null, entity: null, what: 'the Merkle root is not the one that was committed' });
  const entities = await compareStates(ports, id, { tick: pair.tick, erasures }, checker.folds, problems);
  return {
    ok: problems.length === 0,
    entries: head.size,
    retired: retirement,
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

export type VerifyPorts = Pick<EnginePorts, 'store' | 'hasher' | 'checkpoints'>;

function checkEntry(checker: EntryChecker, stored: StoredEntry, seq: number, erasures: Erasures): void {
  checker.checkRow(stored, seq);
  erasures.see(stored);
  const { payload, sealed } = stored;
  if (payload === null || sealed === null) return;
  checker.checkValues(stored, sealed);
  checker.fold(stored, payload);
}

/** States committed while the check ran are newer than the entries that were read: they are checked next time. */
async function compareStates(
  ports: VerifyPorts,
  pair: PairId,
  known: { readonly tick: number; readonly erasures: Erasures },
  folds: ReadonlyMap<EntityId, Folded>,
  problems: LedgerProblem[],
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
      if (committed > known.tick) continue;
      count += 1;
      if (known.erasures.has(id)) {
        problems.push(...known.erasures.leftIn(id, unpack(state)));
        continue;
      }
      for (const what of differences(folds.get(id) ?? emptyFold, unpack(state)))
        problems.push({ seq: null, entity: id, what });
    }
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return count;
    after = last.id;
  }
}
