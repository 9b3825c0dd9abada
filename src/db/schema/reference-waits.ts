import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText, whole } from './columns.js';

/** References that cannot be written yet: a hint for finding them when what they name is there. The state says what holds. */
export const referenceWaits = pgTable(
  'reference_waits',
  {
    // The pair with the reference.
    pair: text('pair').notNull(),
    // The entity that waits.
    entity: whole('entity').notNull(),
    // The unit that is a reference.
    unit: text('unit').notNull(),
    // The side that it cannot be written to.
    side: text('side').notNull(),
    // The pair whose record is named, and the record as the side that gave the value names it.
    parent: text('parent').notNull(),
    parentSide: text('parent_side').notNull(),
    parentKey: byteText('parent_key').notNull(),
    // That pair's tick when the record was looked for; -1 when it was not.
    seen: whole('seen').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.entity, table.unit, table.side, table.parentSide, table.parentKey] }),
  ],
);
