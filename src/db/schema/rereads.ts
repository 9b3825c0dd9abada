import { bigint, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText } from './columns.js';

/** Keys that must be read by id before anything else on their side; nothing fenced is forgotten. */
export const rereads = pgTable(
  'rereads',
  {
    // The record to read again.
    pair: text('pair').notNull(),
    side: text('side').notNull(),
    key: byteText('key').notNull(),
    // Order of arrival; a key that waits already keeps its place.
    place: bigint('place', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.side, table.key] }),
    index('rereads_place').on(table.pair, table.side, table.place),
  ],
);
