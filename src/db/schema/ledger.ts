import { customType, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

const hash = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * The history: one row a fact, without any value of a record. Append-only by grant and by trigger; partitioned by
 * month of `at`, which is why `at` is in the key. The pair's lock keeps `seq` unique and without gaps.
 */
export const ledger = pgTable(
  'ledger',
  {
    // The pair whose log it is.
    pair: text('pair').notNull(),
    // Position in the pair's log from 0, without gaps: the leaf index of the Merkle log.
    seq: whole('seq').notNull(),
    // When it was committed; decides the partition.
    at: moment('at').notNull(),
    // One of EntryKind.
    kind: text('kind').notNull(),
    // The entity; null when the fact is about the pair itself.
    entity: whole('entity'),
    // The side the fact is about; null when it is about none.
    side: text('side'),
    // Names of the units it touched, in the order of the entry.
    units: text('units').array().notNull(),
    // Who did it: a side, a rule or a named person of the hub.
    actor: text('actor').notNull(),
    // The rule that decided, with its place in the file.
    rule: text('rule').notNull(),
    // The revision that decided.
    revision: text('revision').notNull(),
    // How it came to be known.
    source: text('source').notNull(),
    // The edit, `actor:counter`; null when the fact is no edit.
    dot: text('dot'),
    // Version vectors before and after, as text.
    vvBefore: text('vv_before').notNull(),
    vvAfter: text('vv_after').notNull(),
    // When the edit can have been made, epoch milliseconds; both null when that is not known.
    editMinMs: whole('edit_min_ms'),
    editMaxMs: whole('edit_max_ms'),
    // The run that found it; null outside runs.
    run: whole('run'),
    // The delivery it belongs to; null when it belongs to none.
    delivery: whole('delivery'),
    // SHA-256 of nonce and payload: proves the payload without containing it.
    commitment: hash('commitment').notNull(),
    // Leaf hash of the row in the pair's Merkle log.
    leaf: hash('leaf').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pair, table.seq, table.at] }),
    index('ledger_entity').on(table.pair, table.entity, table.seq.desc().nullsFirst()),
  ],
);
