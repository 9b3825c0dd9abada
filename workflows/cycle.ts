import { isCancellation, patched } from '@temporalio/workflow';
import type { NextStep } from '../activities/contract.js';
import type { EntityId, PairId, RecordKey, SideName } from '../src/core/ids.js';
import { pace } from './pace.js';
import { problemOf } from './problem.js';
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
  /** What failed in this run, by side: it is not tried again before the next one. */
  readonly failed: { readonly read: Map<SideName, unknown>; readonly written: Map<SideName, unknown> };
};

export const openWork = (pair: PairId, step: NextStep, interrupted: () => boolean): Work => ({
  pair,
  step,
  interrupted,
  unbraked: false,
  doubtful: 0,
  tried: [],
  failed: { read: new Map(), written: new Map() },
});

/** Whether Postgres holds something to do besides looking. It lists only what the mode lets pass. */
export const hasWork = ({ plan, mode, deliveries, waiting }: NextStep): boolean =>
  plan !== null || mode === 'draining' || deliveries.length > 0 || waiting;

export type Reading = { readonly sides: readonly SideName[]; readonly list: boolean };

/**
 * Deliver what is open, read, deliver what that planned; again while writes met something newer than they were decided on.
 * Open deliveries come first, since what was sent and not acknowledged makes every observation of its records doubtful.
 * A side that fails does not keep the other one from being read and written: its failure is thrown at the end.
 */
export async function runCycle(work: Work, reading: Reading): Promise<void> {
  await runRounds(work, reading, patched('sides apart') ? apart : together);
  for (const failure of [...work.failed.written.values(), ...work.failed.read.values()]) throw failure;
}

type Doing = (work: Work, sides: readonly SideName[], act: (side: SideName) => Promise<void>) => Promise<void>;

/** How it was until version 0.1, for histories that began so. */
const together: Doing = async (_work, sides, act) => {
  for (const side of sides) await act(side);
};

const apart: Doing = async ({ failed }, sides, act) => {
  for (const side of sides) {
    if (failed.read.has(side)) continue;
    try {
      await act(side);
    } catch (failure) {
      if (isCancellation(failure)) throw failure;
      failed.read.set(side, failure);
    }
  }
};

async function runRounds(work: Work, { sides, list }: Reading, each: Doing): Promise<void> {
  const { step, interrupted } = work;
  if (step.waiting) await planWaiting(work);
  let stale = work.unbraked || step.deliveries.length > 0 || step.waiting ? await deliverOpen(work, each) : 0;
  let reading = stale > 0 ? step.sides : sides;
  for (let round = 1; round <= pace.roundsMax && !interrupted(); round += 1) {
    await each(work, reading, (side) => readSide(work, side, null));
    if (list && round === 1) await each(work, step.listings, (side) => listSide(work, side));
    if (!work.unbraked || interrupted()) return;
    stale = await deliverOpen(work, each);
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
async function deliverOpen(work: Work, each: Doing): Promise<number> {
  await books.checkBrakes({ pair: work.pair, run: work.step.run });
  work.unbraked = false;
  // A halted pair still resolves what was sent and carries out what people approved: which that is, the engine knows.
  const { deliveries } = await books.nextStep({ pair: work.pair });
  if (each === together) return deliver(work, deliveries);
  const { read, written } = work.failed;
  const { stale, failures } = await deliverApart(
    work,
    deliveries.filter(({ side }) => !read.has(side) && !written.has(side)),
  );
  for (const [side, failure] of failures) {
    if (isCancellation(failure)) throw failure;
    written.set(side, failure);
    // Somebody who has the file open keeps it from being written only; a system that is away answers nothing.
    if (problemOf(failure).code === 'connector.unreachable') read.set(side, failure);
  }
  return stale;
}

/** All deliveries; throws what failed. */
export async function deliver(work: Work, deliveries: NextStep['deliveries']): Promise<number> {
  const { stale, failures } = await deliverApart(work, deliveries);
  for (const failure of failures.values()) throw failure;
  return stale;
}

/**
 * Sides side by side, the deliveries of one side one after the other. A side that is out of reach does not hold back
 * the other one; its failure is told when both are done, so that no batch is left running behind the caller's back.
 */
async function deliverApart(
  work: Work,
  deliveries: NextStep['deliveries'],
): Promise<{ readonly stale: number; readonly failures: ReadonlyMap<SideName, unknown> }> {
  const sides = [...new Set(deliveries.map((delivery) => delivery.side))];
  const failures = new Map<SideName, unknown>();
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
  settled.forEach((result, index) => {
    if (result.status === 'rejected') failures.set(sides[index] as SideName, result.reason);
  });
  return { stale, failures };
}

/** Ends the run. The brakes see everything it read first, so that the next run cannot deliver what they would stop. */
export async function closeRun(work: Work, problem: string | null): ReturnType<typeof books.endRun> {
  const run = { pair: work.pair, run: work.step.run };
  if (work.unbraked) await books.checkBrakes(run);
  return books.endRun({ ...run, problem });
}
