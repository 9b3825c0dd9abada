import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** Items of deliveries whose outcome was not clean; clean ones have no row. */
export const intents = pgTable(
  'intents',
  {
    // The delivery the item is in.
    pair: text('pair').notNull(),
    delivery: whole('delivery').notNull(),
    // The entity that was to be written.
    entity: whole('entity').notNull(),
    // The side that was to be written.
    side: text('side').notNull(),
    // `create`, `update` or `delete`.
    kind: text('kind').notNull(),
    // Units that were to be written.
    units: text('units').array().notNull(),
    // The last known outcome.
    state: text('state').notNull(),
    // The system's or the connector's code, and its words without values of the record.
    code: text('code'),
    message: text('message'),
    // When the outcome became known.
    at: moment('at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.delivery, table.entity] }),
    index('intents_entity').on(table.pair, table.entity),
  ],
);
