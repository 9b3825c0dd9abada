import type { Vector } from '../../src/core/clock/version-vector.js';
import { createEvaluate } from '../../src/contract/expression.js';
import type { Hub } from '../../src/core/hub.js';
import { entityId, pairId, recordKey, revisionId, sideName, unitName, type SideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import type { Fact } from '../../src/core/ledger/entry.js';
import type {
  Authority,
  BlankRule,
  EqualityName,
  LensName,
  MatchRule,
  PairRules,
  PlainAuthority,
  Policy,
  SideRules,
  StrayRule,
  UnitRules,
} from '../../src/core/rules.js';
import type { Sibling } from '../../src/core/state.js';

const evaluate = createEvaluate();
export const a = sideName('a');
export const b = sideName('b');
export const c = sideName('c');
export const d = sideName('d');
export const e = entityId(1);
export const u = unitName('u');
export const k = recordKey('k');

export const ask: Policy = { kind: 'ask' };
export const preferA: Policy = { kind: 'prefer', side: a, otherwise: ask };
export const newest: Policy = { kind: 'newest', otherwise: ask, widthMaxMs: 86_400_000 };

export function either(policy: Policy = ask, blank: BlankRule = 'value'): Authority {
  return { kind: 'either', policy, blank };
}

export function masterA(stray: StrayRule = 'restore', blank: 'keeps' | 'clears' = 'keeps'): PlainAuthority {
  return { kind: 'master', side: a, stray, blank };
}

/** One unit whose native field has the unit's name on every side, unless `paths` says otherwise. */
export function unitOf(
  name: string,
  authority: Authority,
  rest: {
    sides?: readonly SideName[];
    same?: EqualityName;
    as?: LensName;
    paths?: { readonly [side: SideName]: readonly string[] };
  } = {},
): UnitRules {
  const paths = rest.paths ?? Object.fromEntries((rest.sides ?? [a, b]).map((side) => [side, [name]]));
  return {
    name: unitName(name),
    authority,
    paths,
    as: rest.as ?? 'text',
    same: rest.same ?? 'exact',
    place: `pairs/p.yaml:${name}`,
  };
}

export type RulesOptions = {
  readonly sides?: readonly SideName[];
  readonly units?: readonly UnitRules[];
  readonly match?: readonly MatchRule[];
  readonly creates?: SideRules['creates'];
  readonly deletes?: SideRules['deletes'];
  readonly edited?: SideRules['edited'];
  readonly archive?: SideRules['archive'];
  readonly made?: string;
};

/** The pair of these tests: sides `a` and `b`, one unit `u` that either side may edit, keys that are the same. */
export function rulesOf(options: RulesOptions = {}): PairRules {
  const sides = options.sides ?? [a, b];
  const sameKey: MatchRule = {
    kind: 'certain',
    fields: Object.fromEntries(sides.map((side) => [side, ['id']])),
    text: 'a.id = b.id',
  };
  return {
    pair: pairId('p'),
    revision: revisionId('r'),
    about: 'test',
    owner: 'test',
    sides: sides.map((name) => ({
      name,
      connection: name,
      object: 'o',
      key: ['id'],
      creates: options.creates ?? 'copy',
      deletes: options.deletes ?? 'ask',
      ...(options.edited === undefined ? {} : { edited: options.edited }),
      ...(options.archive === undefined ? {} : { archive: options.archive }),
      ...(options.made === undefined ? {} : { made: options.made }),
    })),
    units: options.units ?? [unitOf('u', either(), { sides })],
    match: options.match ?? [sameKey],
    run: { everyMs: 1000, verifyEveryMs: null, deleteLimit: null },
  };
}

export function hubOf(rules: PairRules, rest: Partial<Omit<Hub, 'rules'>> = {}): Hub {
  return {
    rules,
    epoch: 1,
    tick: 1,
    nowMs: 1000,
    deliveries: Object.fromEntries(rules.sides.map(({ name }, index) => [name, index + 1])),
    sent: new Set(),
    evaluate,
    ...rest,
  };
}

/** An edit of a side that had received `seen`: what the resolvers choose among. */
export function siblingOf(
  side: SideName | null,
  counter: number,
  value: Json,
  rest: { seen?: Vector; base?: Json; lo?: number; hi?: number } = {},
): Sibling {
  const actor = `${side ?? 'hub'}#1`;
  const { seen = {}, base = null, lo = counter, hi = counter } = rest;
  return { value, vv: { ...seen, [actor]: counter }, dot: [actor, counter], side, base, lo, hi };
}

/** Whether an entry about an edit holds the value, wherever it ended. */
export function isKeptEdit(facts: readonly Fact[], value: Json): boolean {
  return facts.some(({ kind, effects }) => kind === 'edited' && effects.some(({ after }) => after === value));
}
