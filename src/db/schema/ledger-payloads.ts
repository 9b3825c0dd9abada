import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/**
 * The values of a ledger entry. A row is never changed; the owner may delete it, which erases the values while the
 * entry and every proof stay valid (SPEC I19).
 */
export const ledgerPayloads = pgTable(
  'ledger_payloads',
  {
    // The entry's pair, position and time.
    pair: text('pair').notNull(),
    seq: whole('seq').notNull(),
    at: moment('at').notNull(),
    // Random; makes the commitment unguessable, so it is erased with the values.
    nonce: text('nonce').notNull(),
    // JSON text of patch, inverse, effects and detail. Holds values of records: personal data.
    payload: text('payload').notNull(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.seq, table.at] })],
);
