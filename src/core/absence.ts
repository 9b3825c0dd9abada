import type { Hub } from './hub.js';
import { sideRules } from './hub.js';
import type { EntityId, RecordKey, SideName } from './ids.js';
import { duplicateGone } from './duplicate.js';
import type { Fact } from './ledger/entry.js';
import { confirmedBefore, observeGone, resting, type Gone } from './presence.js';
import type { EntityState, Shadow } from './state.js';

/**
 * What a side says about a record that it no longer shows under its key: five things that look alike from afar
 * (semantics §1.11). `hidden`: there, as far as anybody knows, and not shown to us. `out_of_scope`: there, and not one
 * of those that the file means. `merged`: another record has taken its place.
 */
export type Absence =
  | { readonly key: RecordKey; readonly kind: 'deleted' | 'hidden' | 'out_of_scope' }
  | { readonly key: RecordKey; readonly kind: 'merged'; readonly into: RecordKey };

/**
 * What is left to observe once a merge has been dealt with: it needs the other record, and so another place.
 * `merged_and_deleted`: the record that had taken its place was deleted before anybody heard of the merge.
 */
export type Disappearance = Exclude<Absence['kind'], 'merged'> | 'merged_and_deleted';

/**
 * A record of a side is no longer shown there (semantics §2.4). Only a confirmed deletion can delete elsewhere: a hidden
 * record is frozen on its side, and one out of scope takes no part until it is back, unless the file says that this is
 * a deletion there. What the side held is remembered, so that what changes meanwhile is an edit when it is back.
 */
export function observeAbsent(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { kind, readTick }: { readonly kind: Disappearance; readonly readTick: number },
): Gone {
  const shadow = state.sides[side];
  const isGone = kind === 'deleted' || kind === 'merged_and_deleted';
  if (shadow?.presence === 'duplicate' && isGone) return duplicateGone({ entity, state }, hub, side, readTick);
  const quiet: Gone = { kind: 'unchanged', state, facts: [], questions: [], closes: [] };
  // What it is while it takes no part is nobody's business here, not even that it is deleted.
  if (shadow?.presence === 'outside' && kind !== 'hidden') return quiet;
  const isDeletion = kind === 'out_of_scope' && sideRules(hub.rules, side).outOfScope === 'delete';
  if (isGone || isDeletion)
    return observeGone(entity, state, hub, side, {
      readTick,
      decided: kind === 'merged_and_deleted' ? 'held' : 'ruled',
    });
  if (shadow?.presence !== 'present' && !(shadow?.presence === 'hidden' && kind === 'out_of_scope')) return quiet;
  if (readTick < shadow.tick) return { ...quiet, kind: 'stale' };
  return withdrawn(entity, state, hub, side, { shadow, kind, readTick });
}

/** The record stays what it is, and this side of it rests: nothing is written there, made there or deleted there. */
function withdrawn(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { shadow, kind, readTick }: { shadow: Shadow; kind: 'hidden' | 'out_of_scope'; readTick: number },
): Gone {
  const { units, effects } = confirmedBefore(state, hub, side);
  const presence = kind === 'hidden' ? 'hidden' : 'outside';
  const fact: Fact = {
    kind: presence,
    entity,
    side,
    actor: { kind: 'side', side },
    rule: kind === 'hidden' ? 'a hidden record is not a deleted one' : 'out_of_scope: unlink',
    dot: null,
    effects,
    detail: { key: shadow.key },
    lo: shadow.atMs,
    hi: hub.nowMs,
  };
  const next: EntityState = {
    ...state,
    units,
    sides: { ...state.sides, [side]: resting(shadow, presence, readTick) },
  };
  return { kind: 'changed', state: next, facts: [fact], questions: [], closes: [] };
}
