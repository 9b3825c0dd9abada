import type { RecordKey, SideName } from '../core/ids.js';
import type { Snapshot } from '../core/record.js';
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
