import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { digest, whole } from './columns.js';

/** Values by which records of different sides find each other. A row is a hint: the state says what holds now. */
export const matchValues = pgTable(
  'match_values',
  {
    // The pair that matches.
    pair: text('pair').notNull(),
    // Digest of the value: values may be longer than an index entry, and they are nobody's business here.
    digest: digest('digest').notNull(),
    // The side that gave the value.
    side: text('side').notNull(),
    // The entity whose record carried it.
    entity: whole('entity').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.digest, table.side, table.entity] })],
);
