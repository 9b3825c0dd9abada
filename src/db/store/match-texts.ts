import type { EntityId, PairId, SideName } from '../../core/ids.js';
import type { MatchText, TextCount, WantedText } from '../../engine/match-store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

/** As much of a text as an index entry surely holds. */
const lengthMax = 200;
/** Entities a text may bring up: the records of other sides that are most like it. */
const foundMax = 10;
/** How much of the three-letter parts two texts have to share (pg_trgm) to be looked at. */
const similarityLeast = 0.35;

const cut = (list: readonly { readonly text: string }[]): string =>
  texts(list.map(({ text }) => Array.from(text).slice(0, lengthMax).join('')));

/** How many records hold each of these texts in the unit. What nobody holds has no row. */
export function selectTextCounts(sql: Sql, pair: PairId, wanted: readonly MatchText[]): Rows<TextCount> {
  return sql`
    select list.nr::int as nr, count(*)::int as count
    from unnest(${texts(wanted.map(({ unit }) => unit))}::text[], ${cut(wanted)}::text[])
      with ordinality as list (unit, text, nr)
    join match_texts found on found.pair = ${pair} and found.unit = list.unit and found.text = list.text
    group by list.nr`;
}

/** Must come before `selectAlike` in its transaction. */
export function setSimilarity(sql: Sql): Rows<object> {
  return sql`select set_config('pg_trgm.similarity_threshold', ${String(similarityLeast)}, true)`;
}

/** Entities without a record on this side of which another side's record has a text like one of these. */
export function selectAlike(
  sql: Sql,
  pair: PairId,
  side: SideName,
  wanted: readonly WantedText[],
): Rows<{ nr: number; entity: EntityId }> {
  return sql`
    select distinct list.nr, found.entity
    from unnest(
      ${numbers(wanted.map(({ nr }) => nr))}::int[],
      ${texts(wanted.map(({ unit }) => unit))}::text[],
      ${cut(wanted)}::text[]) as list (nr, unit, text)
    cross join lateral (
      select other.entity
      from match_texts other
      where other.pair = ${pair} and other.unit = list.unit and other.side <> ${side} and other.text % list.text
        and not exists (
          select from record_links linked
          where linked.pair = ${pair} and linked.entity = other.entity and linked.side = ${side})
      order by similarity(other.text, list.text) desc, other.entity
      limit ${foundMax}) as found
    order by list.nr, found.entity`;
}

export function putTexts(
  sql: Sql,
  pair: PairId,
  rows: readonly (MatchText & { readonly side: SideName; readonly entity: EntityId })[],
): Rows<object> {
  return sql`
    insert into match_texts (pair, side, entity, unit, text)
    select ${pair}, list.side, list.entity, list.unit, list.text
    from unnest(
      ${texts(rows.map(({ side }) => side))}::text[],
      ${numbers(rows.map(({ entity }) => entity))}::bigint[],
      ${texts(rows.map(({ unit }) => unit))}::text[],
      ${cut(rows)}::text[]) as list (side, entity, unit, text)
    on conflict (pair, side, entity, unit) do update set text = excluded.text`;
}
