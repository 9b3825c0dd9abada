import type { PairId, SideName } from '../../core/ids.js';
import type { SetAsideRow } from '../../engine/store.js';
import { texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { withoutNul } from './nul.js';

export function deleteSetAside(sql: Sql, pair: PairId, sides: readonly SideName[]): Rows<object> {
  return sql`delete from set_aside_rows where pair = ${pair} and side = any(${texts(sides)}::text[])`;
}

export function putSetAside(
  sql: Sql,
  at: { readonly pair: PairId; readonly nowMs: number },
  rows: readonly SetAsideRow[],
): Rows<object> {
  return sql`
    insert into set_aside_rows (pair, side, place, reason, key, at)
    select ${at.pair}, side, place, reason, key, to_timestamp(${at.nowMs}::float8 / 1000)
    from unnest(
      ${texts(rows.map((row) => row.side))}::text[],
      ${texts(rows.map((row) => withoutNul(row.place)))}::text[],
      ${texts(rows.map((row) => withoutNul(row.reason)))}::text[],
      ${texts(rows.map((row) => row.key))}::text[]) as list (side, place, reason, key)
    on conflict (pair, side, place) do update set reason = excluded.reason, key = excluded.key, at = excluded.at`;
}
