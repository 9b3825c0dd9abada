import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** What was taken out of a pair's history: one row each time, written by the owner alone. The newest one counts. */
export const ledgerRetirements = pgTable(
  'ledger_retirements',
  {
    // The pair whose log it is.
    pair: text('pair').notNull(),
    // Entries below this position are gone; their leaves stand in `retired_leaves`.
    cut: whole('cut').notNull(),
    // The moment before which they were made: the beginning of a month, UTC.
    before: moment('before').notNull(),
    // Where the entries stand that keep forward what was known then: from a position to one behind them.
    keptFrom: whole('kept_from').notNull(),
    keptTo: whole('kept_to').notNull(),
    // The file that holds what is gone, by its name, and its hex SHA-256.
    file: text('file').notNull(),
    sha256: text('sha256').notNull(),
    // When it was done.
    at: moment('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.cut] })],
);
