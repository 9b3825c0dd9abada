import { createHmac, hash } from 'node:crypto';
import type { PairId } from '../../core/ids.js';
import { words } from '../array-text.js';
import type { Sql } from '../client.js';
import { newDataKey, type WrappingKeys } from '../wrapping-keys.js';
import { insertKeys, pairKeyId } from './data-keys.js';

/** Half a hash tells values apart; hex. */
const digestLetters = 32;

/** Names a text in an index without telling it. */
export type Digest = (text: string) => string;

/** Under which keys the rows of a pair stand. */
export type PairKeys = {
  readonly wrapping: WrappingKeys;
  /** As match values and names that were kept apart are kept: keyed, where the pair has a key. */
  readonly digest: Digest;
};

/** What anybody can compute who guesses the text. */
export const unkeyedDigest: Digest = (text) => hash('sha256', text, 'hex').slice(0, digestLetters);

/** Keyed over the unkeyed digest, so that what is stored can be keyed without its texts. */
function keyedBy(key: Buffer): (unkeyed: string) => string {
  return (unkeyed) => createHmac('sha256', key).update(unkeyed, 'hex').digest('hex').slice(0, digestLetters);
}

/**
 * The keys of a pair whose row is locked. A pair that has no key yet gets one as soon as the environment can wrap it, and its
 * digests are keyed on the spot: from then on none of its digests is unkeyed.
 * @throws ParleyError `keys.unknown`: going on without the key would find no counterpart and make records twice
 */
export async function pairKeys(
  sql: Sql,
  pair: PairId,
  { pair_key: raw, pair_key_by: wrappedBy }: { pair_key: string | null; pair_key_by: string | null },
  wrapping: WrappingKeys,
): Promise<PairKeys> {
  if (raw === null || wrappedBy === null) {
    if (wrapping.current === null) return { wrapping, digest: unkeyedDigest };
    const key = newDataKey();
    const keyed = keyedBy(key);
    await insertKeys(sql, pair, [{ id: pairKeyId, ...wrapping.wrap(key) }]);
    await keyDigests(sql, pair, keyed);
    return { wrapping, digest: (text) => keyed(unkeyedDigest(text)) };
  }
  const keyed = keyedBy(wrapping.unwrap({ wrapped: Buffer.from(raw, 'hex'), wrappedBy }));
  return { wrapping, digest: (text) => keyed(unkeyedDigest(text)) };
}

const digestsPerStatement = 10_000;

async function keyDigests(sql: Sql, pair: PairId, keyed: Digest): Promise<void> {
  for (const table of ['match_values', 'kept_apart'] as const) {
    const found = await sql<{ digest: string }[]>`
      select distinct encode(digest, 'hex') as digest from ${sql(table)} where pair = ${pair}`;
    for (let from = 0; from < found.length; from += digestsPerStatement) {
      const chunk = found.slice(from, from + digestsPerStatement).map(({ digest }) => digest);
      await sql`
        update ${sql(table)} held set digest = decode(list.keyed, 'hex')
        from unnest(${words(chunk)}::text[], ${words(chunk.map(keyed))}::text[]) as list (digest, keyed)
        where held.pair = ${pair} and held.digest = decode(list.digest, 'hex')`;
    }
  }
}
