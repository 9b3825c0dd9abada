import type { PairId, RecordKey, SideName } from '../../core/ids.js';
import { texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

type Place = { readonly side: SideName; readonly key: RecordKey };

export function selectRereads(sql: Sql, pair: PairId, side: SideName, limit: number): Rows<{ key: RecordKey }> {
  return sql`select key from rereads where pair = ${pair} and side = ${side} order by place limit ${limit}`;
}

/** A key that waits already keeps its place in the queue. */
export function insertRereads(sql: Sql, pair: PairId, places: readonly Place[]): Rows<object> {
  return sql`
    insert into rereads (pair, side, key)
    select ${pair}, side, key
    from unnest(${texts(places.map(({ side }) => side))}::text[], ${texts(places.map(({ key }) => key))}::text[])
      with ordinality as list (side, key, place)
    order by place
    on conflict (pair, side, key) do nothing`;
}

export function deleteRereads(sql: Sql, pair: PairId, places: readonly Place[]): Rows<object> {
  return sql`
    delete from rereads waiting
    using unnest(${texts(places.map(({ side }) => side))}::text[], ${texts(places.map(({ key }) => key))}::text[]) as list (side, key)
    where waiting.pair = ${pair} and waiting.side = list.side and waiting.key = list.key`;
}
