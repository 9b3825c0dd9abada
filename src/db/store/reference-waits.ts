import type { EntityId, PairId } from '../../core/ids.js';
import type { ParentPlace, ParentRow, ParentRows, WaitRow } from '../../engine/reference-store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

/** How far a pair is; nothing for one that was never saved. */
function selectTick(sql: Sql, pair: PairId): Rows<{ tick: number }> {
  return sql`select tick from pairs where pair = ${pair}`;
}

function selectParents(sql: Sql, pair: PairId, places: readonly ParentPlace[]): Rows<ParentRow> {
  return sql`
    select link.side, link.key, entity.id, entity.state
    from unnest(
      ${texts(places.map(({ side }) => side))}::text[],
      ${texts(places.map(({ key }) => key))}::text[]) as list (side, key)
    join record_links link on link.pair = ${pair} and link.side = list.side and link.key = list.key
    join record_states entity on entity.pair = link.pair and entity.id = link.entity`;
}

/**
 * Reads how far the pair is, and only then its records: what is committed in between is seen or has a higher tick, so that
 * nobody waits for something that has come.
 */
export async function parentRows(
  pair: PairId,
  places: readonly ParentPlace[],
  run: <Row extends object>(statement: (sql: Sql) => Rows<Row>) => PromiseLike<readonly Row[]>,
): Promise<ParentRows> {
  const [at] = await run((sql) => selectTick(sql, pair));
  return { tick: at?.tick ?? -1, rows: await run((sql) => selectParents(sql, pair, places)) };
}

export function selectReady(sql: Sql, pair: PairId, limit: number): Rows<{ entity: EntityId }> {
  return sql`
    select waiting.entity
    from reference_waits waiting
    join record_links link
      on link.pair = waiting.parent and link.side = waiting.parent_side and link.key = waiting.parent_key
    join record_states parent on parent.pair = link.pair and parent.id = link.entity and parent.tick > waiting.seen
    where waiting.pair = ${pair}
    group by waiting.entity order by waiting.entity limit ${limit}`;
}

export function deleteWaits(sql: Sql, pair: PairId, entities: readonly EntityId[]): Rows<object> {
  return sql`delete from reference_waits where pair = ${pair} and entity = any(${numbers(entities)}::bigint[])`;
}

export function insertWaits(sql: Sql, pair: PairId, rows: readonly WaitRow[]): Rows<object> {
  return sql`
    insert into reference_waits (pair, entity, unit, side, parent, parent_side, parent_key, seen)
    select ${pair}, entity, unit, side, parent, parent_side, parent_key, seen
    from unnest(
      ${numbers(rows.map(({ entity }) => entity))}::bigint[],
      ${texts(rows.map(({ unit }) => unit))}::text[],
      ${texts(rows.map(({ side }) => side))}::text[],
      ${texts(rows.map(({ parent }) => parent))}::text[],
      ${texts(rows.map(({ parentSide }) => parentSide))}::text[],
      ${texts(rows.map(({ parentKey }) => parentKey))}::text[],
      ${numbers(rows.map(({ seen }) => seen))}::bigint[]
    ) as list (entity, unit, side, parent, parent_side, parent_key, seen)
    on conflict do nothing`;
}
