import { actor, type Actor, type Dot } from './clock/version-vector.js';
import type { Evaluate } from './expression.js';
import type { SideName } from './ids.js';
import type { PairRules, SideRules, UnitRules } from './rules.js';

/** The hub at one moment: the rules that decide and its logical and wall time. Passed in, never read from anywhere. */
export type Hub = {
  readonly rules: PairRules;
  /** Rises when our own database was restored, so that counters are never allotted twice. */
  readonly epoch: number;
  /** The pair's logical time of the commit being made. */
  readonly tick: number;
  readonly nowMs: number;
  /** The delivery that a write planned now would join, by side. */
  readonly deliveries: { readonly [side: SideName]: number };
  /** Deliveries that were sent and not acknowledged: what they carry may be under way. */
  readonly sent: ReadonlySet<number>;
  /** Evaluates the expressions of the file; without it every expression fails, and is asked. */
  readonly evaluate?: Evaluate;
  /** The last complete pass of each side, where that is known: it confirms deliveries that needed no write. */
  readonly complete?: { readonly [side: SideName]: { readonly tick: number; readonly atMs: number } | null };
};

const hubName = 'hub';

export function actorOf(hub: Hub, side: SideName | null): Actor {
  return actor(side ?? hubName, hub.epoch);
}

/** Allots dots for one entity: one counter per actor, shared by all units (semantics §1.2). */
export class Counters {
  #counts: { [actor: Actor]: number };
  constructor(counts: { readonly [actor: Actor]: number }) {
    this.#counts = { ...counts };
  }
  next(name: Actor): Dot {
    const counter = (this.#counts[name] ?? 0) + 1;
    this.#counts[name] = counter;
    return [name, counter];
  }
  get counts(): { readonly [actor: Actor]: number } {
    return this.#counts;
  }
}

export function sideRules(rules: PairRules, side: SideName): SideRules {
  const found = rules.sides.find((candidate) => candidate.name === side);
  if (found === undefined) throw new Error(`assertion failed: no side ${side} in pair ${rules.pair}`);
  return found;
}

/** Rules are values: what follows from them is found once. */
const unitsBySide = new WeakMap<PairRules, Map<SideName, readonly UnitRules[]>>();

/** Units that a side takes part in, in the order of the file. */
export function unitsOf(rules: PairRules, side: SideName): readonly UnitRules[] {
  const bySide = unitsBySide.get(rules) ?? new Map<SideName, readonly UnitRules[]>();
  const known = bySide.get(side);
  if (known !== undefined) return known;
  const units = rules.units.filter((unit) => unit.paths[side] !== undefined);
  unitsBySide.set(rules, bySide.set(side, units));
  return units;
}

export function isMaster(unit: UnitRules, side: SideName): boolean {
  return unit.authority.kind === 'master' && unit.authority.side === side;
}
