import type { PairId } from '../../core/ids.js';
import { words } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import type { Digest } from './pair-keys.js';

/** Which of these names (`apartName`) are kept. */
export async function selectKeptApart(
  sql: Sql,
  pair: PairId,
  names: readonly string[],
  digest: Digest,
): Promise<readonly string[]> {
  const digests = new Map(names.map((name) => [digest(name), name]));
  const found = await sql<{ digest: string }[]>`
    select encode(digest, 'hex') as digest from kept_apart
    where pair = ${pair} and digest in (
      select decode(list.digest, 'hex') from unnest(${words([...digests.keys()])}::text[]) as list (digest))`;
  return found.map((row) => digests.get(row.digest) as string);
}

/** A name holds those of both its records (`recordName`): an erasure finds the row by either. */
export function putKeptApart(sql: Sql, pair: PairId, names: readonly string[], digest: Digest): Rows<object> {
  const records = names.map((name) => JSON.parse(name) as [string, string]);
  return sql`
    insert into kept_apart (pair, digest, one, other)
    select ${pair}, decode(list.digest, 'hex'), decode(list.one, 'hex'), decode(list.other, 'hex')
    from unnest(
      ${words(names.map(digest))}::text[],
      ${words(records.map(([one]) => digest(one)))}::text[],
      ${words(records.map(([, other]) => digest(other)))}::text[]) as list (digest, one, other)
    on conflict do nothing`;
}

/** Forgets every pairing of these records. */
export function deleteKeptApart(sql: Sql, pair: PairId, records: readonly string[], digest: Digest): Rows<object> {
  return sql`
    delete from kept_apart held
    using (select decode(given.digest, 'hex') as digest from unnest(${words(records.map(digest))}::text[]) as given (digest)) as list
    where held.pair = ${pair} and (held.one = list.digest or held.other = list.digest)`;
}
