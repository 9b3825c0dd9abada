import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { digest } from './columns.js';

/** Two records that a person said are not one; the rules do not bring it up again. */
export const keptApart = pgTable(
  'kept_apart',
  {
    // The pair that matches.
    pair: text('pair').notNull(),
    // First half of the SHA-256 of both records' names.
    digest: digest('digest').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.digest] })],
);
