import type { SideName } from '../core/ids.js';
import { limitsOf } from '../core/rules.js';
import { problemSince, withProblem } from './side-problem.js';
import type { PairTransaction, SavedRevision } from './store.js';

const minuteMs = 60_000;

/**
 * A side that had its writes of the minute gets the next batch when they are a minute old; it waits with its age, and the
 * status says so. A batch is never cut, so that what belongs together goes together: the limit is met on average.
 */
export async function waitsForRate(
  transaction: PairTransaction,
  { rules }: SavedRevision,
  side: SideName,
): Promise<boolean> {
  const { writesPerMinute } = limitsOf(rules);
  if (writesPerMinute === null || (await transaction.writesWithin(side, minuteMs)) < writesPerMinute) return false;
  const text = `${writesPerMinute} writes a minute are allowed, and were made. The next ones wait, and nothing is lost.`;
  const before = transaction.pair.cursors[side]?.writeProblem;
  if (before?.code === 'pair.over_limit') return true;
  const problem = problemSince(before, { code: 'pair.over_limit', text }, transaction.nowMs);
  await transaction.commit({
    pair: { ...transaction.pair, cursors: withProblem(transaction.pair, side, 'written', problem) },
  });
  return true;
}
