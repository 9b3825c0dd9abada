import type { EntityId, PairId, SideName } from '../../core/ids.js';
import type { MatchRow } from '../../engine/match-store.js';
import { numbers, texts, words } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import type { Digest } from './pair-keys.js';

export async function selectByMatch(
  sql: Sql,
  pair: PairId,
  values: readonly string[],
  digest: Digest,
): Promise<readonly MatchRow[]> {
  const digests = new Map(values.map((value) => [digest(value), value]));
  const found = await sql<{ digest: string; side: SideName; entity: EntityId }[]>`
    select list.digest, found.side, found.entity
    from unnest(${words([...digests.keys()])}::text[]) as list (digest)
    join match_values found on found.pair = ${pair} and found.digest = decode(list.digest, 'hex')
    order by found.entity, found.side`;
  return found.map((row) => ({ value: digests.get(row.digest) as string, side: row.side, entity: row.entity }));
}

export function putMatches(sql: Sql, pair: PairId, matches: readonly MatchRow[], digest: Digest): Rows<object> {
  return sql`
    insert into match_values (pair, digest, side, entity)
    select ${pair}, decode(list.digest, 'hex'), list.side, list.entity
    from unnest(
      ${words(matches.map((match) => digest(match.value)))}::text[],
      ${texts(matches.map((match) => match.side))}::text[],
      ${numbers(matches.map((match) => match.entity))}::bigint[]) as list (digest, side, entity)
    on conflict do nothing`;
}
