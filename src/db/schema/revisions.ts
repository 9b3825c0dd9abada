import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Every configuration that ever decided something; rows are never changed, so that old decisions stay explainable. */
export const revisions = pgTable(
  'revisions',
  {
    // The pair it configures.
    pair: text('pair').notNull(),
    // Hash of the configuration: the same id always stands for the same text.
    id: text('id').notNull(),
    // JSON text of the compiled rules.
    rules: text('rules').notNull(),
    // The files as they were written by people.
    body: text('body').notNull(),
    // JSON text of the connections' settings. Never a secret: options are literal text or names of variables.
    connections: text('connections').notNull(),
    // When it was first saved.
    savedAt: moment('saved_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.pair, table.id] })],
);
