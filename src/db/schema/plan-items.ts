import { bigint, boolean, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { byteText, whole } from './columns.js';

/** The lines of a plan. All lines of an entity are saved together and replace each other. */
export const planItems = pgTable(
  'plan_items',
  {
    // The plan it belongs to.
    plan: whole('plan').notNull(),
    // Order of the list.
    seq: bigint('seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    // The entity that would change.
    entity: whole('entity').notNull(),
    // `create`, `update`, `delete` or `ask`.
    kind: text('kind').notNull(),
    // The side that would be written; null for a question.
    side: text('side'),
    // The record, as people know it. The label may hold values: personal data.
    key: byteText('key').notNull(),
    label: text('label').notNull(),
    // The unit; null when the whole record is meant.
    unit: text('unit'),
    // JSON texts of the values. Hold values of records: personal data.
    before: text('before').notNull(),
    after: text('after').notNull(),
    // True when an update would leave the unit without a value.
    blank: boolean('blank').notNull(),
    // Equal for questions that may be decided together; null for a write. May hold values: personal data.
    shape: text('shape'),
    // The rule that decided.
    rule: text('rule').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.plan, table.seq] }),
    index('plan_items_entity').on(table.plan, table.entity),
  ],
);
