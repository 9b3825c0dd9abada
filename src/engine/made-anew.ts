import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { sideRules } from '../core/hub.js';
import { madeShown, showsAnother, showsSame } from '../core/made.js';
import type { Snapshot } from '../core/record.js';
import { observeReplaced } from '../core/replaced.js';
import type { Ended } from './identify.js';
import type { Page } from './page.js';
import type { KeyedEntity } from './store.js';

type Known = Map<RecordKey, EntityId>;

/**
 * Records that were deleted for good and that the mark of their making tells to be back: their keys stand for the same
 * entities again. Without a mark a record under the key of an ended entity is a new one (semantics §1.11).
 */
export function knowReturned(
  page: Page,
  side: SideName,
  { known, stored, shown }: { known: Known; stored: readonly KeyedEntity[]; shown: readonly Snapshot[] },
): void {
  if (sideRules(page.hub.rules, side).made === undefined) return;
  const ended = new Map(stored.filter(({ key }) => !known.has(key)).map(({ key, id }) => [key, id]));
  for (const snapshot of shown) {
    const id = ended.get(snapshot.key);
    const state = id === undefined ? undefined : page.state(id);
    if (id === undefined || state?.presence.kind !== 'tombstone') continue;
    if (state.sides[side]?.presence === 'gone' && showsSame(state, page.hub.rules, side, snapshot))
      known.set(snapshot.key, id);
  }
}

/**
 * Keys that were read again and show another record than the one that we know: that one is gone, and what is there is a
 * stranger, which the caller identifies. A page of the feed that shows one has its key read again first, as a record that is
 * missing in a page has. Returns the entities that lost their records: the caller settles them.
 */
export function takeReplaced(
  page: Page,
  side: SideName,
  { known, shown, readTick, ended }: { known: Known; shown: readonly Snapshot[]; readTick: number; ended: Ended[] },
): readonly EntityId[] {
  const own = sideRules(page.hub.rules, side);
  if (own.made === undefined) return [];
  const entities: EntityId[] = [];
  for (const snapshot of shown) {
    const { key, fields } = snapshot;
    const entity = known.get(key);
    const state = entity === undefined ? undefined : page.state(entity);
    const made = madeShown(own, fields);
    if (entity === undefined || state === undefined || made === undefined) continue;
    if (!showsAnother(state, page.hub.rules, side, snapshot)) continue;
    const gone = observeReplaced(entity, state, page.hub, side, { shown: made, readTick });
    // What began before the record was last read shows one that is older still: it is fenced like any reading.
    if (gone.kind !== 'changed') continue;
    known.delete(key);
    page.count('deleted', gone.facts.length);
    if (gone.state.presence.kind === 'tombstone' && state.presence.kind !== 'tombstone') ended.push({ entity, state });
    page.take(entity, { state: gone.state, facts: gone.facts, questions: gone.questions, closes: gone.closes });
    entities.push(entity);
  }
  return entities;
}
