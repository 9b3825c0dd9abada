import { bounded, boundOf, boundNames } from './bounded.js';
import { Chance } from './chance.js';
import { withLineage } from './lineage.js';
import type { Fault } from './faults.js';
import {
  fieldsOf,
  type FaultName,
  type Focus,
  focused,
  optionsOf,
  type UnitOptions,
  type WorldOptions,
} from './options.js';
import { withMarks } from './marks.js';
import { referring, withParents } from './references.js';
import type { Act, Step } from './steps.js';
import { widened } from './wide.js';

/** A world as it is kept: what it begins with, and what happens, step by step. */
export type WorldPlan = { readonly options: WorldOptions; readonly steps: readonly Step[] };

export function worldOf(seed: number, focus: Focus = {}): WorldPlan {
  const plain = focused(focus.wide === true ? widened(optionsOf(seed)) : optionsOf(seed), focus);
  const options = bounded(referring(plain, focus), focus);
  const chance = new Chance(seed ^ 0x5eed);
  const steps = stepsOf(options, chance, chance.between(4, 40));
  if (options.parents !== undefined) return { options, steps: withParents(steps, options, stepsOf) };
  return withMarks(withLineage({ options, steps }, focus), focus);
}

function stepsOf(options: WorldOptions, chance: Chance, length: number): readonly Step[] {
  const maker = new Maker(options, chance);
  return Array.from({ length }, () => maker.step()).flat();
}

/** Values that no other edit has, and now and then one that another has: old ones, equal ones, blanks. */
class Maker {
  readonly #options: WorldOptions;
  readonly #chance: Chance;
  #count = 0;
  #given: { readonly unit: string; readonly to: readonly (string | null)[] }[] = [];

  constructor(options: WorldOptions, chance: Chance) {
    this.#options = options;
    this.#chance = chance;
  }

  step(): readonly Step[] {
    const { faults } = this.#options;
    const kind = this.#chance.weighted({
      edit: 34,
      poll: 24,
      send: 12,
      cycle: 10,
      list: 3,
      end: 2,
      decide: 5,
      remove: 3,
      make: 3,
      pass: 3,
      mode: 2,
      plan: 1.5,
      go: this.#options.workers > 1 ? 12 : 0,
      race: this.#options.workers > 1 ? 6 : 0,
      kill: faults.includes('kill') ? 6 : 0,
      fault: faults.length > 0 ? 12 : 0,
    });
    const worker = this.#chance.below(this.#options.workers);
    switch (kind) {
      case 'edit':
        return this.#options.isBounded === true && this.#chance.is(0.4) ? this.#meeting() : [this.#edit()];
      case 'poll':
      case 'list':
        return [this.#act(worker, { act: kind, side: this.#side() })];
      case 'send':
      case 'end':
        return [this.#act(worker, { act: kind })];
      case 'cycle':
        return [this.#act(worker, { act: 'cycle', list: this.#chance.is(0.3) })];
      case 'decide':
        return [this.#act(worker, { act: 'decide', pick: this.#chance.below(5), choice: this.#chance.below(4) })];
      case 'remove':
        return [{ do: 'remove', side: this.#side(), key: this.#key() }];
      case 'make':
        return [{ do: 'make', side: this.#side(), key: this.#key(), text: this.#text('m') }];
      case 'pass':
        return [{ do: 'pass', ms: this.#chance.one([5_000, 60_000, 3_600_000]) }];
      case 'mode': {
        const back = { do: 'act', worker, act: 'mode', mode: 'active' } as const;
        return this.#chance.is(0.5)
          ? [this.#act(worker, { act: 'mode', mode: this.#chance.one(['held', 'paused']) })]
          : [back];
      }
      case 'plan':
        return [this.#act(worker, { act: 'plan', revision: this.#chance.between(1, 3) })];
      case 'race':
        return this.#race(worker);
      case 'go':
        return [{ do: 'go', worker, ...this.#gates(0.6) }];
      case 'kill':
        return [this.#act(worker, { act: 'cycle', list: false }, 1), { do: 'kill', worker }];
      case 'fault':
        return this.#fault(this.#chance.one(faults));
    }
  }

  /** Somebody has read and stands before the lock, while another delivers and reads on. */
  #race(worker: number): readonly Step[] {
    const other = (worker + 1) % this.#options.workers;
    const slow = { do: 'act', worker, act: 'poll', side: this.#side(), gates: this.#chance.between(7, 26) } as const;
    const edits = this.#chance.is(0.5) ? [this.#edit()] : [];
    const fast = this.#act(other, this.#chance.is(0.6) ? { act: 'send' } : { act: 'cycle', list: false }, 0);
    return [slow, ...edits, fast, { do: 'go', worker }];
  }

  #side(): string {
    return this.#chance.one(this.#options.sides).name;
  }

  #key(): string {
    return `k${this.#chance.below(this.#options.records.length + (this.#chance.is(0.15) ? 1 : 0))}`;
  }

  #text(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }

  #gates(probability: number): { gates?: number } {
    return this.#chance.is(probability) ? { gates: this.#chance.below(30) } : {};
  }

  #act(worker: number, act: Act, stops?: number): Step {
    const mayStop = this.#options.workers > 1 ? 0.35 : 0;
    return { do: 'act', worker, ...act, ...this.#gates(stops ?? mayStop) };
  }

  #edit(): Step {
    const unit = this.#edited();
    const side = this.#side();
    const old = this.#given.filter((given) => given.unit === unit.name);
    const isOld = old.length > 0 && this.#chance.is(0.12);
    const to = isOld ? this.#chance.one(old).to : this.#newValue(unit, side);
    this.#given.push({ unit: unit.name, to });
    return { do: 'edit', side, key: this.#key(), unit: unit.name, to };
  }

  /** Two people move the two bounds of one record, each on a side of their own. */
  #meeting(): readonly Step[] {
    const key = this.#key();
    const [one, other] = this.#chance.is(0.5) ? boundNames : ([...boundNames].reverse() as [string, string]);
    return [one, other].map((unit) => {
      const to = [boundOf(unit, this.#chance)];
      return { do: 'edit', side: this.#side(), key, unit, to };
    });
  }

  /** Most edits are of the bounds where there are any, or they would seldom meet. */
  #edited(): UnitOptions {
    const { units, isBounded = false } = this.#options;
    const bounds = units.filter(({ name }) => isBound(name));
    return this.#chance.one(isBounded && this.#chance.is(0.7) ? bounds : units);
  }

  #newValue(unit: UnitOptions, side: string): readonly (string | null)[] {
    if (this.#chance.is(0.06)) return fieldsOf(unit).map(() => null);
    if (unit.type === 'reference') return [`k${this.#chance.below((this.#options.parents?.records.length ?? 0) + 1)}`];
    if (this.#options.isBounded === true && isBound(unit.name)) return [boundOf(unit.name, this.#chance)];
    const text = this.#text(side[0] as string);
    if (unit.type === 'decimal') return [(10 + this.#count * 0.004).toFixed(3)];
    if (unit.type === 'letters' && this.#chance.is(0.3)) return [` ${text.toUpperCase()}. `];
    if (unit.type === 'list') return [this.#chance.is(0.5) ? `o,${text}` : text];
    if (unit.type === 'words') return [this.#chance.is(0.5) ? `o ${text} o` : `${text} o o`];
    return fieldsOf(unit).map((_, index) => (index === 0 ? text : `${text}'`));
  }

  /** Systems that compare nothing make late writes only in worlds that ask for it: older seeds stay as they are. */
  #late(): readonly Step[] {
    const { sides, isLateAnywhere = false } = this.#options;
    const fenced = sides.filter(({ write }) => isLateAnywhere || write === 'W3' || write === 'W4');
    if (fenced.length === 0) return [];
    const { name: at } = this.#chance.one(fenced);
    return [this.#chance.is(0.5) ? { do: 'fault', fault: { at, kind: 'late' } } : { do: 'late', side: at }];
  }

  #fault(name: FaultName): readonly Step[] {
    const at = this.#side();
    const put = (fault: Fault): Step => ({ do: 'fault', fault });
    switch (name) {
      case 'kill':
        return [{ do: 'kill', worker: this.#chance.below(this.#options.workers) }];
      case 'store conflict':
        return [put({ at: 'store', kind: 'conflict' })];
      case 'store lost before':
        return [put({ at: 'store', kind: 'lost before' })];
      case 'store lost after':
        return [put({ at: 'store', kind: 'lost after' })];
      case 'partial':
        return [put({ at, kind: 'partial', after: this.#chance.below(2) })];
      case 'refuse':
        return [{ do: 'refuse', side: at, key: this.#key() }];
      case 'restore side':
        return [{ do: this.#chance.is(0.5) ? 'copy side' : 'restore side', side: at }];
      case 'restore hub':
        return [{ do: this.#chance.is(0.6) ? 'copy hub' : 'restore hub' }];
      case 'late':
        return this.#late();
      case 'clock':
        return [{ do: 'pass', ms: this.#chance.one([-3_600_000, -60_000, 86_400_000]) }];
      case 'read':
      case 'lost request':
      case 'lost response':
      case 'expire':
      case 'unlisted':
        return [put({ at, kind: name })];
    }
  }
}

const isBound = (name: string): boolean => boundNames.some((bound) => bound === name);
