import { Chance } from '../chance.js';
import { type WorldPlan, worldOf } from '../generate.js';
import { Play } from '../play.js';
import { changes, type Change } from './changes.js';
import { type End, endOf, type Names } from './end.js';

/** Two worlds that must come to the same end and do not, or one that breaks a promise when it is changed. */
export type Difference = {
  readonly seed: number;
  readonly change: string;
  readonly what: string;
  readonly plan: WorldPlan;
  readonly changed: WorldPlan;
};

/** How many changed worlds were played, and the first difference. */
export type Compared = { readonly worlds: number; readonly difference: Difference | null };

/** A world in which only people and the order of the hub's work matter: nothing fails, and nobody answers by number. */
export function calm({ options, steps }: WorldPlan): WorldPlan {
  const plain = options.sides.map((side) => ({ ...side, automation: 0 }));
  const kept = steps.filter((step) => !(step.do === 'act' && (step.act === 'decide' || step.act === 'plan')));
  return { options: { ...options, sides: plain, faults: [], workers: 1 }, steps: kept };
}

/** Plays the world of a seed and each change of it. */
export async function compareSeed(seed: number, chosen: readonly Change[] = changes): Promise<Compared> {
  return compareWorld(calm(worldOf(seed, { world: { faults: [], workers: 1 } })), seed, chosen);
}

export async function compareWorld(
  plan: WorldPlan,
  seed: number,
  chosen: readonly Change[] = changes,
): Promise<Compared> {
  let worlds = 1;
  const end = await endOfPlan(plan);
  for (const change of chosen) {
    const base = change.first?.(plan) ?? plan;
    const changed = change.of(base, new Chance(seed ^ 0x3e7a));
    if (changed === null) continue;
    const first = base === plan ? end : await endOfPlan(base);
    // What breaks a promise by itself is for the swarm to find.
    if ('broken' in first) continue;
    const second = await endOfPlan(changed);
    worlds += base === plan ? 1 : 2;
    const what = 'broken' in second ? second.broken : differenceOf(first, second, change, change.names?.(plan) ?? {});
    if (what !== null) return { worlds, difference: { seed, change: change.name, what, plan, changed } };
  }
  return { worlds, difference: null };
}

type Ended = { readonly end: (names: Names, hasCounters: boolean) => End };

async function endOfPlan({ options, steps }: WorldPlan): Promise<Ended | { readonly broken: string }> {
  const play = new Play(options);
  await play.start();
  for (const step of steps) if (play.violation === null) await play.step(step);
  if (play.violation === null) await play.heal();
  if (play.violation !== null) return { broken: `${play.violation.invariant}: ${play.violation.what}` };
  return { end: (names, hasCounters) => endOf(play.world, names, hasCounters) };
}

function differenceOf(first: Ended, second: Ended, { hasCounters }: Change, names: Names): string | null {
  const [one, two] = [first.end({}, hasCounters), second.end(names, hasCounters)];
  const [lacks, has] = [one.filter((line) => !two.includes(line)), two.filter((line) => !one.includes(line))];
  if (lacks.length === 0 && has.length === 0) return null;
  return `instead of\n  ${lacks.join('\n  ')}\nit came to\n  ${has.join('\n  ')}`;
}
