import { customType, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

const mark = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Identities that were erased, so that a lagging system does not bring the person back. Rows are only ever added. */
export const suppressions = pgTable(
  'suppressions',
  {
    // The pair that forgot them.
    pair: text('pair').notNull(),
    // HMAC-SHA-256 of a record's side and key, or of a match value, under the key of the environment: says nothing by itself.
    mark: mark('mark').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.mark] })],
);
