import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText, whole } from './columns.js';

/** Which entity a record stands for. A record stands for one entity at most; a link that ended has no row. */
export const recordLinks = pgTable(
  'record_links',
  {
    // The pair that links.
    pair: text('pair').notNull(),
    // The side the record is on.
    side: text('side').notNull(),
    // The record's id in its own system, ordered by bytes.
    key: byteText('key').notNull(),
    // The entity; has a row in `record_states`.
    entity: whole('entity').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.side, table.key] }),
    index('record_links_entity').on(table.pair, table.entity),
  ],
);
