import { includes } from './clock/version-vector.js';
import { sideRules, type Hub } from './hub.js';
import type { SideName } from './ids.js';
import { recordRules, type RecordRules } from './record-rules.js';
import { contextOf } from './register.js';
import type { SideRules } from './rules.js';
import type { EntityState, Presence, Register, Shadow } from './state.js';

/** What a reading that shows the record says about whether it is still there. */
type Shown = {
  /** Before the reading. */
  readonly state: EntityState;
  /** After it: what the rules of the record are judged by. */
  readonly units: EntityState['units'];
  readonly hub: Hub;
  readonly side: SideName;
  /** Somebody changed what the side already had; a first reading and our own write are no such change. */
  readonly hasEdit: boolean;
};

/**
 * Where the record stands after a side showed it. A record that is back where it was deleted ends a delete that is held,
 * or that was not made everywhere yet. An edit of a record that was still to be deleted was not seen by the delete
 * (§2.4): it is held, and a person decides. So is the delete of a record that was out of scope here when it was made:
 * without it nobody had the record any more, and nothing was decided about this one.
 */
export function presenceShown(shown: Shown): Presence {
  const { state, side, hasEdit } = shown;
  const { presence } = state;
  if (presence.kind === 'delete_held') return heldStill(shown, presence);
  if (presence.kind !== 'tombstone') return presence;
  const { dot, seen } = presence;
  if (isReturn(shown) && hasEnded(state) && creates(shown) !== 'ask') return { kind: 'live' };
  if (isReturn(shown)) return heldStill(shown, { kind: 'delete_held', side, dot, seen });
  const gone = deleter(shown);
  const rules = deleterRules(shown);
  if (
    state.sides[side]?.presence === 'outside' &&
    !(gone && rules?.deletes === 'delete' && hadSeenAll(shown, gone.name))
  )
    return { kind: 'delete_held', side: gone?.name ?? side, dot, seen };
  if (!hasEdit || rules?.edited === 'delete') return presence;
  // An archived record keeps the edit.
  if (rules?.deletes === 'archive' && rules.edited === undefined) return presence;
  if (rules?.edited === 'restore') return { kind: 'live' };
  return { kind: 'delete_held', side: gone?.name ?? side, dot, seen };
}

/**
 * An edit of a record that was still to be deleted, where the file says that the edit wins: it is made again. So is one that
 * had ended and that its own mark tells to be back, where a record that is new there is copied.
 */
export function winsOverDelete(shown: Shown): boolean {
  const { state, hasEdit } = shown;
  if (state.presence.kind !== 'tombstone') return false;
  if (isReturn(shown)) return hasEnded(state) && creates(shown) === 'copy';
  return hasEdit && deleterRules(shown)?.edited === 'restore';
}

/** What the side that deleted the record says of it, by what the record holds after the reading. */
function deleterRules(shown: Shown): RecordRules | undefined {
  const gone = deleter(shown);
  return gone && recordRules(gone, { ...shown.state, units: shown.units }, shown.hub);
}

/** It was deleted for good, and no side had it any more. */
function hasEnded({ sides }: EntityState): boolean {
  return Object.values(sides).every(({ presence }: Shadow) => presence === 'gone');
}

/** What the file says of a record that is new on the side, by what this one holds after the reading. */
function creates({ state, units, hub, side }: Shown): RecordRules['creates'] {
  return recordRules(sideRules(hub.rules, side), { ...state, units }, hub).creates;
}

/** The record was deleted here, or archived because of a delete elsewhere, until now. */
function isReturn({ state, side }: Shown): boolean {
  const presence = state.sides[side]?.presence;
  return presence === 'gone' || presence === 'archived';
}

function hadSeenAll({ state: { units } }: Shown, side: SideName): boolean {
  return Object.values(units).every((register: Register) => includes(contextOf(register, side), register.vv));
}

/** The rules of the side that deleted the record. */
function deleter({ state, hub }: Shown): SideRules | undefined {
  return hub.rules.sides.find(({ name }) => state.sides[name]?.presence === 'gone');
}

/** Held as long as a side that deleted the record still lacks it, unless somebody left that one as it is. */
function heldStill(shown: Shown, presence: Presence & { kind: 'delete_held' }): Presence {
  const { state, hub, side } = shown;
  if (!isReturn(shown)) return presence;
  const others = hub.rules.sides.filter(({ name }) => name !== side);
  const gone = others.find(({ name }) => state.sides[name]?.presence === 'gone');
  return gone === undefined || state.hold?.kind === 'left' ? { kind: 'live' } : { ...presence, side: gone.name };
}
