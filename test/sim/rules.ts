import { pairId, revisionId, sideName, unitName } from '../../src/core/ids.js';
import type { Authority, PairRules, UnitRules } from '../../src/core/rules.js';
import { fieldsOf, type UnitOptions, type WorldOptions } from './options.js';

export const pair = pairId('sim');

/** The pair's file, as the engine reads it, for a world. `revision` tells one file from the next. */
export function rulesOf({ sides, units }: WorldOptions, revision: number): PairRules {
  const names = sides.map(({ name }) => sideName(name));
  return {
    pair,
    revision: revisionId(`r${revision}`),
    about: 'a simulated pair',
    owner: 'simulator',
    sides: sides.map(({ name, onCreate, onDelete }) => ({
      name: sideName(name),
      connection: name,
      object: 'things',
      key: ['id'],
      creates: onCreate,
      deletes: onDelete,
    })),
    units: units.map(
      (unit): UnitRules => ({
        name: unitName(unit.name),
        authority: authorityOf(unit),
        paths: Object.fromEntries(names.map((name) => [name, fieldsOf(unit)])),
        as: unit.type === 'decimal' ? 'decimal' : 'text',
        same: unit.type === 'decimal' ? 'decimal' : unit.type === 'letters' ? 'letters' : 'exact',
        place: `pairs/sim.yaml:${unit.name}`,
      }),
    ),
    match: [{ kind: 'certain', fields: Object.fromEntries(names.map((name) => [name, ['id']])), text: 'id = id' }],
    run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: null },
  };
}

function authorityOf({ authority, blank }: UnitOptions): Authority {
  switch (authority.kind) {
    case 'ask':
      return { kind: 'either', policy: { kind: 'ask' }, blank };
    case 'prefer': {
      const policy = { kind: 'prefer', side: sideName(authority.side), otherwise: { kind: 'ask' } } as const;
      return { kind: 'either', policy, blank };
    }
    case 'newest':
      return { kind: 'either', policy: { kind: 'newest', otherwise: { kind: 'ask' }, widthMaxMs: 86_400_000 }, blank };
    case 'delta':
      return { kind: 'either', policy: { kind: 'delta' }, blank: 'value' };
    case 'master':
      return { kind: 'master', side: sideName(authority.side), stray: authority.stray, blank: 'keeps' };
  }
}
