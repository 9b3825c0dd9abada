import type { PairId } from '../../core/ids.js';
import { texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';

export function selectKeptApart(sql: Sql, pair: PairId, names: readonly string[]): Rows<{ name: string }> {
  return sql`
    select list.name
    from (select distinct name from unnest(${texts(names)}::text[]) as given (name)) as list
    join kept_apart apart on apart.pair = ${pair} and apart.digest = substring(sha256(convert_to(list.name, 'UTF8')) for 16)`;
}

export function putKeptApart(sql: Sql, pair: PairId, names: readonly string[]): Rows<object> {
  return sql`
    insert into kept_apart (pair, digest)
    select ${pair}, substring(sha256(convert_to(list.name, 'UTF8')) for 16)
    from unnest(${texts(names)}::text[]) as list (name)
    on conflict do nothing`;
}
