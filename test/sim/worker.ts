import { ParleyError } from '../../src/core/errors.js';
import type { EntityId, PairId, RecordKey } from '../../src/core/ids.js';
import type { Choice, Engine } from '../../src/engine/engine.js';
import type { ConflictRow } from '../../src/engine/store.js';
import type { Act } from './steps.js';

/** What a worker needs beside the engine. */
export type WorkerPlace = {
  readonly pair: PairId;
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
  const { engine, pair } = place;
  switch (act.act) {
    case 'poll':
      return poll(place, act.side);
    case 'list':
      return list(place, act.side);
    case 'send':
      await send(place);
      return;
    case 'end':
      return end(place);
    case 'wait':
      return wait(place);
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

async function poll({ engine, pair }: WorkerPlace, side: string): Promise<void> {
  const { run, mode } = await engine.nextStep({ pair });
  if (mode === 'paused' || mode === 'new') return;
  while ((await engine.takePage({ pair, side: side as never, run, plan: null })).more);
}

async function list({ engine, pair }: WorkerPlace, side: string): Promise<void> {
  const { run, mode } = await engine.nextStep({ pair });
  if (mode === 'paused' || mode === 'new') return;
  let after: RecordKey | null = null;
  do ({ next: after } = await engine.listMissing({ pair, side: side as never, run, after }));
  while (after !== null);
}

/** Returns how many writes met a record that had moved on. */
async function send({ engine, pair }: WorkerPlace): Promise<number> {
  const { run } = await engine.nextStep({ pair });
  await engine.checkBrakes({ pair, run });
  const { deliveries } = await engine.nextStep({ pair });
  let stale = 0;
  for (const { id } of deliveries) stale += (await engine.deliverBatch({ pair, delivery: id })).stale;
  return stale;
}

async function end({ engine, pair }: WorkerPlace): Promise<void> {
  const { run } = await engine.nextStep({ pair });
  await engine.checkBrakes({ pair, run });
  await engine.endRun({ pair, run, problem: null });
}

async function wait({ engine, pair }: WorkerPlace): Promise<void> {
  const { run, waiting } = await engine.nextStep({ pair });
  let after: EntityId | null = null;
  if (waiting)
    do ({ next: after } = await engine.planWaiting({ pair, run, after }));
    while (after !== null);
}

/** One turn as the workflow takes it. */
async function cycle(place: WorkerPlace, lists: boolean): Promise<void> {
  const { engine, pair, sides } = place;
  const { mode, listings, plan } = await engine.nextStep({ pair });
  if (plan !== null && plan.state !== 'applying') await makePlan(place, plan.id);
  if (plan !== null && plan.state === 'applying') await applyPlan(place, plan.id);
  if (mode === 'paused' || mode === 'new') return;
  await wait(place);
  let stale = await send(place);
  for (let round = 0; round < roundsMax; round += 1) {
    for (const side of sides) await poll(place, side);
    if (lists && round === 0) for (const side of listings) await list(place, side);
    stale = await send(place);
    if (stale === 0) break;
  }
  await end(place);
}

async function planAndApply(place: WorkerPlace): Promise<void> {
  const { engine, pair } = place;
  const { plan } = await engine.requestPlan({ pair, by: 'simulator' });
  await makePlan(place, plan);
  await engine.approvePlan({ plan, by: 'simulator' });
  await applyPlan(place, plan);
}

async function makePlan({ engine, pair, sides }: WorkerPlace, plan: number): Promise<void> {
  const { run } = await engine.nextStep({ pair });
  for (const side of sides) while ((await engine.takePage({ pair, side: side as never, run, plan })).more);
  let after: EntityId | null = null;
  do ({ next: after } = await engine.decidePlanPage({ plan, after }));
  while (after !== null);
  await engine.readyPlan({ plan });
}

async function applyPlan(place: WorkerPlace, plan: number): Promise<void> {
  const { engine, pair } = place;
  const { run } = await engine.nextStep({ pair });
  let after: EntityId | null = null;
  do ({ next: after } = await engine.applyPlanPage({ plan, run, after }));
  while (after !== null);
  await send(place);
  await end(place);
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
