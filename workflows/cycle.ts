import type { NextStep } from '../activities/contract.js';
import type { EntityId, PairId, RecordKey, SideName } from '../src/core/ids.js';
import { pace } from './pace.js';
import { books, pages, writes } from './proxies.js';

/** One run over a pair: what it works on, and what it has done so far. */
export type Work = {
  readonly pair: PairId;
  readonly step: NextStep;
  /** True when the batch under way should be the last one. */
  readonly interrupted: () => boolean;
  /** Something was read that no brake has looked at yet. */
  unbraked: boolean;
  /** Writes whose outcome nobody knows yet. */
  doubtful: number;
  /** Deliveries that had their chance; one that is open all the same is no reason to start over at once. */
  readonly tried: number[];
};

export const openWork = (pair: PairId, step: NextStep, interrupted: () => boolean): Work => ({
  pair,
  step,
  interrupted,
  unbraked: false,
  doubtful: 0,
  tried: [],
});

/** Whether Postgres holds something to do besides looking. It lists only what the mode lets pass. */
export const hasWork = ({ plan, mode, deliveries, waiting }: NextStep): boolean =>
  plan !== null || mode === 'draining' || deliveries.length > 0 || waiting;

export type Reading = { readonly sides: readonly SideName[]; readonly list: boolean };

/**
 * Deliver what is open, read, deliver what that planned; again while writes met something newer than they were decided on.
 * Open deliveries come first, since what was sent and not acknowledged makes every observation of its records doubtful.
 */
export async function runCycle(work: Work, { sides, list }: Reading): Promise<void> {
  const { step, interrupted } = work;
  if (step.waiting) await planWaiting(work);
  let stale = work.unbraked || step.deliveries.length > 0 || step.waiting ? await deliverOpen(work) : 0;
  let reading = stale > 0 ? step.sides : sides;
  for (let round = 1; round <= pace.roundsMax && !interrupted(); round += 1) {
    for (const side of reading) await readSide(work, side, null);
    if (list && round === 1) for (const side of step.listings) await listSide(work, side);
    if (!work.unbraked || interrupted()) return;
    stale = await deliverOpen(work);
    if (stale === 0) return;
    reading = step.sides;
  }
}

/** Pages of one side until its pass is complete or the turn is interrupted. */
export async function readSide(work: Work, side: SideName, plan: number | null): Promise<void> {
  for (let more = true; more && !work.interrupted(); ) {
    const page = await pages.takePage({ pair: work.pair, side, run: work.step.run, plan });
    if (page.changed > 0) work.unbraked = true;
    more = page.more;
  }
}

async function listSide(work: Work, side: SideName): Promise<void> {
  let after: RecordKey | null = null;
  do {
    const listed: { next: RecordKey | null; deleted: number } = await pages.listKeys({
      pair: work.pair,
      side,
      run: work.step.run,
      after,
    });
    if (listed.deleted > 0) work.unbraked = true;
    after = listed.next;
  } while (after !== null && !work.interrupted());
}

async function planWaiting(work: Work): Promise<void> {
  let after: EntityId | null = null;
  do {
    const page: { next: EntityId | null } = await pages.planWaiting({ pair: work.pair, run: work.step.run, after });
    work.unbraked = true;
    after = page.next;
  } while (after !== null && !work.interrupted());
}

/** Brakes first, then every open delivery. Returns how many writes met a record that had moved on. */
async function deliverOpen(work: Work): Promise<number> {
  await books.checkBrakes({ pair: work.pair, run: work.step.run });
  work.unbraked = false;
  // A halted pair still resolves what was sent and carries out what people approved: which that is, the engine knows.
  const { deliveries } = await books.nextStep({ pair: work.pair });
  return deliver(work, deliveries);
}

/**
 * Sides side by side, the deliveries of one side one after the other. A side that is out of reach does not hold back
 * the other one; its failure is thrown when both are done, so that no batch is left running behind the caller's back.
 */
export async function deliver(work: Work, deliveries: NextStep['deliveries']): Promise<number> {
  const sides = [...new Set(deliveries.map((delivery) => delivery.side))];
  let stale = 0;
  const deliverSide = async (side: SideName): Promise<void> => {
    for (const { id } of deliveries.filter((delivery) => delivery.side === side)) {
      if (work.interrupted()) return;
      work.tried.push(id);
      const outcome = await writes.deliverBatch({ pair: work.pair, delivery: id });
      stale += outcome.stale;
      work.doubtful += outcome.unknown;
    }
  };
  const settled = await Promise.allSettled(sides.map(deliverSide));
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return stale;
}

/** Ends the run. The brakes see everything it read first, so that the next run cannot deliver what they would stop. */
export async function closeRun(work: Work, problem: string | null): ReturnType<typeof books.endRun> {
  const run = { pair: work.pair, run: work.step.run };
  if (work.unbraked) await books.checkBrakes(run);
  return books.endRun({ ...run, problem });
}
