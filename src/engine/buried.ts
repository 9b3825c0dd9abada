import { duplicatesOf } from '../core/duplicate.js';
import type { EntityId, RecordKey, SideName } from '../core/ids.js';
import { hasRecord } from '../core/presence.js';
import type { Snapshot } from '../core/record.js';
import type { Shadow } from '../core/state.js';
import type { Page } from './page.js';
import type { KeyedEntity } from './store.js';

/** Keys of a side whose entity has ended, with when we learned that the record is gone. */
export type Buried = {
  /**
   * Those of a reading that may be taken. What began to be read before its record was known to be gone shows the dead, as
   * any fenced reading does (class O0): it would come back as a new record. It is read again by key.
   */
  younger(records: readonly Snapshot[], readTick: number): readonly Snapshot[];
};

export function buriedIn(page: Page, side: SideName, stored: readonly KeyedEntity[]): Buried {
  const ticks = new Map<RecordKey, number>();
  for (const { key, id } of stored) {
    const state = page.state(id);
    const shadow = state?.sides[side];
    const hasEnded = state?.presence.kind === 'tombstone' || state?.presence.kind === 'alias';
    // A key that was retired in favour of another is as dead as one that was deleted.
    const isGone = (hasEnded && shadow?.presence === 'gone') || (shadow !== undefined && shadow.key !== key);
    if (shadow !== undefined && isGone) ticks.set(key, shadow.tick);
  }
  return {
    younger: (records, readTick) => {
      if (ticks.size === 0) return records;
      const isOlder = ({ key }: Snapshot): boolean => readTick < (ticks.get(key) ?? 0);
      for (const { key } of records.filter(isOlder)) page.rereads.push({ side, key });
      return records.filter((record) => !isOlder(record));
    },
  };
}

/**
 * A tombstone or an alias does not come back: a record under its key is a new entity (§1.11, id reuse). One that is still
 * to be deleted somewhere, or archived there, belongs to its entity until it is gone everywhere; so does one that was out
 * of scope meanwhile.
 */
export function isLinkable(page: Page, id: EntityId, side: SideName, key: RecordKey): boolean {
  const state = page.state(id);
  const shadow = state?.sides[side];
  // An entity has one record a side; a second one that came under its name is a stranger.
  if (hasRecord(shadow) && shadow?.key !== key) return false;
  if (shadow?.key === key && (shadow.presence === 'outside' || shadow.presence === 'archived')) return true;
  if (state?.presence.kind === 'tombstone') return Object.values(state.sides).some(isLeft);
  return state?.presence.kind !== 'alias' || (shadow?.key === key && duplicatesOf(state).length > 0);
}

/** A record that was not deleted with its entity, or not yet. */
function isLeft(shadow: Shadow): boolean {
  return hasRecord(shadow) || shadow.presence === 'archived';
}

/** Whether the side is known to have withheld the record until now. */
export function isBack(page: Page, entity: EntityId | undefined, side: SideName): boolean {
  const presence = entity === undefined ? undefined : page.state(entity)?.sides[side]?.presence;
  return presence === 'hidden' || presence === 'outside';
}
