import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { whole } from './columns.js';

/** What rules of likeness compare, in canonical form. A row is a hint: the state says what holds now. */
export const matchTexts = pgTable(
  'match_texts',
  {
    // The pair that matches.
    pair: text('pair').notNull(),
    // The side that gave the text.
    side: text('side').notNull(),
    // The entity whose record carried it.
    entity: whole('entity').notNull(),
    // The unit that it is of.
    unit: text('unit').notNull(),
    // The beginning of the canonical text; long texts are told apart by it well enough to be found.
    text: text('text').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.side, table.entity, table.unit] }),
    index('match_texts_equal').on(table.pair, table.unit, table.text),
    index('match_texts_alike').using('gin', table.text.op('gin_trgm_ops')),
  ],
);
