import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { KeptCheckpoint } from '../core/ledger/checkpoint.js';
import { append, emptyLog, rootOf, type LogHead } from '../core/ledger/merkle.js';
import type { EnginePorts } from './engine.js';

const leavesPerPage = 20_000;

/**
 * Signs where a pair's log stands, if it grew since the last time (SPEC I17). The key vouches for history that continues
 * what it vouched for before: leaves since the last good checkpoint are hashed again, and a log that is shorter or
 * another one is not signed.
 *
 * @throws ParleyError `ledger.mismatch`, `ledger.checkpoints_unreachable`
 */
export async function writeCheckpoint(
  ports: Pick<EnginePorts, 'checkpoints' | 'store' | 'hasher'>,
  input: { pair: PairId },
): Promise<{ readonly size: number; readonly written: boolean }> {
  const { checkpoints, store, hasher } = ports;
  if (checkpoints == null || !checkpoints.signs) return { size: 0, written: false };
  const last = newestGood(await checkpoints.kept(input.pair));
  const { ledgerSize: size, ledgerPeaks: peaks } = await store.pair(input.pair);
  if (size === (last?.size ?? 0)) return { size, written: false };
  if (last !== null && size < last.size)
    throw rewritten(input.pair, `it has ${size} entries, and once had ${last.size}`);
  const node = (left: string, right: string): string => hasher.sha256Node(1, left, right);
  let head: LogHead = last === null ? emptyLog : { size: last.size, peaks: last.peaks };
  if (last !== null && rootOf(head, node) !== last.root)
    throw rewritten(input.pair, 'the last checkpoint contradicts itself');
  while (head.size < size) {
    const leaves = await store.leaves(input.pair, head.size, Math.min(leavesPerPage, size - head.size));
    if (leaves.length === 0) throw rewritten(input.pair, `entries are missing from ${head.size} on`);
    head = append(head, leaves, node);
  }
  if (head.peaks.join() !== peaks.join())
    throw rewritten(input.pair, `its entries do not continue those up to ${last?.size ?? 0}`);
  const root = rootOf(head, node) as string;
  await checkpoints.write({ pair: input.pair, size, peaks, root, atMs: await store.nowMs() });
  return { size, written: true };
}

/** The newest checkpoint that a known key vouches for. */
export function newestGood(kept: readonly KeptCheckpoint[]): KeptCheckpoint['checkpoint'] | null {
  const good = kept.filter(({ signature }) => signature === 'good').map(({ checkpoint }) => checkpoint);
  return good.reduce<KeptCheckpoint['checkpoint'] | null>(
    (newest, one) => (newest === null || one.size >= newest.size ? one : newest),
    null,
  );
}

function rewritten(pair: PairId, what: string): ParleyError {
  return new ParleyError(
    'ledger.mismatch',
    `The ledger of ${pair} was changed or put back to an earlier state: ${what}. It was not signed.`,
    { hint: `parley ledger verify ${pair}` },
  );
}
