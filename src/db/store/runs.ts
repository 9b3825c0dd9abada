import type { PairId } from '../../core/ids.js';
import type { RunChange } from '../../engine/store.js';
import type { RunRow } from '../../engine/read-model.js';
import type { Rows, Sql } from '../client.js';

export type RawRun = {
  pair: PairId;
  id: number;
  kind: string;
  started_at_ms: number;
  ended_at_ms: number | null;
  result: RunRow['result'];
  counts: { readonly [counter: string]: number };
  problem: string | null;
};

export const runColumns = (sql: Sql) => sql`
  pair, id, kind, (extract(epoch from started_at) * 1000)::bigint as started_at_ms,
  (extract(epoch from ended_at) * 1000)::bigint as ended_at_ms, result, counts, problem`;

export function runRow(raw: RawRun): RunRow {
  const { started_at_ms: startedAtMs, ended_at_ms: endedAtMs, ...rest } = raw;
  return { ...rest, startedAtMs, endedAtMs };
}

/** Makes the run's row or adds to its counters. A problem that is not mentioned stays as it was. */
export function addToRun(
  sql: Sql,
  at: { readonly pair: PairId; readonly nowMs: number },
  change: RunChange,
): Rows<object> {
  const ended = change.ended ?? null;
  return sql`
    insert into runs (pair, id, kind, counts, result, problem, started_at, ended_at)
    values (
      ${at.pair}, ${change.id}, ${change.kind}, ${JSON.stringify(change.add)}::text::jsonb, ${ended ?? 'running'},
      ${change.problem ?? null}, to_timestamp(${at.nowMs}::float8 / 1000),
      case when ${ended}::text is null then null else to_timestamp(${at.nowMs}::float8 / 1000) end)
    on conflict (pair, id) do update set
      counts = (
        select coalesce(jsonb_object_agg(name, total), '{}')
        from (
          select name, sum(number::bigint) as total
          from (
            select name, number from jsonb_each_text(runs.counts) as old (name, number)
            union all select name, number from jsonb_each_text(excluded.counts) as added (name, number)
          ) as both_counts
          group by name
        ) as totals),
      result = case when ${ended}::text is null then runs.result else excluded.result end,
      problem = case when ${change.problem === undefined}::boolean then runs.problem else excluded.problem end,
      ended_at = coalesce(excluded.ended_at, runs.ended_at)`;
}

export function selectRunCounts(sql: Sql, pair: PairId, run: number): Rows<Pick<RawRun, 'counts'>> {
  return sql`select counts from runs where pair = ${pair} and id = ${run}`;
}
