import { effectOf } from './effect.js';
import { ruled, verdictDetail } from './condition.js';
import { valueOf } from './decide.js';
import { actorOf, type Counters, type Hub } from './hub.js';
import type { EntityId } from './ids.js';
import { sameJson, type Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { isBlank } from './mapping/equality.js';
import { withMerge } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register } from './state.js';

/**
 * Takes notice of which way a unit's condition goes now (semantics §2.2). A flip changes nothing by itself. Under `on_flip:
 * realign` it does: what is asked is decided anew; a side that was left with its own value gets the agreed one, which is
 * what the new master holds where a master decides now. Null when the condition went this way before, or cannot be told.
 */
export function settleFlip(
  entity: EntityId,
  unit: UnitRules,
  register: Register,
  around: { readonly state: EntityState; readonly hub: Hub; readonly counters: Counters },
): { readonly register: Register; readonly fact: Fact | null } | null {
  const { authority } = unit;
  if (authority.kind !== 'when' || (register.winner === null && register.siblings.length === 0)) return null;
  const { unit: decided, verdict } = ruled(unit, around.state, around.hub);
  if (verdict === null || verdict.holds === null || verdict.holds === register.holds) return null;
  const noticed: Register = { ...register, holds: verdict.holds };
  const isFlip = register.holds !== null;
  if (!isFlip || authority.onFlip === 'nothing') return { register: noticed, fact: null };
  if (register.status !== 'settled')
    return { register: register.status === 'asked' ? { ...noticed, status: 'asked_moved' } : noticed, fact: null };
  const value = realigned(decided, register, around.state);
  if (register.override.length === 0 && sameJson(value, register.value)) return { register: noticed, fact: null };
  const after = withMerge(noticed, value, around.counters.next(actorOf(around.hub, null)));
  const fact: Fact = {
    kind: 'resolved',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `on_flip: realign (${unit.place})`,
    dot: after.winner,
    effects: [effectOf(unit, register, after)],
    detail: { when: verdictDetail(verdict) },
    lo: null,
    hi: null,
  };
  return { register: after, fact };
}

/** What the master that decides now holds, if it was left with its own; else what was agreed. */
function realigned({ authority, ...unit }: UnitRules, register: Register, state: EntityState): Json {
  if (authority.kind !== 'master' || !register.override.includes(authority.side)) return register.value;
  const held = valueOf({ ...state, units: {} }, { authority, ...unit }, authority.side);
  return held === undefined || isBlank(held) ? register.value : held;
}
