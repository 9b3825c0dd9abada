import type { PairId, RevisionId, SideName } from '../../core/ids.js';
import type { Halt, PairMode, PairRow, SideCursor } from '../../engine/store.js';
import { texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { pairKeyId } from './data-keys.js';

export type RawPair = {
  pair: PairId;
  mode: PairMode;
  halt: string | null;
  revision: RevisionId | null;
  latest_revision: RevisionId;
  epoch: number;
  tick: number;
  next_entity: number;
  linked: number;
  cursors: string;
  ledger_size: number;
  ledger_peaks: string[];
  next_run: number;
  next_delivery: number;
  waiting: boolean;
  last_verify_at_ms: number | null;
};

const columns = (sql: Sql) => sql`
  pair, mode, halt, revision, latest_revision, epoch, tick, next_entity, linked, cursors, ledger_size, ledger_peaks,
  next_run, next_delivery, waiting, (extract(epoch from last_verify_at) * 1000)::bigint as last_verify_at_ms`;

export function selectPairs(sql: Sql, pair: PairId | null): Rows<RawPair> {
  return sql`select ${columns(sql)} from pairs where ${pair}::text is null or pair = ${pair} order by pair`;
}

export type LockedPair = RawPair & { pair_key: string | null; pair_key_by: string | null };

/** Waits for the pair's lock and reads the row as it is then, with the pair's own data key. */
export function lockPair(sql: Sql, pair: PairId): Rows<LockedPair> {
  return sql`
    select ${columns(sql)},
      (select encode(wrapped, 'hex') from data_keys where data_keys.pair = pairs.pair and id = ${pairKeyId}) as pair_key,
      (select wrapped_by from data_keys where data_keys.pair = pairs.pair and id = ${pairKeyId}) as pair_key_by
    from pairs where pair = ${pair} for update`;
}

export function pairRow(raw: RawPair): PairRow {
  return {
    pair: raw.pair,
    mode: raw.mode,
    halt: raw.halt === null ? null : (JSON.parse(raw.halt) as Halt),
    revision: raw.revision,
    latestRevision: raw.latest_revision,
    epoch: raw.epoch,
    tick: raw.tick,
    nextEntity: raw.next_entity,
    linked: raw.linked,
    cursors: JSON.parse(raw.cursors) as { readonly [side: SideName]: SideCursor },
    ledgerSize: raw.ledger_size,
    ledgerPeaks: raw.ledger_peaks,
    nextRun: raw.next_run,
    nextDelivery: raw.next_delivery,
    waiting: raw.waiting,
    lastVerifyAtMs: raw.last_verify_at_ms,
  };
}

/** Makes the row of a pair that is new, and names the newest revision of one that is not. */
export function savePair(sql: Sql, pair: PairId, revision: RevisionId): Rows<object> {
  return sql`
    insert into pairs (
      pair, mode, latest_revision, epoch, tick, next_entity, linked, cursors, ledger_size, ledger_peaks, next_run,
      next_delivery, waiting)
    values (${pair}, 'new', ${revision}, 1, 0, 1, 0, '{}', 0, '{}', 1, 1, false)
    on conflict (pair) do update set latest_revision = excluded.latest_revision
      where pairs.latest_revision <> excluded.latest_revision`;
}

/** Everything but `latest_revision`: that one belongs to `savePair` and may have moved on in the meantime. */
export function updatePair(sql: Sql, row: PairRow): Rows<object> {
  return sql`
    update pairs set
      mode = ${row.mode}, halt = ${row.halt === null ? null : JSON.stringify(row.halt)}, revision = ${row.revision},
      epoch = ${row.epoch}, tick = ${row.tick}, next_entity = ${row.nextEntity}, linked = ${row.linked},
      cursors = ${JSON.stringify(row.cursors)}, ledger_size = ${row.ledgerSize},
      ledger_peaks = ${texts(row.ledgerPeaks)}::text[], next_run = ${row.nextRun}, next_delivery = ${row.nextDelivery},
      waiting = ${row.waiting},
      last_verify_at = to_timestamp(${row.lastVerifyAtMs}::float8 / 1000)
    where pair = ${row.pair}`;
}
