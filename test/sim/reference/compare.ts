import { isTripped } from '../../../src/core/loop.js';
import { type WorldPlan, worldOf } from '../generate.js';
import { plainSide } from '../options.js';
import { registerIn } from '../oracle/oracle.js';
import { stateIn } from '../oracle/state-in.js';
import { Play } from '../play.js';
import { describeStep } from '../report.js';
import type { Step } from '../steps.js';
import { canonical, rawOf } from '../truth.js';
import { Model } from './model.js';

export type Differing = { readonly seed: number; readonly at: string; readonly what: string; readonly plan: WorldPlan };

/** The world of a seed as far as the reference knows it: plain systems, no deletes, and of the faults lost requests and answers. */
export function referenceWorld(seed: number): WorldPlan {
  const { options, steps } = worldOf(seed);
  const hasLost = seed % 2 === 0;
  const records = hasLost ? options.records.slice(0, 1) : options.records;
  const units = options.units.map((unit, index) => {
    const { authority } = unit;
    const isKnown = authority.kind === 'ask' || authority.kind === 'prefer' || authority.kind === 'master';
    const kept = isKnown ? authority : ({ kind: 'ask' } as const);
    const plain = kept.kind === 'master' ? ({ ...kept, stray: 'restore' } as const) : kept;
    return { ...unit, name: `u${index}`, authority: plain, blank: 'value' as const };
  });
  const sides = options.sides.map(({ name, reads, deletes }) => plainSide(name, { reads, deletes }));
  const kept = steps.filter((step) => isKept(step, hasLost)).map(wholeStep);
  return { options: { ...options, sides, units, records, pageSize: 50, workers: 1, faults: [] }, steps: kept };
}

function isKept(step: Step, hasLost: boolean): boolean {
  if (step.do === 'edit') return true;
  if (step.do === 'act') return step.act === 'poll' || step.act === 'send' || step.act === 'cycle';
  const { fault } = step.do === 'fault' ? step : { fault: null };
  return hasLost && (fault?.kind === 'lost request' || fault?.kind === 'lost response');
}

function wholeStep(step: Step): Step {
  return step.do === 'act' && step.act === 'poll'
    ? { do: 'act', worker: 0, act: 'poll', side: step.side }
    : step.do === 'act' && step.act === 'send'
      ? { do: 'act', worker: 0, act: 'send' }
      : step.do === 'act'
        ? { do: 'act', worker: 0, act: 'cycle', list: false }
        : step;
}

/** Plays a world with the engine and with the reference, and compares them after each turn and at the end; null: they agree. */
export async function compareWithReference(seed: number, plan = referenceWorld(seed)): Promise<Differing | null> {
  const { options, steps } = plan;
  const play = new Play(options);
  const model = modelOf(plan);
  await play.start();
  model.start();
  for (const [index, step] of [...steps, ...lastTurns].entries()) {
    if (index === steps.length) {
      play.world.faults.clear();
      model.lost.clear();
    }
    await play.step(step);
    follow(model, plan, step);
    if (play.violation !== null) return { seed, at: describeStep(step), what: play.violation.what, plan };
    if (isStopped(play)) return null;
    if (step.do !== 'act' || step.act !== 'cycle') continue;
    const what = differenceOf(play, model);
    if (what !== null) return { seed, at: `${index + 1}. ${describeStep(step)}`, what, plan };
  }
  return null;
}

const turn: Step = { do: 'act', worker: 0, act: 'cycle', list: false };
const lastTurns: readonly Step[] = [turn, turn, turn];

function modelOf({ options }: WorldPlan): Model {
  const model = new Model(
    options.sides.map(({ name }) => name),
    options.units,
  );
  for (const { key, sides } of options.records)
    for (const [side, fields] of Object.entries(sides))
      model.rowsOf(side).set(key, new Map(options.units.map((unit) => [unit.name, rawOf(unit, fields)])));
  return model;
}

function follow(model: Model, { options }: WorldPlan, step: Step): void {
  if (step.do === 'edit') {
    const unit = options.units.find(({ name }) => name === step.unit);
    if (unit !== undefined)
      model
        .rowsOf(step.side)
        .get(step.key)
        ?.set(step.unit, unit.type === 'group' ? step.to : (step.to[0] ?? null));
  } else if (step.do === 'fault') {
    if (step.fault.kind === 'lost request' || step.fault.kind === 'lost response')
      model.lost.set(step.fault.at, [...(model.lost.get(step.fault.at) ?? []), step.fault.kind]);
  } else if (step.do === 'act') {
    if (step.act === 'poll') model.act('poll', step.side);
    else model.act(step.act === 'send' ? 'send' : 'cycle', '');
  }
}

/** People who answer our writes again and again are stopped (I22): the reference knows no clock, so it ends there. */
function isStopped({ world }: Play): boolean {
  const { tables } = world.database;
  return [...tables.entities.keys()].some((id) =>
    world.options.units.some((unit) => isTripped(registerIn(stateIn(tables, id), unit))),
  );
}

function differenceOf({ world }: Play, model: Model): string | null {
  const { tables } = world.database;
  for (const id of tables.entities.keys()) {
    const state = stateIn(tables, id);
    const [key = ''] = Object.values(state.sides).map((shadow) => shadow.key);
    for (const unit of world.options.units) {
      const { status, value } = registerIn(state, unit);
      const cell = model.entities.get(key)?.cells.get(unit.name);
      if (cell === undefined) return `the reference knows no ${key}`;
      if (cell.isOpen !== (status === 'asked'))
        return `${key}/${unit.name} is ${status}, and ${cell.isOpen ? 'asked' : 'settled'} by the reference`;
      if (status === 'settled' && canonical(unit, value) !== canonical(unit, cell.value))
        return `${key}/${unit.name} is ${JSON.stringify(value)}, and ${JSON.stringify(cell.value)} by the reference`;
    }
  }
  const { writes } = world.effects.state;
  return writes === model.writes ? null : `${writes} writes took effect, and ${model.writes} by the reference`;
}
