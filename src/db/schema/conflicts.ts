import { sql } from 'drizzle-orm';
import { bigint, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** Questions to people. An ended one stays as it was answered. */
export const conflicts = pgTable(
  'conflicts',
  {
    // Given when first asked; stays while the question is asked again with newer values.
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    // The entity asked about.
    pair: text('pair').notNull(),
    entity: whole('entity').notNull(),
    // The unit; null for questions about the whole record.
    unit: text('unit'),
    // One of ConflictKind.
    kind: text('kind').notNull(),
    // `open`, `decided` or `closed`; leaves `open` once and never returns.
    state: text('state').notNull(),
    // Equal for questions that may be decided together. May hold values of records: personal data.
    shape: text('shape').notNull(),
    // The shape for people. May hold values of records: personal data.
    label: text('label').notNull(),
    // The register's vector when asked; a decision must name it.
    vv: text('vv').notNull(),
    // JSON text of what each side holds. Holds values of records: personal data.
    detail: text('detail').notNull(),
    // The revision and rule that ask.
    revision: text('revision').notNull(),
    rule: text('rule').notNull(),
    // When it was first asked, and when it ended.
    openedAt: moment('opened_at').notNull(),
    endedAt: moment('ended_at'),
    // Who answered; null while open and when it closed by itself.
    decidedBy: text('decided_by'),
    // JSON text of the answer. May hold values of records: personal data.
    choice: text('choice').notNull(),
  },
  (table) => [
    // One open question per entity, unit and kind (SPEC: a question is replaced, not repeated).
    uniqueIndex('conflicts_open')
      .on(table.pair, table.entity, sql`coalesce(${table.unit}, '')`, table.kind)
      .where(sql`${table.state} = 'open'`),
    // Not over the shape: it may be longer than an index entry can be.
    index('conflicts_open_kind').on(table.pair, table.kind, table.id).where(sql`${table.state} = 'open'`),
    index('conflicts_entity').on(table.pair, table.entity),
  ],
);
