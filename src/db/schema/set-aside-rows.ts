import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText, moment } from './columns.js';

/** Rows of a side that cannot be read; the rest goes on. Forgotten when the side is read in full again. */
export const setAsideRows = pgTable(
  'set_aside_rows',
  {
    // Where the row stands, in words of the connector, such as `line 17`.
    pair: text('pair').notNull(),
    side: text('side').notNull(),
    place: byteText('place').notNull(),
    // Why, without values of the record.
    reason: text('reason').notNull(),
    // The record's key when it could be read.
    key: byteText('key'),
    // When it was last set aside.
    at: moment('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.side, table.place] })],
);
