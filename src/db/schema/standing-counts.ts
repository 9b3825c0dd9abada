import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { whole } from './columns.js';

/** How many entities of a pair have each standing, kept exact by every commit so that status costs nothing at any size. */
export const standingCounts = pgTable(
  'standing_counts',
  {
    // The pair counted; its row's lock makes the counts exact.
    pair: text('pair').notNull(),
    // One of Standing; a standing without a row counts as zero.
    standing: text('standing').notNull(),
    // Equal to the number of rows in `record_states` with this standing.
    records: whole('records').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.standing] })],
);
