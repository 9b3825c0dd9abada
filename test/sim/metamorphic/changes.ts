import type { Chance } from '../chance.js';
import type { WorldPlan } from '../generate.js';
import type { UnitOptions } from '../options.js';
import type { Step } from '../steps.js';
import type { Names } from './end.js';

/** One way to change a world so that its end must be the same, with what is called otherwise then. */
export type Change = {
  readonly name: string;
  /** What it begins with, if that is not the world itself. */
  readonly first?: (plan: WorldPlan) => WorldPlan;
  /** Null where the world offers no occasion. */
  readonly of: (plan: WorldPlan, chance: Chance) => WorldPlan | null;
  /** From the names of the changed world to those of the first. */
  readonly names?: (plan: WorldPlan) => Names;
  /** Whether the same readings are taken, so that the sides' counters are the same too. */
  readonly hasCounters: boolean;
};

type Poll = Step & { readonly do: 'act'; readonly act: 'poll' };
const isPoll = (step: Step | undefined): step is Poll => step?.do === 'act' && step.act === 'poll';
const isAt = (step: Step, side: string): boolean => 'side' in step && step.side === side;
const isByPeople = ({ do: what }: Step): boolean => what === 'edit' || what === 'make' || what === 'remove';

export const changes: readonly Change[] = [
  { name: 'independent readings change places', of: permuted, hasCounters: true },
  { name: 'readings and hints come again', first: doubled, of: repeated, hasCounters: true },
  { name: 'a value that is overwritten is not read', of: coalesced, hasCounters: false },
  { name: 'sides and units have other names', of: relabelled, names: labelsBack, hasCounters: true },
  { name: 'a reading comes in other pages', of: repaged, hasCounters: true },
];

/** Neighbours that touch different sides, and none of which writes: each may come first (I6). */
function permuted(plan: WorldPlan, chance: Chance): WorldPlan | null {
  if (plan.options.units.some(isByTime)) return null;
  const steps = [...plan.steps];
  let swaps = 0;
  for (let round = 0; round < 3; round += 1)
    for (let at = 0; at + 1 < steps.length; at += 1) {
      const [one, two] = [steps[at] as Step, steps[at + 1] as Step];
      if (!areIndependent(one, two) || chance.is(0.4)) continue;
      [steps[at], steps[at + 1]] = [two, one];
      swaps += 1;
    }
  return swaps === 0 ? null : { ...plan, steps };
}

/**
 * When an edit can have been made is part of what `newest` decides by, and moves with the reading. A stray edit that is left
 * stays until the master's next change, so it matters which of the two was read first (SPEC, Who decides).
 */
function isByTime({ authority }: UnitOptions): boolean {
  return authority.kind === 'newest' || (authority.kind === 'master' && authority.stray === 'leave');
}

function areIndependent(one: Step, two: Step): boolean {
  const isLocal = (step: Step): boolean => isPoll(step) || isByPeople(step);
  return isLocal(one) && isLocal(two) && 'side' in one && !isAt(two, one.side);
}

/** A second pass confirms what waits for one (I3), and a clash may be none then: so each world here has two of each. */
function doubled({ options, steps }: WorldPlan): WorldPlan {
  return { options, steps: steps.flatMap((step): Step[] => (isPoll(step) ? [step, step] : [step])) };
}

/** What was read is read again (I5). */
function repeated({ options, steps }: WorldPlan, chance: Chance): WorldPlan | null {
  const more = steps.flatMap((step): Step[] => (isPoll(step) && chance.is(0.5) ? [step, step] : [step]));
  return more.length === steps.length ? null : { options, steps: more };
}

/**
 * Where one side changes a unit twice and nobody writes in between, the first value may stay unread (I7): the first edit
 * is left out where nobody looked, and the first reading where somebody did and nothing else happened on that side.
 */
function coalesced(plan: WorldPlan): WorldPlan | null {
  if (plan.options.units.some(isByTime)) return null;
  const dropped = new Set<number>();
  plan.steps.forEach((step, at) => {
    if (step.do !== 'edit') return;
    const rest = plan.steps.slice(at + 1);
    const next = rest.findIndex((one) => !isPoll(one) || isAt(one, step.side));
    const reading = isPoll(rest[next]) ? at + 1 + next : null;
    const after = rest.slice(next + (reading === null ? 0 : 1));
    const second = after.find((one) => !(isPoll(one) || isByPeople(one)) || isAt(one, step.side));
    const isOverwritten =
      second?.do === 'edit' && second.key === step.key && second.unit === step.unit && isAt(second, step.side);
    if (isOverwritten && isSeen(plan, second)) dropped.add(reading ?? at);
  });
  if (dropped.size === 0) return null;
  return { ...plan, steps: plan.steps.filter((_, at) => !dropped.has(at)) };
}

/** Away and back between two readings is seen by nobody, and a value that is deleted was read by nobody (semantics §8). */
function isSeen({ options, steps }: WorldPlan, { side, key, unit, to }: Step & { readonly do: 'edit' }): boolean {
  const isGone = steps.some((step) => step.do === 'remove' && step.side === side && step.key === key);
  const isGiven = steps.filter((step) => step.do === 'edit' && step.unit === unit && step.to.join() === to.join());
  const isOld = options.records.some(({ sides }) =>
    Object.values(sides).some((fields) => Object.values(fields).some((value) => value === (to[0] ?? null))),
  );
  return !isGone && isGiven.length === 1 && !isOld;
}

/** Names that sort the other way round. */
function labels({ options }: WorldPlan): Names {
  const all = [...options.sides, ...options.units].map(({ name }) => name);
  return Object.fromEntries(all.map((name, index) => [name, `z${String(all.length - index).padStart(2, '0')}`]));
}

function labelsBack(plan: WorldPlan): Names {
  return Object.fromEntries(Object.entries(labels(plan)).map(([name, label]) => [label, name]));
}

function relabelled(plan: WorldPlan): WorldPlan {
  const names = labels(plan);
  const named = (name: string): string => names[name] ?? name;
  const field = (name: string): string =>
    names[name] ?? (names[name.slice(0, -1)] === undefined ? name : `${named(name.slice(0, -1))}${name.at(-1) ?? ''}`);
  const renamed = (fields: { readonly [field: string]: string | null }): { [field: string]: string | null } =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [field(name), value]));
  const { sides, units, records } = plan.options;
  const options = {
    ...plan.options,
    sides: sides.map((side) => ({ ...side, name: named(side.name) })),
    units: units.map((unit) => {
      const { authority } = unit;
      return {
        ...unit,
        name: named(unit.name),
        authority: 'side' in authority ? { ...authority, side: named(authority.side) } : authority,
      };
    }),
    records: records.map(({ key, sides: held }) => ({
      key,
      sides: Object.fromEntries(Object.entries(held).map(([side, fields]) => [named(side), renamed(fields)])),
    })),
  };
  const steps = plan.steps.map((step): Step => {
    const next = 'side' in step ? { ...step, side: named(step.side) } : step;
    if (next.do === 'merge') return { ...next, keeps: next.keeps.map(named) };
    return next.do === 'edit' ? { ...next, unit: named(next.unit) } : next;
  });
  return { options, steps };
}

function repaged({ options, steps }: WorldPlan): WorldPlan {
  return { options: { ...options, pageSize: options.pageSize === 1 ? 50 : 1 }, steps };
}
