import { Chance } from './chance.js';
import type { Focus, RecordOptions, UnitOptions, WorldOptions } from './options.js';

/** The units of the invariant `lo <= hi`. */
export const boundNames = ['lo', 'hi'] as const;

/**
 * A world whose records have to fulfil something as a whole (semantics §1.13): a beginning that is not after the end. Most begin
 * so, and people move one of the two, so that what none of them broke is broken together. A stream of its own, as ever.
 */
export function bounded(options: WorldOptions, { invariants = false }: Focus): WorldOptions {
  if (!invariants) return options;
  const chance = new Chance(options.seed ^ 0x10e1);
  const kind = chance.weighted({ ask: 55, newest: 15, prefer: 30 });
  const side = chance.one(options.sides).name;
  const units = boundNames.map(
    (name): UnitOptions => ({
      name,
      type: 'decimal',
      authority: kind === 'prefer' ? { kind, side } : { kind },
      blank: 'value',
    }),
  );
  const records = options.records.map((record) => withBounds(chance, record));
  return { ...options, units: [...options.units, ...units], records, isBounded: true };
}

/** Nobody breaks anything alone: every one fits what the other bound is at first, and many do not fit each other. */
export function boundOf(name: string, chance: Chance): string {
  return chance.one(name === 'lo' ? ['2', '4', '5', '6'] : ['3', '4', '5', '7']);
}

function withBounds(chance: Chance, { key, sides }: RecordOptions): RecordOptions {
  const base = { lo: '3', hi: '6' };
  const held = Object.entries(sides).map(([side, fields]) => {
    const own = chance.is(0.15) ? { lo: boundOf('lo', chance), hi: boundOf('hi', chance) } : base;
    return [side, { ...fields, ...own }];
  });
  return { key, sides: Object.fromEntries(held) as RecordOptions['sides'] };
}
