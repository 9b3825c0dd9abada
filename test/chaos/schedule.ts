import { Chance } from '../faults/chance.js';
import { type Point, points } from './points.js';

export type Server = 'temporal' | 'hub' | 'sideServer' | 'httpSide';
export type Target = 'worker' | 'api' | Server;

/** One kill: what dies, and the point of a delivery at which it does; null is any moment. */
export type Order = { readonly target: Target; readonly point: Point | null };

/** What befalls the stack besides kills; each is over after some seconds. */
export const faultKinds = ['cut', 'cut', 'fill hub', 'cut', 'fill sides', 'step'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Of each hundred kills. */
const shares: { readonly [target in Target]: number } = {
  worker: 42,
  api: 17,
  temporal: 12,
  hub: 11,
  sideServer: 7,
  httpSide: 11,
};

/** One in so many kills of what can die at a point strikes at any moment instead. */
const atRandom: { readonly [target in Target]: number } = {
  worker: 4,
  api: 1,
  temporal: 2,
  hub: 2,
  sideServer: 2,
  httpSide: 2,
};

/** Points at which the HTTP side has a request of ours. */
const ofRequests = ['request.under_way', 'request.answered'] as const;

/**
 * What dies and where, in order, the same for a seed. Each part dies in its share of the kills, spread evenly over them, and
 * takes its points in turn, so that a run visits them all as soon as it has enough kills.
 */
export function killsOf(count: number, seed: number): readonly Order[] {
  const chance = new Chance(seed + 1_000);
  const placed = shared(count).flatMap(([target, kills]) => {
    const turns: readonly Point[] = shuffled(target === 'httpSide' ? ofRequests : points, chance);
    return Array.from({ length: kills }, (_, at) => {
      const isAtRandom = at % atRandom[target] === atRandom[target] - 1;
      const point = turns[(at - Math.floor(at / atRandom[target])) % turns.length] ?? null;
      return { place: (at + chance.next()) / kills, order: { target, point: isAtRandom ? null : point } };
    });
  });
  return placed.toSorted((left, right) => left.place - right.place).map(({ order }) => order);
}

/** Faults in an order of their own, each kind as often as the next before any comes again. */
export function faultsOf(count: number, seed: number): readonly FaultKind[] {
  const chance = new Chance(seed + 2_000);
  const rounds = Math.ceil(count / faultKinds.length);
  return Array.from({ length: rounds }, () => shuffled(faultKinds, chance))
    .flat()
    .slice(0, count);
}

/** Whole kills for each, by largest remainder. */
function shared(count: number): readonly (readonly [Target, number])[] {
  const wanted = (Object.entries(shares) as [Target, number][]).map(([target, share]) => ({
    target,
    kills: Math.floor((share * count) / 100),
    rest: (share * count) % 100,
  }));
  const left = count - wanted.reduce((sum, { kills }) => sum + kills, 0);
  const first = new Set(wanted.toSorted((one, other) => other.rest - one.rest).slice(0, left));
  return wanted.map((one) => [one.target, one.kills + (first.has(one) ? 1 : 0)]);
}

function shuffled<Value>(values: readonly Value[], chance: Chance): readonly Value[] {
  return values
    .map((value) => ({ value, place: chance.next() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ value }) => value);
}
