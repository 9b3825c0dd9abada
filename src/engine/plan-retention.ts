import type { PairId } from '../core/ids.js';
import type { EnginePorts } from './engine.js';
import type { HistoryBefore, PairBefore, RetentionStore } from './retention-store.js';
import { newestGood, writeCheckpoint } from './write-checkpoint.js';

export type PairRetention = {
  readonly pair: PairId;
  /** Entries from `from` to below `cut` would go. */
  readonly from: number;
  readonly cut: number;
  /** The file goes up to here: the first signed checkpoint at or past the cut. */
  readonly exportTo: number;
  /** Whether a checkpoint that a known key signed covers what goes. */
  readonly signed: boolean;
  /** Records that they are about: each is kept forward, unless it was erased. */
  readonly records: number;
  /** Why it cannot be done now. */
  readonly problems: readonly string[];
};

export type RetentionPlan = {
  /** Months of all pairs go together: the history is kept in partitions by month. */
  readonly beforeMs: number;
  readonly months: readonly string[];
  readonly pairs: readonly PairRetention[];
  readonly problems: readonly string[];
};

export type RetentionPlanPorts = Pick<EnginePorts, 'store' | 'hasher' | 'checkpoints'> & {
  readonly retention: Pick<RetentionStore, 'before'>;
};

/** What would be taken out of the ledger, and what still needs it. Changes nothing, but that a checkpoint may be signed. */
export async function planRetention(ports: RetentionPlanPorts, beforeMs: number): Promise<RetentionPlan> {
  const first = monthOf(beforeMs);
  const nowMs = await ports.store.nowMs();
  const found = await ports.retention.before(first);
  const pairs: PairRetention[] = [];
  for (const pair of found.pairs) pairs.push(await planPair(ports, pair));
  return { beforeMs: first, months: found.months, pairs, problems: problemsOf(found, first, nowMs) };
}

/** The beginning of the month that a moment is in, UTC. */
export function monthOf(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
}

function problemsOf({ outsideMonths }: HistoryBefore, beforeMs: number, nowMs: number): readonly string[] {
  const problems: string[] = [];
  if (beforeMs > monthOf(nowMs)) problems.push('The month that we are in is not over.');
  if (outsideMonths > 0)
    problems.push(`Entries stand in no month of their own, because nobody had made it in time: ${outsideMonths}.`);
  return problems;
}

async function planPair(ports: RetentionPlanPorts, before: PairBefore): Promise<PairRetention> {
  const { pair, from, cut, records, misdated, open, undoPlans } = before;
  const { checkpoints } = ports;
  if (checkpoints?.signs === true) await writeCheckpoint(ports, { pair });
  const kept = (await checkpoints?.kept(pair)) ?? [];
  const sizes = kept.filter(({ signature }) => signature === 'good').map(({ checkpoint }) => checkpoint.size);
  const signed = (newestGood(kept)?.size ?? 0) >= cut;
  const problems: string[] = [];
  const say = (count: number, text: string): void => void (count > 0 && problems.push(text));
  say(misdated, `among these are entries that are dated later, because a clock was set back: ${misdated}.`);
  say(open.questions, `questions of before are open: ${open.questions} (parley review list --pair ${pair}).`);
  say(open.deliveries, `deliveries of before are not over: ${open.deliveries}.`);
  say(open.held, `records are held since before: ${open.held} (parley record list --standing held --pair ${pair}).`);
  say(undoPlans, 'a plan of an undo waits; apply it or let it expire.');
  if (checkpoints != null && !signed)
    problems.push('no signed checkpoint covers these entries yet: let a worker sign, a minute is enough.');
  const exportTo = signed ? Math.min(...sizes.filter((size) => size >= cut)) : cut;
  return { pair, from, cut, exportTo, signed, records, problems };
}
