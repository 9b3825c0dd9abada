import type { WorldPlan } from './generate.js';
import { plainSide, type SideOptions, type WorldOptions } from './options.js';
import { play } from './run-world.js';
import type { Step } from './steps.js';

/**
 * The smallest world that this finds in which the same promise breaks: fewer steps, then a plainer beginning, again and
 * again until nothing can be left out.
 */
export async function shrink(plan: WorldPlan, invariant: string, budgetMs = 30_000): Promise<WorldPlan> {
  const until = Date.now() + budgetMs;
  const fails = async (candidate: WorldPlan): Promise<boolean> =>
    Date.now() < until && (await play(candidate)).violation?.invariant === invariant;
  let best = plan;
  for (;;) {
    const steps = await fewerSteps(best, fails);
    const options = await plainerOptions({ ...best, steps }, fails);
    const next = { options, steps: await plainerSteps({ options, steps }, fails) };
    if (sizeOf(next) >= sizeOf(best) || Date.now() >= until) return sizeOf(next) < sizeOf(best) ? next : best;
    best = next;
  }
}

type Fails = (candidate: WorldPlan) => Promise<boolean>;

const sizeOf = (plan: WorldPlan): number => JSON.stringify(plan).length;

async function fewerSteps(plan: WorldPlan, fails: Fails): Promise<readonly Step[]> {
  let steps = plan.steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length; ) {
      const without = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await fails({ ...plan, steps: without })) steps = without;
      else from += size;
    }
  }
  return steps;
}

async function plainerSteps(plan: WorldPlan, fails: Fails): Promise<readonly Step[]> {
  let { steps } = plan;
  for (const [index, step] of steps.entries()) {
    if (!('gates' in step)) continue;
    const { gates: _none, ...rest } = step;
    const plainer = steps.with(index, rest);
    if (await fails({ ...plan, steps: plainer })) steps = plainer;
  }
  return steps;
}

async function plainerOptions({ options, steps }: WorldPlan, fails: Fails): Promise<WorldOptions> {
  let best = options;
  const attempt = async (candidate: WorldOptions): Promise<void> => {
    if (await fails({ options: candidate, steps })) best = candidate;
  };
  if (best.faults.length > 0) await attempt({ ...best, faults: [] });
  if (best.workers > 1) await attempt({ ...best, workers: 1 });
  if (best.pageSize !== 50) await attempt({ ...best, pageSize: 50 });
  for (const { name } of best.sides) if (best.sides.length > 2) await attempt(withoutSide(best, name));
  for (const { name } of best.units)
    if (best.units.length > 1) await attempt({ ...best, units: best.units.filter((unit) => unit.name !== name) });
  for (const { key } of best.records)
    if (best.records.length > 1)
      await attempt({ ...best, records: best.records.filter((record) => record.key !== key) });
  for (const { name } of best.sides)
    for (const field of Object.keys(plainSide(name)) as (keyof SideOptions)[]) {
      const side = best.sides.find((candidate) => candidate.name === name);
      if (side === undefined || side[field] === plainSide(name)[field]) continue;
      await attempt(withSide(best, { ...side, [field]: plainSide(name)[field] }));
    }
  for (const unit of best.units) {
    if (unit.reference !== undefined) continue;
    if (unit.type !== 'text') await attempt(withUnit(best, { ...unit, type: 'text' }));
    const now = best.units.find(({ name }) => name === unit.name) ?? unit;
    if (now.blank !== 'value') await attempt(withUnit(best, { ...now, blank: 'value' }));
    const then = best.units.find(({ name }) => name === unit.name) ?? unit;
    if (then.authority.kind !== 'ask') await attempt(withUnit(best, { ...then, authority: { kind: 'ask' } }));
  }
  return best.parents === undefined ? best : { ...best, parents: await plainerParents(best, steps, fails) };
}

/** The other pair of the world, which keeps its sides: what is named on a side has to be there. */
async function plainerParents(options: WorldOptions, steps: readonly Step[], fails: Fails): Promise<WorldOptions> {
  let best = options.parents as WorldOptions;
  const attempt = async (parents: WorldOptions): Promise<void> => {
    if (await fails({ options: { ...options, parents }, steps })) best = parents;
  };
  if (best.workers > 1) await attempt({ ...best, workers: 1 });
  for (const { key } of best.records)
    await attempt({ ...best, records: best.records.filter((record) => record.key !== key) });
  for (const { name } of best.sides)
    await attempt({ ...best, sides: best.sides.map((side) => (side.name === name ? plainSide(name) : side)) });
  return best;
}

function withoutSide(options: WorldOptions, name: string): WorldOptions {
  const records = options.records.map(({ key, sides }) => {
    const { [name]: _gone, ...rest } = sides;
    return { key, sides: rest };
  });
  const sides = options.sides.filter((side) => side.name !== name);
  const { parents } = options;
  return { ...options, records, sides, ...(parents === undefined ? {} : { parents: withoutSide(parents, name) }) };
}

function withSide(options: WorldOptions, side: SideOptions): WorldOptions {
  return { ...options, sides: options.sides.map((old) => (old.name === side.name ? side : old)) };
}

function withUnit(options: WorldOptions, unit: WorldOptions['units'][number]): WorldOptions {
  return { ...options, units: options.units.map((old) => (old.name === unit.name ? unit : old)) };
}
