import type { EntityId, RecordKey, SideName } from '../core/ids.js';
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
    if (state?.presence.kind === 'tombstone' && shadow?.presence === 'gone') ticks.set(key, shadow.tick);
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
 * to be deleted somewhere belongs to its entity until it is gone everywhere.
 */
export function isLinkable(page: Page, id: EntityId, side: SideName, key: RecordKey): boolean {
  const state = page.state(id);
  const shadow = state?.sides[side];
  // An entity has one record a side; a second one that came under its name is a stranger.
  if (shadow?.presence === 'present' && shadow.key !== key) return false;
  if (state?.presence.kind === 'tombstone') return Object.values(state.sides).some(isPresent);
  return state?.presence.kind !== 'alias';
}

function isPresent({ presence }: Shadow): boolean {
  return presence === 'present';
}
