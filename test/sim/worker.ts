import { ParleyError } from '../../src/core/errors.js';
import type { EntityId, RecordKey } from '../../src/core/ids.js';
import type { Choice, Engine } from '../../src/engine/engine.js';
import type { ConflictRow } from '../../src/engine/store.js';
import { pair } from './rules.js';
import type { Act } from './steps.js';

/** What a worker needs beside the engine. */
export type WorkerPlace = {
  readonly engine: Engine;
  readonly sides: readonly string[];
  openQuestions(): readonly ConflictRow[];
  /** What a person could answer to a question, in a fixed order. */
  choices(conflict: ConflictRow): readonly Choice[];
  use(revision: number): void;
};

const roundsMax = 4;

/** Does one act. Errors of ours that say "come again" are what a workflow would wait out; others are thrown. */
export async function perform(place: WorkerPlace, act: Act): Promise<void> {
  try {
    await carryOut(place, act);
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code === 'internal.bug') throw error;
  }
}

async function carryOut(place: WorkerPlace, act: Act): Promise<void> {
  const { engine } = place;
  switch (act.act) {
    case 'poll':
      return poll(engine, act.side);
    case 'list':
      return list(engine, act.side);
    case 'send':
      await send(engine);
      return;
    case 'end':
      return end(engine);
    case 'wait':
      return wait(engine);
    case 'cycle':
      return cycle(place, act.list);
    case 'plan':
      place.use(act.revision);
      return planAndApply(place);
    case 'mode':
      return engine.setMode({ pair, mode: act.mode, by: 'simulator' });
    case 'decide':
      return decide(place, act);
  }
}

async function poll(engine: Engine, side: string): Promise<void> {
  const { run, mode } = await engine.nextStep({ pair });
  if (mode === 'paused' || mode === 'new') return;
  while ((await engine.takePage({ pair, side: side as never, run, plan: null })).more);
}

async function list(engine: Engine, side: string): Promise<void> {
  const { run, mode } = await engine.nextStep({ pair });
  if (mode === 'paused' || mode === 'new') return;
  let after: RecordKey | null = null;
  do ({ next: after } = await engine.listMissing({ pair, side: side as never, run, after }));
  while (after !== null);
}

/** Returns how many writes met a record that had moved on. */
async function send(engine: Engine): Promise<number> {
  const { run } = await engine.nextStep({ pair });
  await engine.checkBrakes({ pair, run });
  const { deliveries } = await engine.nextStep({ pair });
  let stale = 0;
  for (const { id } of deliveries) stale += (await engine.deliverBatch({ pair, delivery: id })).stale;
  return stale;
}

async function end(engine: Engine): Promise<void> {
  const { run } = await engine.nextStep({ pair });
  await engine.checkBrakes({ pair, run });
  await engine.endRun({ pair, run, problem: null });
}

async function wait(engine: Engine): Promise<void> {
  const { run, waiting } = await engine.nextStep({ pair });
  let after: EntityId | null = null;
  if (waiting)
    do ({ next: after } = await engine.planWaiting({ pair, run, after }));
    while (after !== null);
}

/** One turn as the workflow takes it. */
async function cycle({ engine, sides }: WorkerPlace, lists: boolean): Promise<void> {
  const { mode, listings, plan } = await engine.nextStep({ pair });
  if (plan !== null && plan.state !== 'applying') await makePlan(engine, sides, plan.id);
  if (plan !== null && plan.state === 'applying') await applyPlan(engine, plan.id);
  if (mode === 'paused' || mode === 'new') return;
  await wait(engine);
  let stale = await send(engine);
  for (let round = 0; round < roundsMax; round += 1) {
    for (const side of sides) await poll(engine, side);
    if (lists && round === 0) for (const side of listings) await list(engine, side);
    stale = await send(engine);
    if (stale === 0) break;
  }
  await end(engine);
}

async function planAndApply({ engine, sides }: WorkerPlace): Promise<void> {
  const { plan } = await engine.requestPlan({ pair, by: 'simulator' });
  await makePlan(engine, sides, plan);
  await engine.approvePlan({ plan, by: 'simulator' });
  await applyPlan(engine, plan);
}

async function makePlan(engine: Engine, sides: readonly string[], plan: number): Promise<void> {
  const { run } = await engine.nextStep({ pair });
  for (const side of sides) while ((await engine.takePage({ pair, side: side as never, run, plan })).more);
  let after: EntityId | null = null;
  do ({ next: after } = await engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await engine.readyPlan({ plan });
}

async function applyPlan(engine: Engine, plan: number): Promise<void> {
  const { run } = await engine.nextStep({ pair });
  let after: EntityId | null = null;
  do ({ next: after } = await engine.applyPlanPage({ plan, run, after }));
  while (after !== null);
  await send(engine);
  await end(engine);
  await engine.finishPlan({ plan });
}

async function decide(place: WorkerPlace, { pick, choice }: Act & { act: 'decide' }): Promise<void> {
  const open = place.openQuestions();
  const conflict = open[pick % Math.max(open.length, 1)];
  if (conflict === undefined) return;
  const choices = place.choices(conflict);
  const chosen = choices[choice % Math.max(choices.length, 1)];
  if (chosen === undefined) return;
  await place.engine.decide({ conflict: conflict.id, vv: conflict.vv, choice: chosen, by: 'simulator', note: null });
}
