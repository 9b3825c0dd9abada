import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText, whole } from './columns.js';

/** Which records of other pairs the records of a pair name, as each side holds it: the way from a parent to its children. */
export const referenceNames = pgTable(
  'reference_names',
  {
    // The pair with the reference.
    pair: text('pair').notNull(),
    // The entity whose record names another.
    entity: whole('entity').notNull(),
    // The pair whose record is named.
    parent: text('parent').notNull(),
    // The side that holds the reference, and the key that it holds.
    parentSide: text('parent_side').notNull(),
    parentKey: byteText('parent_key').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.entity, table.parent, table.parentSide, table.parentKey] }),
    index('reference_names_parent').on(table.parent, table.parentSide, table.parentKey),
  ],
);
