import { Chance } from './chance.js';
import {
  type Focus,
  parentsName,
  plainSide,
  type RecordOptions,
  type ReferenceOptions,
  recordOf,
  sideOf,
  type UnitOptions,
  type WorldOptions,
} from './options.js';
import type { Step } from './steps.js';

const parentCount = 3;
const unitName = 'ref';

/**
 * A world whose records name records of a second pair between the same systems (semantics §1.13). What belongs to that comes
 * from a stream of its own, so that a seed without it stays the world that it was.
 */
export function referring(options: WorldOptions, { references = false }: Focus): WorldOptions {
  if (!references) return options;
  const chance = new Chance(options.seed ^ 0x4ef5);
  const unit = referenceOf(
    chance,
    options.sides.map(({ name }) => name),
  );
  const records = options.records.map((record) => withReference(chance, record));
  return { ...options, units: [...options.units, unit], records, parents: parentsOf(chance, options) };
}

/** The world of the records that are named, as it is played: it knows who names them. */
export function parentsIn({ units, parents }: WorldOptions): WorldOptions {
  const children = units.flatMap(({ name, reference }) =>
    reference === undefined ? [] : [{ pair: 'sim', unit: name, parentDeleted: reference.parentDeleted }],
  );
  return { ...(parents as WorldOptions), pair: parentsName, children };
}

/** What happens in the other pair comes in between. The hub's copies and the clock are those of both. */
export function withParents(
  steps: readonly Step[],
  { seed, parents }: WorldOptions,
  stepsOf: (options: WorldOptions, chance: Chance, length: number) => readonly Step[],
): readonly Step[] {
  if (parents === undefined) return steps;
  const chance = new Chance(seed ^ 0x9a4e);
  let all = steps;
  let at = 0;
  for (const step of stepsOf(parents, chance, chance.between(3, 24))) {
    if (step.do === 'pass' || step.do === 'copy hub' || step.do === 'restore hub') continue;
    at = Math.min(all.length, at + chance.below(4));
    all = [...all.slice(0, at), { do: 'parents', step }, ...all.slice(at)];
  }
  return all;
}

function referenceOf(chance: Chance, sides: readonly string[]): UnitOptions {
  const kind = chance.weighted({ ask: 50, prefer: 20, newest: 10, master: 20 });
  const side = chance.one(sides);
  const stray = chance.one(['restore', 'leave'] as const);
  const isRequired = chance.is(0.6);
  // Neither what a record needs can be blanked, nor what a master decides whose blank is no opinion.
  const isBlankable = !isRequired && kind !== 'master';
  const rule = chance.weighted({ restrict: 45, cascade: 30, nullify: 25 });
  const reference: ReferenceOptions = {
    isRequired,
    parentDeleted: rule === 'nullify' && !isBlankable ? 'restrict' : rule,
  };
  const authority = kind === 'master' ? { kind, side, stray } : kind === 'prefer' ? { kind, side } : { kind };
  return { name: unitName, type: 'reference', authority, blank: 'value', reference };
}

function withReference(chance: Chance, { key, sides }: RecordOptions): RecordOptions {
  const named = (): string | null => (chance.is(0.9) ? `k${chance.below(parentCount)}` : null);
  const base = named();
  const held = Object.entries(sides).map(([side, fields]) => [
    side,
    { ...fields, [unitName]: chance.is(0.12) ? named() : base },
  ]);
  return { key, sides: Object.fromEntries(held) as RecordOptions['sides'] };
}

function parentsOf(chance: Chance, { seed, sides, workers, faults, pageSize }: WorldOptions): WorldOptions {
  const weird = chance.is(0.6) ? chance.next() * 0.4 : 0;
  const options = {
    seed,
    sides: sides.map(({ name }) => ({
      ...(weird === 0 ? plainSide(name) : sideOf(chance, name, weird)),
      onCreate: chance.weighted({ copy: 80, ask: 10, ignore: 10 }),
      onDelete: chance.weighted({ ask: 40, delete: 55, ignore: 5 }),
    })),
    units: [{ name: 'u0', type: 'text', authority: { kind: 'ask' }, blank: 'value' } as const],
    pageSize,
    workers,
    faults,
  };
  const records = Array.from({ length: parentCount }, (_, index) => recordOf(chance, `k${index}`, options));
  return { ...options, records };
}
