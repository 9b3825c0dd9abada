import type { EntityId, PairId } from '../../core/ids.js';
import type { NamedRow, NameRow, OrphanRow, ParentPlace } from '../../engine/reference-store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

/** A few keys of each list are enough to look at, and to watch: the parent waits for every one of them. */
const keysShown = 5;

/** Counts and ticks are of one moment: what is committed later has a higher tick. */
export function selectNamed(sql: Sql, parent: PairId, places: readonly ParentPlace[]): Rows<NamedRow> {
  return sql`
    select list.side, list.key, name.pair, count(distinct name.entity)::integer as count,
      coalesce((array_agg(distinct link.key) filter (where link.key is not null))[1:${keysShown}::integer], '{}') as keys,
      (select tick from pairs where pairs.pair = name.pair) as tick
    from unnest(
      ${texts(places.map(({ side }) => side))}::text[],
      ${texts(places.map(({ key }) => key))}::text[]) as list (side, key)
    join reference_names name
      on name.parent = ${parent} and name.parent_side = list.side and name.parent_key = list.key
    left join record_links link on link.pair = name.pair and link.entity = name.entity and link.side = list.side
    group by list.side, list.key, name.pair
    order by list.side, list.key, name.pair`;
}

/** Records that name one whose delete waits for them; which those are stands in the packed state of the parent. */
export function selectOrphans(sql: Sql, pair: PairId, parents: readonly PairId[], limit: number): Rows<OrphanRow> {
  return sql`
    select distinct on (name.entity, name.parent) name.entity, name.parent, link.side, link.key, parent.state
    from record_states parent
    join record_links link on link.pair = parent.pair and link.entity = parent.id
    join reference_names name
      on name.parent = link.pair and name.parent_side = link.side and name.parent_key = link.key and name.pair = ${pair}
    where parent.pair = any(${texts(parents)}::text[])
      and parent.standing in ('held', 'waiting') and parent.standing <> 'agreed'
      and parent.state like '%"kind":"children"%'
    order by name.entity, name.parent limit ${limit}`;
}

export function deleteNames(sql: Sql, pair: PairId, entities: readonly EntityId[]): Rows<object> {
  return sql`delete from reference_names where pair = ${pair} and entity = any(${numbers(entities)}::bigint[])`;
}

export function insertNames(sql: Sql, pair: PairId, rows: readonly NameRow[]): Rows<object> {
  return sql`
    insert into reference_names (pair, entity, parent, parent_side, parent_key)
    select ${pair}, entity, parent, parent_side, parent_key
    from unnest(
      ${numbers(rows.map(({ entity }) => entity))}::bigint[],
      ${texts(rows.map(({ parent }) => parent))}::text[],
      ${texts(rows.map(({ side }) => side))}::text[],
      ${texts(rows.map(({ key }) => key))}::text[]
    ) as list (entity, parent, parent_side, parent_key)
    on conflict do nothing`;
}
