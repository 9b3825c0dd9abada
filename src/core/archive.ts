import { sideRules, type Hub } from './hub.js';
import type { SideName } from './ids.js';
import { canonicalJson, type Json } from './json.js';
import type { NativeFieldMap, Snapshot } from './record.js';
import { withSide } from './register.js';
import type { ArchiveMark, SideRules } from './rules.js';
import type { EntityState, Shadow } from './state.js';

/**
 * Whether a record shows what its side's archived records hold. Null where that cannot be told: the file does not say how
 * records are archived there, or the reading did not show a field that says it.
 */
export function showsArchive({ archive }: SideRules, fields: NativeFieldMap): boolean | null {
  if (archive === undefined) return null;
  let isTold = true;
  for (const [field, mark] of Object.entries(archive.set)) {
    const held = fields[field];
    if (held === undefined) isTold = false;
    else if (!fits(mark, held)) return false;
  }
  return isTold ? true : null;
}

function fits(mark: ArchiveMark, held: Json): boolean {
  return mark.kind === 'now' ? textOf(held) !== '' : textOf(held) === textOf(mark.value);
}

/** Systems differ in how they spell a number or a yes; a null is the empty text. */
function textOf(value: Json): string {
  if (value === null) return '';
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

/** Whether the delete that ended the entity is one after which other sides archive (semantics §2.4, column `archive`). */
export function isArchiving({ presence }: EntityState, hub: Hub): boolean {
  if (presence.kind !== 'tombstone') return false;
  const [actor] = presence.dot;
  // Who deleted stands in the dot; an epoch of our own that has ended since makes no other side of it.
  const deleter = hub.rules.sides.find(({ name }) => actor.startsWith(`${name}#`));
  return deleter?.deletes === 'archive';
}

/**
 * A record that is archived takes no part: what its side shows of it is no edit, not even of the field that says so, and
 * it is compared with what it held before when it is back. Also how a write that archives, and whose answer was lost, is
 * found to have landed. Null: a reading like any other, also when somebody took the record out of the archive.
 */
export function observeArchived(
  state: EntityState,
  hub: Hub,
  side: SideName,
  { snapshot, readTick }: { readonly snapshot: Snapshot; readonly readTick: number },
  isInDoubt: boolean,
): { readonly kind: 'unchanged' | 'changed'; readonly state: EntityState; readonly facts: readonly [] } | null {
  const shadow = state.sides[side];
  const isSent = isInDoubt && shadow?.intent?.kind === 'archive';
  if (shadow === undefined || (shadow.presence !== 'archived' && !isSent)) return null;
  const shows = showsArchive(sideRules(hub.rules, side), snapshot.fields);
  if (shows === false || (shows === null && isSent)) return null;
  if (!isInDoubt && shadow.token === snapshot.token) return { kind: 'unchanged', state, facts: [] };
  const tick = Math.max(readTick, shadow.tick);
  const intent = isInDoubt ? null : shadow.intent;
  const archived: Shadow = { ...shadow, presence: 'archived', token: snapshot.token, tick, intent, wrote: {} };
  return { kind: 'changed', state: withSide(state, side, archived), facts: [] };
}

/** What a record holds when it is archived now. */
export function archivedFields({ archive }: SideRules, hub: Hub): NativeFieldMap {
  const marks = Object.entries(archive?.set ?? {});
  return Object.fromEntries(
    marks.map(([field, mark]) => [field, mark.kind === 'now' ? new Date(hub.nowMs).toISOString() : mark.value]),
  );
}

/** What must still be found in an archived record; a moment is left out, since systems spell it in their own ways. */
export function archiveMarks({ archive }: SideRules): NativeFieldMap {
  const marks = Object.entries(archive?.set ?? {});
  return Object.fromEntries(marks.flatMap(([field, mark]) => (mark.kind === 'now' ? [] : [[field, mark.value]])));
}
