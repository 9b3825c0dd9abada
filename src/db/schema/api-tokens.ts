import { pgTable, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Bearer tokens. Only the hash is kept: who reads this table cannot use it. */
export const apiTokens = pgTable('api_tokens', {
  // Hex SHA-256 of a random 256-bit token.
  hash: text('hash').primaryKey(),
  // Who acts with it; named in the ledger.
  name: text('name').notNull(),
  // `viewer`, `operator` or `owner`.
  role: text('role').notNull(),
  // When it was saved.
  createdAt: moment('created_at').notNull().defaultNow(),
});
