import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { digest } from './columns.js';

/** Two records that a person said are not one; the rules do not bring it up again. */
export const keptApart = pgTable(
  'kept_apart',
  {
    // The pair that matches.
    pair: text('pair').notNull(),
    // Digest of both records' names.
    digest: digest('digest').notNull(),
    // Digests of each record's name, by which an erasure finds the row; null in rows of versions that had none.
    one: digest('one'),
    other: digest('other'),
  },
  (table) => [primaryKey({ columns: [table.pair, table.digest] })],
);
