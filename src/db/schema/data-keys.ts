import { customType, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { whole } from './columns.js';

const wrapped = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * The random keys under which values of the history are encrypted (SPEC I19). An erasure deletes the record's row, so that
 * copies of the values are worth nothing once the copies of this small table are gone.
 */
export const dataKeys = pgTable(
  'data_keys',
  {
    // The pair whose values they encrypt.
    pair: text('pair').notNull(),
    // An entity; 0 for the key of the pair's digests; -(seq + 1) for the key of an entry that is about no record alone.
    id: whole('id').notNull(),
    // The key, wrapped (RFC 3394) by a key of the environment.
    wrapped: wrapped('wrapped').notNull(),
    // Which key of the environment that is.
    wrappedBy: text('wrapped_by').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.id] })],
);
