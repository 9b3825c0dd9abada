import type { EnginePorts } from './engine.js';
import type { Mark } from './ports.js';
import { revisionOf } from './revision.js';
import { controlPage } from './control-page.js';
import { pairFact } from './pair-fact.js';
import type { PairRow, PairTransaction, SideCursor } from './store.js';

/**
 * Whether the database stands before a moment that was seen (semantics §1.1): somebody put it back. What was counted since is
 * gone, and would be counted again for other edits.
 */
function isBehind({ epoch, tick }: PairRow, mark: Mark): boolean {
  return epoch < mark.epoch || (epoch === mark.epoch && tick < mark.tick);
}

/**
 * Looks at a pair before anything else is done with it. A database that was put back gets a new epoch, so that no dot stands for
 * two edits; every side is read in full from its start, what waited to be sent is thrown away, since it may have been
 * sent in the time that is lost, and all writes stop until a person has seen a plan and applied it (SPEC I11, I20).
 *
 * @throws ParleyError `ledger.checkpoints_unreachable`: not knowing is no reason to go on
 */
export async function noticeRestore(ports: EnginePorts, pair: PairRow): Promise<PairRow> {
  const mark = (await ports.marks?.read(pair.pair)) ?? null;
  if (mark === null || !isBehind(pair, mark)) return pair;
  const open = await ports.store.openPlan(pair.pair);
  const problem = 'The database was put back to an earlier state while this plan was under way.';
  if (open !== null) await ports.store.updatePlan(open.id, { state: 'failed', problem, progress: null });
  const { rules } = await revisionOf(ports, pair.pair, pair.revision ?? pair.latestRevision);
  await ports.store.transact(pair.pair, async (transaction) => {
    if (!isBehind(transaction.pair, mark)) return;
    const { epoch: before, tick, ledgerSize } = transaction.pair;
    const epoch = Math.max(before, mark.epoch) + 1;
    const reason =
      `The database was put back to an earlier state: ${mark.entries} entries of the ledger were seen, ${ledgerSize} are there. ` +
      `All sides are read in full and nothing is written. Look at "parley plan", and go on with "parley apply".`;
    const page = controlPage(ports, transaction, rules, { id: transaction.pair.nextRun, kind: 'poll' });
    const seen = { epoch: mark.epoch, tick: mark.tick, entries: mark.entries };
    page.addFact(pairFact('epoch', { kind: 'rule' }, { from: before, to: epoch, tick, seen }));
    page.leaveWaiting(true);
    await page.commit({
      cursors: fromTheStart(transaction.pair),
      pair: { epoch, halt: { reason, counts: { seen: mark.entries, there: ledgerSize }, atMs: transaction.nowMs } },
      deliveryStates: superseded(transaction),
    });
    ports.log.error({ pair: pair.pair, epoch, tick, seen: mark.tick }, 'the database was put back to an earlier state');
  });
  return ports.store.pair(pair.pair);
}

function fromTheStart({ cursors }: PairRow): { readonly [side: string]: SideCursor } {
  return Object.fromEntries(
    Object.entries(cursors).map(([side, stored]) => [side, { ...stored, cursor: null, pass: null, complete: null }]),
  );
}

const superseded = ({ planned }: PairTransaction) =>
  [...planned].map((id) => ({ id, state: 'done' as const, attempt: 0, outcome: { superseded: 1 } }));

/** Remembers outside of the database how far it is. A mark never falls; one that cannot be written is written next time. */
export async function markHighWater(ports: EnginePorts, { pair, epoch, tick, ledgerSize }: PairRow): Promise<void> {
  const { marks } = ports;
  if (marks == null) return;
  try {
    const known = await marks.read(pair);
    const isNewer = known === null || epoch > known.epoch || (epoch === known.epoch && tick > known.tick);
    if (isNewer) await marks.write(pair, { epoch, tick, entries: ledgerSize });
  } catch (error) {
    ports.log.warn(
      { pair, problem: error instanceof Error ? error.message : null },
      'the high-water mark was not kept',
    );
  }
}
