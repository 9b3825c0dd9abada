import { sql } from 'drizzle-orm';
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** What would be done, for a person to approve. */
export const plans = pgTable(
  'plans',
  {
    // Counted over all pairs.
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    // The pair and the revision whose rules it applied.
    pair: text('pair').notNull(),
    revision: text('revision').notNull(),
    // One of PlanState.
    state: text('state').notNull(),
    // JSON text of PlanCounts; null before it was decided.
    counts: text('counts'),
    // The pair's tick when it was decided; entities committed later have moved on.
    tick: whole('tick'),
    // JSON text, when each side was read; null before that.
    asOf: text('as_of'),
    // Who asked for it and when.
    createdAt: moment('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    // After this moment it is not applied any more.
    expiresAt: moment('expires_at'),
    // Who approved it.
    approvedBy: text('approved_by'),
    // JSON text of how far reading, deciding or applying is.
    progress: text('progress'),
    // What went wrong, without values of records.
    problem: text('problem'),
    // JSON text of UndoScope: what an undo takes back, and why; null for other plans.
    undo: text('undo'),
  },
  (table) => [
    index('plans_pair').on(table.pair, table.id),
    index('plans_open').on(table.pair).where(sql`${table.state} in ('reading', 'deciding', 'applying')`),
  ],
);
