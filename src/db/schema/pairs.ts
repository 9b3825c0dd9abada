import { boolean, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { moment, whole } from './columns.js';

/** One row a pair: its lock, counters and cursors. Whoever works on a pair holds this row `for update` (SPEC I5, I11). */
export const pairs = pgTable('pairs', {
  // The name of the pair's file; never changes.
  pair: text('pair').primaryKey(),
  // One of PairMode.
  mode: text('mode').notNull(),
  // JSON text of the brake that stopped the writes; null while nothing stops them.
  halt: text('halt'),
  // The revision that decides; null before the first approved plan.
  revision: text('revision'),
  // The newest saved revision; always has a row in `revisions`.
  latestRevision: text('latest_revision').notNull(),
  // Rises when this database was restored from a backup; part of every version vector's actors.
  epoch: integer('epoch').notNull(),
  // Rises by one with every commit and never falls.
  tick: whole('tick').notNull(),
  // Above every entity id of the pair.
  nextEntity: whole('next_entity').notNull(),
  // Entities that more than one side has.
  linked: whole('linked').notNull(),
  // JSON text, SideCursor by side. Cursors are opaque; only their connector reads them.
  cursors: text('cursors').notNull(),
  // Number of entries of the pair's ledger: the next entry's seq.
  ledgerSize: whole('ledger_size').notNull(),
  // Hex hashes of the perfect subtrees of the Merkle log, largest first; one per set bit of `ledger_size`.
  ledgerPeaks: text('ledger_peaks').array().notNull(),
  // Above every run id of the pair.
  nextRun: whole('next_run').notNull(),
  // Above every delivery id of the pair.
  nextDelivery: whole('next_delivery').notNull(),
  // Writes were left unplanned while the pair was held; they are planned before the next page.
  waiting: boolean('waiting').notNull(),
  // When the last full comparison ended; null before the first.
  lastVerifyAt: moment('last_verify_at'),
});
