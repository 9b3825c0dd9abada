import { customType, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { whole } from './columns.js';

const hashes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * Leaf hashes of entries that were retired: 32 bytes each, so that every root and proof of the log can still be computed
 * (SPEC I17). Written by the owner alone, and never changed.
 */
export const retiredLeaves = pgTable(
  'retired_leaves',
  {
    // The pair whose log it is.
    pair: text('pair').notNull(),
    // Position of the first leaf.
    first: whole('first').notNull(),
    // At most 1,024 leaves one behind the other.
    leaves: hashes('leaves').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.first] })],
);
