import type { SideName } from '../core/ids.js';
import { limitsOf } from '../core/rules.js';
import type { EnginePorts } from './engine.js';
import { problemSince, withProblem } from './side-problem.js';
import type { PairTransaction, SavedRevision, WritePlace } from './store.js';

const minuteMs = 60_000;

/**
 * Sides whose writes count together for one budget, by connection: those of all pairs, because a system's quota is that of
 * whoever connects. Nothing is looked up where the file names no budget.
 */
export async function writePlaces(
  { store }: Pick<EnginePorts, 'store'>,
  { rules }: SavedRevision,
): Promise<ReadonlyMap<string, readonly WritePlace[]>> {
  const found = new Map<string, WritePlace[]>();
  if (limitsOf(rules).writesPerMinute === null) return found;
  const note = ({ pair, sides }: SavedRevision['rules']): void => {
    for (const { name: side, connection } of sides)
      found.set(connection, [...(found.get(connection) ?? []), { pair, side }]);
  };
  note(rules);
  for (const { pair, revision } of await store.pairs()) {
    const other = pair === rules.pair || revision === null ? null : await store.revision(pair, revision);
    if (other !== null) note(other.rules);
  }
  return found;
}

/**
 * A side that had its writes of the minute gets the next batch when they are a minute old; it waits with its age, and the
 * status says so. A batch is never cut, so that what belongs together goes together, and pairs do not wait for each other's
 * commits: the limit is met on average.
 */
export async function waitsForRate(
  transaction: PairTransaction,
  { rules }: SavedRevision,
  side: SideName,
  byConnection: ReadonlyMap<string, readonly WritePlace[]>,
): Promise<boolean> {
  const { writesPerMinute } = limitsOf(rules);
  const places = byConnection.get(rules.sides.find(({ name }) => name === side)?.connection ?? '') ?? [];
  if (writesPerMinute === null || (await transaction.writesWithin(places, minuteMs)) < writesPerMinute) return false;
  const others = new Set(places.map(({ pair }) => pair)).size - 1;
  const along =
    others === 0 ? '' : `, with those of ${others} other ${others === 1 ? 'pair' : 'pairs'} of the connection`;
  const text = `${writesPerMinute} writes a minute are allowed, and were made${along}. The next ones wait, and nothing is lost.`;
  const before = transaction.pair.cursors[side]?.writeProblem;
  if (before?.code === 'pair.over_limit') return true;
  const problem = problemSince(before, { code: 'pair.over_limit', text }, transaction.nowMs);
  await transaction.commit({
    pair: { ...transaction.pair, cursors: withProblem(transaction.pair, side, 'written', problem) },
  });
  return true;
}
