import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** One pass over a pair, with counts and outcome. */
export const runs = pgTable(
  'runs',
  {
    // The pair that counts the id.
    pair: text('pair').notNull(),
    id: whole('id').notNull(),
    // `poll`, `plan`, `apply`, `verify` or `decide`.
    kind: text('kind').notNull(),
    // Counters by name; they only rise.
    counts: jsonb('counts').notNull(),
    // `running` until it ended.
    result: text('result').notNull(),
    // What went wrong, without values of records.
    problem: text('problem'),
    // When its first page was committed, and when it ended.
    startedAt: moment('started_at').notNull(),
    endedAt: moment('ended_at'),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.id] }),
    index('runs_started').on(table.startedAt, table.pair, table.id),
  ],
);
