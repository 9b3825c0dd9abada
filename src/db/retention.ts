import { ParleyError } from '../core/errors.js';
import type { PairId } from '../core/ids.js';
import type { PairBefore, RetentionStore, RetiredPair } from '../engine/retention-store.js';
import { numbers, texts } from './array-text.js';
import { openDatabase, type Rows, type Sql } from './client.js';
import { leavesPerBlock } from './store/retired.js';

/** Readers are let finish; nobody behind us waits longer than this for the tables. */
const lockTimeoutMs = 15_000;

/**
 * Takes months of the history away, as the owner of the tables. Everything that does so is one transaction, so that a process that
 * ends in the middle has changed nothing.
 */
export function openRetention(ownerUrl: string): RetentionStore {
  const database = openDatabase({ url: ownerUrl, connectionsMax: 1, lockTimeoutMs });
  return {
    async before(beforeMs) {
      return database.snapshot(async (sql) => {
        await requireOwner(sql);
        const months = await selectMonths(sql, beforeMs);
        const [other] = await selectOutsideMonths(sql, beforeMs);
        const pairs = await selectPairsBefore(sql, beforeMs);
        return {
          months: months.filter(({ parent }) => parent === 'ledger').map(({ month }) => month),
          outsideMonths: other?.count ?? 0,
          pairs: pairs.map(pairBefore),
        };
      });
    },
    async retire({ beforeMs, pairs }) {
      await database.transaction(async (sql) => {
        await requireOwner(sql);
        // The same lock as the making of months: neither sees the other half done.
        await sql`select pg_advisory_xact_lock(hashtextextended('parley.history_partitions', 0))`;
        for (const pair of pairs) await keepLeaves(sql, pair, beforeMs);
        await sql`lock table ledger, ledger_payloads in access exclusive mode`;
        await requireUnchanged(sql, pairs, beforeMs);
        for (const { name } of await selectMonths(sql, beforeMs)) await sql`drop table ${sql(name)}`;
      });
    },
    close: () => database.close(),
  };
}

async function requireOwner(sql: Sql): Promise<void> {
  const [row] = await sql<{ owns: boolean }[]>`
    select pg_has_role(relowner, 'usage') as owns from pg_class where oid = to_regclass('public.ledger_retirements')`;
  if (row === undefined) {
    throw new ParleyError('store.not_migrated', 'The database lacks the tables of retention. Nothing was changed.', {
      hint: 'Run `parley serve migrate` with DATABASE_OWNER_URL set.',
    });
  }
  if (row.owns) return;
  throw new ParleyError(
    'config.invalid',
    'DATABASE_OWNER_URL names a role that does not own the history: only its owner may take months of it away. Nothing was changed.',
    {
      hint: 'Give the URL that `parley serve migrate` is run with. The application’s role adds to the history and reads it, no more.',
    },
  );
}

type RawMonth = { parent: string; name: string; month: string };

/** Partitions that end at or before the moment. */
function selectMonths(sql: Sql, beforeMs: number): Rows<RawMonth> {
  return sql`
    select parent, name, to_char(begins at time zone 'UTC', 'YYYY-MM') as month
    from (
      select whole.relname as parent, part.relname as name,
        (regexp_match(pg_get_expr(part.relpartbound, part.oid), $$FROM \\('([^']+)'\\)$$))[1]::timestamptz as begins,
        (regexp_match(pg_get_expr(part.relpartbound, part.oid), $$TO \\('([^']+)'\\)$$))[1]::timestamptz as ends
      from pg_inherits
      join pg_class part on part.oid = inhrelid
      join pg_class whole on whole.oid = inhparent
      where whole.oid in ('public.ledger'::regclass, 'public.ledger_payloads'::regclass)
    ) parts
    where ends <= to_timestamp(${beforeMs}::float8 / 1000)
    order by begins, parent`;
}

function selectOutsideMonths(sql: Sql, beforeMs: number): Rows<{ count: number }> {
  return sql`select count(*) as count from ledger_other where at < to_timestamp(${beforeMs}::float8 / 1000)`;
}

type RawPairBefore = {
  pair: PairId;
  first: number;
  cut: number;
  entries: number;
  records: number;
  questions: number;
  deliveries: number;
  held: number;
  undo_plans: number;
};

function selectPairsBefore(sql: Sql, beforeMs: number): Rows<RawPairBefore> {
  const before = sql`to_timestamp(${beforeMs}::float8 / 1000)`;
  return sql`
    select pair, min(seq) as first, max(seq) + 1 as cut, count(*) as entries, count(distinct entity) as records,
      (select count(*) from conflicts where conflicts.pair = ledger.pair and state = 'open' and opened_at < ${before}) as questions,
      (select count(*) from deliveries where deliveries.pair = ledger.pair and state <> 'done' and created_at < ${before}) as deliveries,
      (select count(*) from record_states
        where record_states.pair = ledger.pair and standing = 'held' and standing <> 'agreed' and changed_at < ${before}) as held,
      (select count(*) from plans where plans.pair = ledger.pair and undo is not null and (
        state in ('reading', 'deciding', 'applying') or (state = 'ready' and expires_at > now()))) as undo_plans
    from ledger where at < ${before} group by pair order by pair`;
}

function pairBefore(raw: RawPairBefore): PairBefore {
  const { pair, first: from, cut, entries, records, questions, deliveries, held, undo_plans: undoPlans } = raw;
  return { pair, from, cut, records, misdated: cut - from - entries, open: { questions, deliveries, held }, undoPlans };
}

/** 32 bytes of each entry stay; data keys that only entries without a record had go with their values. */
async function keepLeaves(sql: Sql, retired: RetiredPair, beforeMs: number): Promise<void> {
  const { pair, from, cut, keptFrom, keptTo, file, sha256 } = retired;
  await sql`
    insert into retired_leaves (pair, first, leaves)
    select ${pair}, min(seq), string_agg(leaf, ''::bytea order by seq)
    from ledger where pair = ${pair} and seq >= ${from} and seq < ${cut}
    group by (seq - ${from}) / ${leavesPerBlock}`;
  await sql`
    insert into ledger_retirements (pair, cut, before, kept_from, kept_to, file, sha256, at)
    values (${pair}, ${cut}, to_timestamp(${beforeMs}::float8 / 1000), ${keptFrom}, ${keptTo}, ${file}, ${sha256}, clock_timestamp())`;
  await sql`delete from data_keys where pair = ${pair} and id < 0 and -id - 1 < ${cut}`;
}

/** What goes is what was exported and kept forward, entry by entry, and the ledger says so. */
async function requireUnchanged(sql: Sql, pairs: readonly RetiredPair[], beforeMs: number): Promise<void> {
  const standing = new Map((await selectPairsBefore(sql, beforeMs)).map((raw) => [raw.pair, pairBefore(raw)]));
  const [other] = await selectOutsideMonths(sql, beforeMs);
  const isSame = pairs.every(({ pair, from, cut }) => {
    const now = standing.get(pair);
    return now !== undefined && now.from === from && now.cut === cut && now.misdated === 0;
  });
  const said = await sql<{ pair: PairId }[]>`
    select entry.pair from ledger entry
    where entry.kind = 'pair' and entry.rule = 'retained'
      and (entry.pair, entry.seq) in (select list.pair, list.seq from unnest(
        ${texts(pairs.map(({ pair }) => pair))}::text[], ${numbers(pairs.map(({ keptTo }) => keptTo))}::bigint[]) as list (pair, seq))`;
  if (isSame && standing.size === pairs.length && (other?.count ?? 0) === 0 && said.length === pairs.length) return;
  throw new ParleyError(
    'ledger.still_needed',
    'More stands in these months than was exported and kept forward. Nothing was taken out of the ledger.',
    { hint: 'The same command again exports what is new.' },
  );
}
