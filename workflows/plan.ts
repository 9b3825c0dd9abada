import type { NextStep } from '../activities/contract.js';
import type { EntityId } from '../src/core/ids.js';
import { deliver, readSide, type Work } from './cycle.js';
import { endsPlan, problemOf } from './problem.js';
import { books, pages } from './proxies.js';

type OpenPlan = NonNullable<NextStep['plan']>;

/** Carries the open plan one state further; an interrupted or repeated attempt goes on from what Postgres holds. */
export async function advancePlan(work: Work, plan: OpenPlan): Promise<void> {
  try {
    if (plan.state !== 'applying') return await preparePlan(work, plan);
    if (!(await commitPlan(work, plan))) return;
  } catch (failure) {
    const problem = problemOf(failure);
    if (endsPlan(problem, plan.state)) await books.failPlan({ plan: plan.id, problem: problem.text });
    throw failure;
  } finally {
    // What a plan reads is decided by people, and what an approved one writes has been: neither is the brakes' business.
    work.unbraked = false;
  }
  await finishPlan(work, plan);
}

async function preparePlan(work: Work, plan: OpenPlan): Promise<void> {
  if (plan.state === 'reading') for (const side of work.step.sides) await readSide(work, side, plan.id);
  for (let after: EntityId | null = null; !work.interrupted(); ) {
    const page: { next: EntityId | null } = await pages.decidePlanPage({ plan: plan.id, after });
    after = page.next;
    if (after === null) return books.readyPlan({ plan: plan.id });
  }
}

/** Commits the approved decisions, page by page. False when it was interrupted: the next turn goes on with it. */
async function commitPlan(work: Work, plan: OpenPlan): Promise<boolean> {
  for (let after: EntityId | null = null; !work.interrupted(); ) {
    const page: { next: EntityId | null } = await pages.applyPlanPage({ plan: plan.id, run: work.step.run, after });
    after = page.next;
    if (after === null) return true;
  }
  return false;
}

/**
 * Delivers what the plan decided. Every decision is committed by now, so a side that cannot be written does not fail the
 * plan: its deliveries stay open, and the problem is the run's.
 */
async function finishPlan(work: Work, plan: OpenPlan): Promise<void> {
  try {
    const { deliveries } = await books.nextStep({ pair: work.pair });
    await deliver(work, deliveries);
  } finally {
    await books.finishPlan({ plan: plan.id });
  }
}
