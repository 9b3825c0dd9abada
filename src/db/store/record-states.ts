import type { EntityId, PairId, RecordKey, SideName } from '../../core/ids.js';
import type { EntityChange, EntityPageRequest, KeyedEntity, Standing, StoredEntity } from '../../engine/store.js';
import { jsonTexts, numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

export function selectByIds(sql: Sql, pair: PairId, ids: readonly EntityId[]): Rows<StoredEntity> {
  return sql`select id, state, tick from record_states where pair = ${pair} and id = any(${numbers(ids)}::bigint[]) order by id`;
}

export function selectByKeys(sql: Sql, pair: PairId, side: SideName, keys: readonly RecordKey[]): Rows<KeyedEntity> {
  return sql`
    select link.key, entity.id, entity.state, entity.tick
    from record_links link join record_states entity on entity.pair = link.pair and entity.id = link.entity
    where link.pair = ${pair} and link.side = ${side} and link.key = any(${texts(keys)}::text[])`;
}

export function selectPage(sql: Sql, pair: PairId, request: EntityPageRequest): Rows<StoredEntity> {
  return sql`
    select id, state, tick from record_states
    where pair = ${pair} and id > ${request.after ?? 0}
      ${standingIn(sql, request.standings)}
    order by id limit ${request.limit}`;
}

/** Says aloud that `agreed` is not wanted, so that the partial index serves whatever the parameter is. */
export function standingIn(sql: Sql, standings: readonly Standing[] | null) {
  if (standings === null) return sql``;
  return sql`and standing = any(${texts(standings)}::text[]) ${standings.includes('agreed') ? sql`` : sql`and standing <> 'agreed'`}`;
}

export function selectMovedSince(
  sql: Sql,
  pair: PairId,
  ids: readonly EntityId[],
  tick: number,
): Rows<{ id: EntityId }> {
  return sql`
    select id from record_states where pair = ${pair} and id = any(${numbers(ids)}::bigint[]) and tick > ${tick} order by id`;
}

type At = { readonly pair: PairId; readonly tick: number; readonly nowMs: number };

/** Adds entities with their states, and counts them by standing in the same statement. */
export function insertEntities(sql: Sql, at: At, changes: readonly EntityChange[]): Rows<object> {
  const standings = texts(changes.map((change) => change.standing));
  return sql`
    with counted as (
      insert into standing_counts (pair, standing, records)
      select ${at.pair}, standing, count(*) from unnest(${standings}::text[]) as list (standing) group by standing
      on conflict (pair, standing) do update set records = standing_counts.records + excluded.records
    )
    insert into record_states (pair, id, state, standing, tick, changed_at)
    select ${at.pair}, id, state, standing, ${at.tick}, to_timestamp(${at.nowMs}::float8 / 1000)
    from unnest(
      ${numbers(changes.map((change) => change.id))}::bigint[],
      string_to_array(${jsonTexts(changes.map((change) => change.state))}, chr(30)),
      ${standings}::text[]) as list (id, state, standing)`;
}

/**
 * Moves entities to new states and keeps the counts by standing exact, in one statement: `before` reads what stood
 * before the statement. Its count of rows must be the number of changes. The states themselves pass through once; a
 * page of them is larger than the memory that the server gives to a statement.
 */
export function updateEntities(sql: Sql, at: At, changes: readonly EntityChange[]): Rows<object> {
  const ids = numbers(changes.map((change) => change.id));
  const standings = texts(changes.map((change) => change.standing));
  return sql`
    with before as (
      select entity.standing
      from unnest(${ids}::bigint[]) as list (id)
      join record_states entity on entity.pair = ${at.pair} and entity.id = list.id
    ), counted as (
      insert into standing_counts (pair, standing, records)
      select ${at.pair}, standing, sum(step)
      from (
        select standing, 1 as step from unnest(${standings}::text[]) as list (standing)
        union all select standing, -1 from before
      ) as steps
      group by standing having sum(step) <> 0
      on conflict (pair, standing) do update set records = standing_counts.records + excluded.records
    )
    update record_states entity set
      state = list.state, standing = list.standing, tick = ${at.tick}, changed_at = to_timestamp(${at.nowMs}::float8 / 1000)
    from unnest(
      ${ids}::bigint[],
      string_to_array(${jsonTexts(changes.map((change) => change.state))}, chr(30)),
      ${standings}::text[]) as list (id, state, standing)
    where entity.pair = ${at.pair} and entity.id = list.id`;
}
