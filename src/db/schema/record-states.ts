import { sql } from 'drizzle-orm';
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/**
 * One row an entity: registers, shadows and vectors, packed. Rows are added and changed, never removed.
 * The migration leaves 30 % of every page free, so that a changed row mostly finds room beside the old one (HOT).
 */
export const recordStates = pgTable(
  'record_states',
  {
    // The pair that counts the id.
    pair: text('pair').notNull(),
    // The entity's id, counted from 1 within the pair.
    id: whole('id').notNull(),
    // The packed state. Holds values of records: personal data.
    state: text('state').notNull(),
    // One of Standing; agrees with the state, and with the counts in `standing_counts`.
    standing: text('standing').notNull(),
    // The pair's tick when the state was committed. Not indexed: a change of it alone must stay a HOT update.
    tick: whole('tick').notNull(),
    // When the state was committed.
    changedAt: moment('changed_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.id] }),
    // Partial: what agrees is the mass, is never listed by its standing, and must not pay for an index entry.
    index('record_states_standing').on(table.pair, table.standing, table.id).where(sql`${table.standing} <> 'agreed'`),
  ],
);
