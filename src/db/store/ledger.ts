import type { LedgerEntry, LedgerPayload } from '../../core/ledger/entry.js';
import type { EntityId, PairId, RevisionId, SideName, UnitName } from '../../core/ids.js';
import type { EntityRange, StoredEntry } from '../../engine/ledger-store.js';
import type { WrittenEntry } from '../../engine/store.js';
import { numberColumn, numbers, textColumn, words } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import type { WrappingKeys } from '../wrapping-keys.js';
import { payloadColumns, payloadReader, type RawPayload } from './payloads.js';

export type RawEntry = {
  pair: PairId;
  seq: number;
  at_ms: number;
  kind: LedgerEntry['kind'];
  entity: EntityId | null;
  side: SideName | null;
  units: UnitName[];
  actor: string;
  rule: string;
  revision: RevisionId;
  source: LedgerEntry['source'];
  dot: string | null;
  vv_before: string;
  vv_after: string;
  edit_min_ms: number | null;
  edit_max_ms: number | null;
  run: number | null;
  delivery: number | null;
  commitment: string;
  leaf: string;
} & RawPayload;

/** Which entries: of a pair, perhaps of one entity, from or below a position; newest or oldest first. */
export type EntrySelection = {
  readonly pair: PairId;
  readonly entity?: EntityId;
  readonly from?: number;
  readonly below?: number;
  readonly limit: number;
};

/** Oldest first from `from`; newest first when `from` is not given. An entry whose payload was erased has none. */
export function selectEntries(sql: Sql, selection: EntrySelection): Rows<RawEntry> {
  const { pair, entity, from, below, limit } = selection;
  return sql`
    select ${entryColumns(sql)}
    where entry.pair = ${pair}
      ${entity === undefined ? sql`` : sql`and entry.entity = ${entity}`}
      ${from === undefined ? sql`` : sql`and entry.seq >= ${from}`}
      ${below === undefined ? sql`` : sql`and entry.seq < ${below}`}
    order by entry.seq ${from === undefined ? sql`desc` : sql``} limit ${limit}`;
}

export const entryColumns = (sql: Sql) => sql`
  entry.pair, entry.seq, (extract(epoch from entry.at) * 1000)::bigint as at_ms, kind, entity, side, units, actor,
  rule, revision, source, dot, vv_before, vv_after, edit_min_ms, edit_max_ms, run, delivery,
  encode(commitment, 'hex') as commitment, encode(leaf, 'hex') as leaf, ${payloadColumns(sql)}
  from ledger entry
    left join ledger_payloads held on held.pair = entry.pair and held.seq = entry.seq and held.at = entry.at
    left join data_keys locked on locked.pair = held.pair and locked.id = held.key`;

/** Reads the pair's whole log twice, for want of an index over runs; only an undo asks. */
export function selectRunEntries(sql: Sql, pair: PairId, run: number, page: EntityRange): Rows<RawEntry> {
  return sql`
    select ${entryColumns(sql)}
    where entry.pair = ${pair} and entry.run = ${run} and entry.entity in (
      select distinct entity from ledger
      where pair = ${pair} and run = ${run} and entity > ${page.after ?? 0} order by entity limit ${page.limit})
    order by entry.entity, entry.seq`;
}

type RawLeaf = { seq: number; leaf: string };

export function selectLeaves(
  sql: Sql,
  { pair, from, limit }: { readonly pair: PairId; readonly from: number; readonly limit: number },
): Rows<RawLeaf> {
  return sql`
    select seq, encode(leaf, 'hex') as leaf from ledger
    where pair = ${pair} and seq >= ${from} order by seq limit ${limit}`;
}

/** The leaves that follow one another from a position on. */
export function unbroken(raws: readonly RawLeaf[], from: number): readonly string[] {
  const gap = raws.findIndex(({ seq }, index) => seq !== from + index);
  return (gap < 0 ? raws : raws.slice(0, gap)).map(({ leaf }) => leaf);
}

/** Reads the entries of one answer; an entry whose payload was erased has none. */
export function entryReader(wrapping: WrappingKeys): (raw: RawEntry) => StoredEntry {
  const payloadOf = payloadReader(wrapping);
  return (raw) => {
    const entry = entryOf(raw);
    const sealed = payloadOf(raw.pair, raw.seq, raw);
    if (sealed === null) return { entry, payload: null, sealed };
    const said = JSON.parse(sealed.text) as Omit<LedgerPayload, 'nonce'>;
    return { entry, payload: { nonce: sealed.nonce, ...said }, sealed };
  };
}

function entryOf(raw: RawEntry): LedgerEntry {
  return {
    pair: raw.pair,
    seq: raw.seq,
    atMs: raw.at_ms,
    kind: raw.kind,
    entity: raw.entity,
    side: raw.side,
    units: raw.units,
    actor: raw.actor,
    rule: raw.rule,
    revision: raw.revision,
    source: raw.source,
    dot: raw.dot,
    vvBefore: raw.vv_before,
    vvAfter: raw.vv_after,
    lo: raw.edit_min_ms,
    hi: raw.edit_max_ms,
    run: raw.run,
    delivery: raw.delivery,
    commitment: raw.commitment,
    leaf: raw.leaf,
  };
}

/** Most entries of a page differ in little more than position, entity and hashes; the rest is sent once. */
export function insertEntries(sql: Sql, pair: PairId, written: readonly WrittenEntry[]): Rows<object> {
  const entries = written.map(({ entry }) => entry);
  const atMs = numberColumn(entries.map((entry) => entry.atMs));
  const kind = textColumn(entries.map((entry) => entry.kind));
  const side = textColumn(entries.map((entry) => entry.side));
  const units = textColumn(entries.map((entry) => entry.units.join(',')));
  const actor = textColumn(entries.map((entry) => entry.actor));
  const rule = textColumn(entries.map((entry) => entry.rule));
  const revision = textColumn(entries.map((entry) => entry.revision));
  const source = textColumn(entries.map((entry) => entry.source));
  const dot = textColumn(entries.map((entry) => entry.dot));
  const before = textColumn(entries.map((entry) => entry.vvBefore));
  const after = textColumn(entries.map((entry) => entry.vvAfter));
  const lo = numberColumn(entries.map((entry) => entry.lo));
  const hi = numberColumn(entries.map((entry) => entry.hi));
  const run = numberColumn(entries.map((entry) => entry.run));
  const delivery = numberColumn(entries.map((entry) => entry.delivery));
  return sql`
    insert into ledger (
      pair, seq, at, kind, entity, side, units, actor, rule, revision, source, dot, vv_before, vv_after, edit_min_ms,
      edit_max_ms, run, delivery, commitment, leaf)
    select
      ${pair}, seq, to_timestamp(coalesce(at_ms, ${atMs.same}::float8) / 1000), coalesce(kind, ${kind.same}), entity,
      coalesce(side, ${side.same}), string_to_array(coalesce(units, ${units.same}), ','),
      coalesce(actor, ${actor.same}), coalesce(rule, ${rule.same}), coalesce(revision, ${revision.same}),
      coalesce(source, ${source.same}), coalesce(dot, ${dot.same}), coalesce(vv_before, ${before.same}),
      coalesce(vv_after, ${after.same}), coalesce(edit_min_ms, ${lo.same}::bigint),
      coalesce(edit_max_ms, ${hi.same}::bigint), coalesce(run, ${run.same}::bigint),
      coalesce(delivery, ${delivery.same}::bigint), decode(commitment, 'hex'), decode(leaf, 'hex')
    from unnest(
      ${numbers(entries.map((entry) => entry.seq))}::bigint[], ${atMs.array}::float8[], ${kind.array}::text[],
      ${numbers(entries.map((entry) => entry.entity))}::bigint[], ${side.array}::text[], ${units.array}::text[],
      ${actor.array}::text[], ${rule.array}::text[], ${revision.array}::text[], ${source.array}::text[],
      ${dot.array}::text[], ${before.array}::text[], ${after.array}::text[], ${lo.array}::bigint[],
      ${hi.array}::bigint[], ${run.array}::bigint[], ${delivery.array}::bigint[],
      ${words(entries.map((entry) => entry.commitment))}::text[],
      ${words(entries.map((entry) => entry.leaf))}::text[]) as list (
        seq, at_ms, kind, entity, side, units, actor, rule, revision, source, dot, vv_before, vv_after, edit_min_ms,
        edit_max_ms, run, delivery, commitment, leaf)`;
}
