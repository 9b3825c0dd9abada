import type { EntityId, PairId } from '../src/core/ids.js';
import type { Engine, NextStep } from '../src/engine/engine.js';

/** Plays the pair's workflow in this process: the same use cases in the same order, and nothing in between. */

export async function makePlan(engine: Engine, pair: PairId): Promise<number> {
  const { plan } = await engine.requestPlan({ pair, by: 'bench' });
  const { run, sides } = await engine.nextStep({ pair });
  for (const side of sides) while ((await engine.takePage({ pair, side, run, plan })).more);
  let after: EntityId | null = null;
  do ({ next: after } = await engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await engine.readyPlan({ plan });
  return plan;
}

export async function applyPlan(engine: Engine, pair: PairId, plan: number): Promise<void> {
  await engine.approvePlan({ plan, by: 'bench' });
  const { run } = await engine.nextStep({ pair });
  let after: EntityId | null = null;
  do ({ next: after } = await engine.applyPlanPage({ plan, run, after }));
  while (after !== null);
  await deliver(engine, pair, (await engine.nextStep({ pair })).deliveries);
  await engine.endRun({ pair, run, problem: null });
  await engine.finishPlan({ plan });
}

/** One run: both sides are read, the brakes look, what was planned is delivered. Returns the pages that were read. */
export async function runCycle(engine: Engine, pair: PairId): Promise<{ pages: number }> {
  const { run, sides } = await engine.nextStep({ pair });
  let pages = 0;
  for (const side of sides) {
    for (let more = true; more; pages += 1) ({ more } = await engine.takePage({ pair, side, run, plan: null }));
  }
  const { halted } = await engine.checkBrakes({ pair, run });
  if (halted) throw new Error('assertion failed: the brakes stopped a measurement');
  await deliver(engine, pair, (await engine.nextStep({ pair })).deliveries);
  await engine.endRun({ pair, run, problem: null });
  return { pages };
}

/** Sides side by side, the deliveries of one side one after the other. */
async function deliver(engine: Engine, pair: PairId, deliveries: NextStep['deliveries']): Promise<void> {
  const sides = [...new Set(deliveries.map(({ side }) => side))];
  await Promise.all(
    sides.map(async (side) => {
      for (const { id } of deliveries.filter((delivery) => delivery.side === side))
        await engine.deliverBatch({ pair, delivery: id });
    }),
  );
}
