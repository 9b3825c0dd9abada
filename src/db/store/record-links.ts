import type { PairId, RecordKey, SideName } from '../../core/ids.js';
import type { LinkRow, StoredEntity } from '../../engine/store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

export function selectLinkedKeys(
  sql: Sql,
  pair: PairId,
  page: { readonly side: SideName; readonly after: RecordKey | null; readonly limit: number },
): Rows<LinkRow> {
  return sql`
    select side, key, entity from record_links
    where pair = ${pair} and side = ${page.side} ${page.after === null ? sql`` : sql`and key > ${page.after}`}
    order by key limit ${page.limit}`;
}

export function selectEntityByKey(sql: Sql, pair: PairId, side: SideName, key: RecordKey): Rows<StoredEntity> {
  return sql`
    select entity.id, entity.state, entity.tick
    from record_links link join record_states entity on entity.pair = link.pair and entity.id = link.entity
    where link.pair = ${pair} and link.side = ${side} and link.key = ${key}`;
}

/** A key that is linked already moves to the new entity: records are merged that way. */
export function putLinks(sql: Sql, pair: PairId, links: readonly LinkRow[]): Rows<object> {
  return sql`
    insert into record_links (pair, side, key, entity)
    select ${pair}, side, key, entity
    from unnest(
      ${texts(links.map((link) => link.side))}::text[],
      ${texts(links.map((link) => link.key))}::text[],
      ${numbers(links.map((link) => link.entity))}::bigint[]) as list (side, key, entity)
    on conflict (pair, side, key) do update set entity = excluded.entity`;
}

/** Ends links, unless the key stands for another entity by now. */
export function deleteLinks(sql: Sql, pair: PairId, links: readonly LinkRow[]): Rows<object> {
  return sql`
    delete from record_links link
    using unnest(
      ${texts(links.map((link) => link.side))}::text[],
      ${texts(links.map((link) => link.key))}::text[],
      ${numbers(links.map((link) => link.entity))}::bigint[]) as list (side, key, entity)
    where link.pair = ${pair} and link.side = list.side and link.key = list.key and link.entity = list.entity`;
}
