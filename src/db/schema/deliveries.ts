import { sql } from 'drizzle-orm';
import { customType, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

const wholeRange = customType<{ data: string }>({ dataType: () => 'int8range' });
const wholes = customType<{ data: readonly number[] }>({ dataType: () => 'bigint[]' });

/** One page of writes to one side. `sent` is the lock: nobody writes its items again before the outcome is known. */
export const deliveries = pgTable(
  'deliveries',
  {
    // The pair that counts the id.
    pair: text('pair').notNull(),
    // Rises with every delivery of the pair.
    id: whole('id').notNull(),
    // The side that is written.
    side: text('side').notNull(),
    // One of DeliveryState; goes planned, sent, done and never back, except that an attempt may return to planned.
    state: text('state').notNull(),
    // How often it was sent.
    attempt: integer('attempt').notNull(),
    // Number of items.
    count: integer('items_count').notNull(),
    // The run that made it.
    run: whole('run').notNull(),
    // The plan it applies; null for everyday work.
    plan: whole('plan'),
    // The pair's tick when it was decided.
    tick: whole('tick').notNull(),
    // JSON text of the items. Holds values of records: personal data.
    items: text('items').notNull(),
    // Entities of the items, in the same order.
    entities: wholes('entities').notNull(),
    // From the smallest to the greatest of `entities`: one cheap index entry finds the deliveries of an entity.
    span: wholeRange('span').notNull(),
    // While it is sent: what was said of its batch before the commit, as JSON text; empty when it is yet to be said.
    // Holds values of records.
    announced: text('announced'),
    // JSON text of counts by outcome; null before the first outcome.
    outcome: text('outcome'),
    // When it was committed, last sent, and done.
    createdAt: moment('created_at').notNull(),
    sentAt: moment('sent_at'),
    doneAt: moment('done_at'),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.id] }),
    index('deliveries_open').on(table.pair, table.id).where(sql`${table.state} <> 'done'`),
    index('deliveries_span').using('gist', table.span),
  ],
);
