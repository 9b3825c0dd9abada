import { type PairId, pairId, revisionId, sideName, unitName } from '../../src/core/ids.js';
import type { Authority, Invariant, PairRules, Policy, UnitRules } from '../../src/core/rules.js';
import {
  type AuthorityOptions,
  fieldsOf,
  parentsName,
  type ReferenceOptions,
  type UnitOptions,
  type WorldOptions,
} from './options.js';

export const pairOf = ({ pair = 'sim' }: WorldOptions): PairId => pairId(pair);

/** The pair's file, as the engine reads it, for a world. `revision` tells one file from the next. */
export function rulesOf(options: WorldOptions, revision: number): PairRules {
  const { sides, units, later = {}, deleteLimit, children } = options;
  const names = sides.map(({ name }) => sideName(name));
  return {
    pair: pairOf(options),
    revision: revisionId(`r${revision}`),
    about: 'a simulated pair',
    owner: 'simulator',
    sides: sides.map(({ name, onCreate, onDelete, made }) => ({
      name: sideName(name),
      connection: name,
      object: 'things',
      key: ['id'],
      ...(made === undefined ? {} : { made: 'made' }),
      creates: onCreate,
      deletes: onDelete,
    })),
    units: units.map(
      (unit): UnitRules => ({
        name: unitName(unit.name),
        authority: authorityOf(revision > 1 ? { ...unit, authority: later[unit.name] ?? unit.authority } : unit, units),
        paths: Object.fromEntries(names.map((name) => [name, fieldsOf(unit)])),
        as: asOf(unit),
        same: sameOf(unit),
        ...(unit.type === 'list' ? { forms: Object.fromEntries(names.map((name) => [name, commas])) } : {}),
        ...(unit.reference === undefined ? {} : { reference: referenceOf(unit.reference) }),
        place: `pairs/sim.yaml:${unit.name}`,
      }),
    ),
    match: [{ kind: 'certain', fields: Object.fromEntries(names.map((name) => [name, ['id']])), text: 'id = id' }],
    run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: deleteLimit ?? null },
    ...(options.isBounded === true ? { invariants: [bounds] } : {}),
    ...(children === undefined
      ? {}
      : {
          children: children.map(({ pair, unit, parentDeleted }) => ({
            pair: pairId(pair),
            unit: unitName(unit),
            parentDeleted,
          })),
        }),
  };
}

function referenceOf({ isRequired, parentDeleted }: ReferenceOptions): NonNullable<UnitRules['reference']> {
  return { pair: pairId(parentsName), isRequired, parentDeleted };
}

const bounds: Invariant = {
  expression: {
    text: 'lo <= hi',
    variables: { lo: { as: 'decimal', isList: false }, hi: { as: 'decimal', isList: false } },
    result: { as: 'boolean', isList: false },
  },
  place: 'pairs/sim.yaml:bounds',
};

const commas = { kind: 'separated', separator: ',' } as const;

function asOf({ type }: UnitOptions): UnitRules['as'] {
  if (type === 'reference') return type;
  return type === 'decimal' ? 'decimal' : type === 'list' ? 'list' : 'text';
}

function sameOf({ type }: UnitOptions): UnitRules['same'] {
  return type === 'decimal' ? 'decimal' : type === 'letters' ? 'letters' : type === 'list' ? 'list_exact' : 'exact';
}

function authorityOf({ authority, blank }: UnitOptions, units: readonly UnitOptions[]): Authority {
  switch (authority.kind) {
    case 'master':
      return { kind: 'master', side: sideName(authority.side), stray: authority.stray, blank: 'keeps' };
    case 'when': {
      const first = units[0] as UnitOptions;
      const boolean = { as: 'boolean', isList: false } as const;
      return {
        kind: 'when',
        condition: {
          text: conditionOn(first, authority.side),
          variables: { [first.name]: { as: asOf(first), isList: false } },
          result: boolean,
        },
        use: { kind: 'master', side: sideName(authority.side), stray: 'restore', blank: 'keeps' },
        else: { kind: 'either', policy: { kind: 'ask' }, blank: 'value' },
        onFlip: authority.onFlip,
      };
    }
    default:
      return { kind: 'either', policy: policyOf(authority), blank };
  }
}

function conditionOn({ name, type }: UnitOptions, side: string): string {
  if (type === 'decimal') return `${name} > decimal(12)`;
  return type === 'list' ? `size(${name}) > 1` : `${name}.startsWith("${side[0] as string}")`;
}

function policyOf(authority: Exclude<AuthorityOptions, { kind: 'master' | 'when' }>): Policy {
  const otherwise = { kind: 'ask' } as const;
  const number = { as: 'decimal', isList: false } as const;
  switch (authority.kind) {
    case 'ask':
    case 'delta':
      return { kind: authority.kind };
    case 'prefer':
      return { kind: 'prefer', side: sideName(authority.side), otherwise };
    case 'newest':
      return { kind: 'newest', otherwise, widthMaxMs: 86_400_000 };
    case 'highest':
    case 'lowest':
      return { ...authority, otherwise };
    case 'set':
    case 'remove-wins':
      return { kind: 'set', removes: authority.kind === 'set' ? 'add_wins' : 'remove_wins', otherwise };
    case 'words':
      return { kind: 'text', by: 'words', otherwise };
    case 'expression': {
      const variables = { values: { ...number, isList: true } };
      return { kind: 'expression', expression: { text: 'max(values)', variables, result: number }, otherwise };
    }
  }
}
