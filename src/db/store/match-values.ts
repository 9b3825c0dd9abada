import type { PairId } from '../../core/ids.js';
import type { MatchRow } from '../../engine/match-store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

/** Half a SHA-256 tells values apart and keeps them out of the table. */
const digest = (sql: Sql) => sql`substring(sha256(convert_to(list.value, 'UTF8')) for 16)`;

export function selectByMatch(sql: Sql, pair: PairId, values: readonly string[]): Rows<MatchRow> {
  return sql`
    select list.value, found.side, found.entity
    from (select distinct value from unnest(${texts(values)}::text[]) as given (value)) as list
    join match_values found on found.pair = ${pair} and found.digest = ${digest(sql)}
    order by found.entity, found.side`;
}

export function putMatches(sql: Sql, pair: PairId, matches: readonly MatchRow[]): Rows<object> {
  return sql`
    insert into match_values (pair, digest, side, entity)
    select ${pair}, ${digest(sql)}, list.side, list.entity
    from unnest(
      ${texts(matches.map((match) => match.value))}::text[],
      ${texts(matches.map((match) => match.side))}::text[],
      ${numbers(matches.map((match) => match.entity))}::bigint[]) as list (value, side, entity)
    on conflict do nothing`;
}
