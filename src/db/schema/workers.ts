import { pgTable, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.js';

/** Signs of life; readiness and doctor read them. */
export const workers = pgTable('workers', {
  // The worker's own name, such as host and process.
  worker: text('worker').primaryKey(),
  // When it last said that it is alive, by the database's clock.
  beatAt: moment('beat_at').notNull(),
});
