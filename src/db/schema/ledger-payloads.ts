import { customType, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

const encrypted = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

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
    // Random; makes the commitment unguessable, so it is erased with the values. Null when it is encrypted with them.
    nonce: text('nonce'),
    // JSON text of patch, inverse, effects and detail. Holds values of records: personal data. Null when it is encrypted.
    payload: text('payload'),
    // The data key of `encrypted`; null when the values stand as they are.
    key: whole('key'),
    // AES-256-GCM over nonce and payload: 12 bytes of its own nonce, 16 of its tag, the rest.
    encrypted: encrypted('encrypted'),
  },
  (table) => [primaryKey({ columns: [table.pair, table.seq, table.at] })],
);
