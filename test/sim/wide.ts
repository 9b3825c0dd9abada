import { Chance } from './chance.js';
import {
  type AuthorityOptions,
  type FaultName,
  recordOf,
  sideNames,
  sideOf,
  type UnitOptions,
  type WorldOptions,
  withSum,
} from './options.js';

/**
 * A world with what came later than the first seeds: policies that choose, merge and add up, conditions, proposals, more
 * sides and units, revisions of the file that decide otherwise, brakes that are met, clocks that jump. It draws from a stream of
 * its own, so that a seed without it stays the world that it was.
 */
export function widened(options: WorldOptions): WorldOptions {
  const chance = new Chance(options.seed ^ 0x71de);
  const sides = [...options.sides];
  const wanted = chance.weighted({ 2: 45, 3: 25, 4: 18, 5: 12 }) as unknown as number;
  for (const name of sideNames.slice(sides.length, wanted)) sides.push(sideOf(chance, name, chance.next() * 0.3));
  const names = sides.map(({ name }) => name);
  const all = [...options.units];
  const more = chance.weighted({ 0: 50, 1: 25, 2: 15, 4: 10 }) as unknown as number;
  for (let index = 0; index < more && all.length < 6; index += 1)
    all.push({ name: `u${all.length}`, type: 'text', authority: { kind: 'ask' }, blank: 'value' });
  const units = all.map((unit, index) =>
    chance.is(0.65) && unit.authority.kind !== 'delta' ? newerUnit(chance, unit, names, index) : unit,
  );
  const faults: FaultName[] = [...options.faults];
  if (faults.length > 0 && chance.is(0.3)) faults.push('clock');
  const rest = { ...options, faults, units, sides: sides.map(unshortened) };
  // A number that is added up stays one: only on some systems is that legal (`withSum`).
  const isSummed = options.units[0]?.authority.kind === 'delta';
  const records = options.records.map(({ key }) => recordOf(chance, key, rest));
  const world: WorldOptions = {
    ...rest,
    records,
    ...(chance.is(0.4) ? { later: laterOf(chance, units, names) } : {}),
    ...(chance.is(0.1) ? { deleteLimit: 1 } : {}),
  };
  return isSummed ? withSum(world) : world;
}

/** What a side makes of a list or of several words that it cuts off is for its own list of forms to say, not for the checker. */
function unshortened(side: WorldOptions['sides'][number]): WorldOptions['sides'][number] {
  return { ...side, truncates: null, capitals: false };
}

function newerUnit(chance: Chance, unit: UnitOptions, sides: readonly string[], index: number): UnitOptions {
  const kind = chance.weighted({
    highest: 12,
    lowest: 8,
    set: 14,
    'remove-wins': 6,
    words: 12,
    expression: 12,
    propose: 12,
    when: index === 0 ? 0 : 16,
  });
  const side = chance.one(sides);
  const monotone = chance.is(0.4);
  switch (kind) {
    case 'highest':
    case 'lowest':
      return { ...unit, type: 'decimal', authority: { kind, monotone } };
    case 'expression':
      return { ...unit, type: 'decimal', authority: { kind } };
    case 'set':
    case 'remove-wins':
      return { ...unit, type: 'list', authority: { kind } };
    case 'words':
      return { ...unit, type: 'words', authority: { kind } };
    case 'propose':
      return { ...unit, authority: { kind: 'master', side, stray: 'propose' } };
    case 'when':
      return { ...unit, authority: { kind, side, onFlip: chance.is(0.5) ? 'realign' : 'nothing' } };
  }
}

/** Only among rules under which either side may edit: the checker asks the file of the beginning who is master. */
function laterOf(
  chance: Chance,
  units: readonly UnitOptions[],
  sides: readonly string[],
): NonNullable<WorldOptions['later']> {
  const free = units.filter(({ authority }) => ['ask', 'prefer', 'newest'].includes(authority.kind));
  const changed = free.map(({ name }): [string, AuthorityOptions] => {
    const kind = chance.one(['ask', 'prefer', 'newest'] as const);
    return [name, kind === 'prefer' ? { kind, side: chance.one(sides) } : { kind }];
  });
  return Object.fromEntries(changed);
}
