import type { EntityId, PairId } from '../../core/ids.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import { numbers, texts, words } from '../array-text.js';
import type { Database, Rows, Sql } from '../client.js';
import { newDataKey, type WrappedKey, type WrappingKeys } from '../wrapping-keys.js';

/** The key of a pair's digests. */
export const pairKeyId = 0;

/**
 * Whose key encrypts the values of an entry: its record's, so that the record can be forgotten; or its own, when it speaks of no
 * record or of many, or says that the record was erased and must stay readable after that.
 */
export function keyIdOf({ entity, kind, seq }: LedgerEntry): number {
  return entity === null || kind === 'erased' ? -seq - 1 : entity;
}

export type RawKey = { id: number; wrapped: string; wrapped_by: string };

export function selectKeys(sql: Sql, pair: PairId, ids: readonly (EntityId | number)[]): Rows<RawKey> {
  return sql`
    select id, encode(wrapped, 'hex') as wrapped, wrapped_by from data_keys
    where pair = ${pair} and id = any(${numbers(ids)}::bigint[])`;
}

export type NewKey = WrappedKey & { readonly id: number };

export function insertKeys(sql: Sql, pair: PairId, keys: readonly NewKey[]): Rows<object> {
  return sql`
    insert into data_keys (pair, id, wrapped, wrapped_by)
    select ${pair}, id, decode(wrapped, 'hex'), wrapped_by
    from unnest(
      ${numbers(keys.map(({ id }) => id))}::bigint[],
      ${words(keys.map(({ wrapped }) => wrapped.toString('hex')))}::text[],
      ${words(keys.map(({ wrappedBy }) => wrappedBy))}::text[]) as list (id, wrapped, wrapped_by)`;
}

/** The keys of a page: those that are there, unwrapped once each, and new ones for who has none. */
export class PageKeys {
  readonly fresh: NewKey[] = [];
  readonly #wrapping: WrappingKeys;
  readonly #keys = new Map<number, Buffer>();

  constructor(wrapping: WrappingKeys, known: readonly RawKey[]) {
    this.#wrapping = wrapping;
    for (const { id, wrapped, wrapped_by: wrappedBy } of known)
      this.#keys.set(id, wrapping.unwrap({ wrapped: Buffer.from(wrapped, 'hex'), wrappedBy }));
  }

  key(id: number): Buffer {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const made = newDataKey();
    this.#keys.set(id, made);
    this.fresh.push({ id, ...this.#wrapping.wrap(made) });
    return made;
  }
}

const keysPerPage = 10_000;

/** Wraps every data key that another key of the environment wrapped with the first one. Safe to end and to run again. */
export async function rewrapKeys(database: Database, wrapping: WrappingKeys): Promise<{ rewrapped: number }> {
  let rewrapped = 0;
  for (let after: { pair: string; id: number } | null = { pair: '', id: 0 }; after !== null; ) {
    const from: { pair: string; id: number } = after;
    const page = await database.transaction(async (sql) => {
      const rows: readonly (RawKey & { pair: PairId })[] = await sql<(RawKey & { pair: PairId })[]>`
        select pair, id, encode(wrapped, 'hex') as wrapped, wrapped_by from data_keys
        where (pair, id) > (${from.pair}, ${from.id}) order by pair, id limit ${keysPerPage}`;
      const stale = rows.filter((row) => row.wrapped_by !== wrapping.current);
      if (stale.length > 0) await updateKeys(sql, stale, wrapping);
      rewrapped += stale.length;
      return rows;
    });
    after = page.length < keysPerPage ? null : (page.at(-1) ?? null);
  }
  return { rewrapped };
}

/** One that was erased meanwhile has no row any more and stays forgotten. */
function updateKeys(
  sql: Sql,
  stale: readonly (RawKey & { pair: PairId })[],
  wrapping: WrappingKeys,
): Promise<readonly object[]> {
  const wrapped = stale.map((row) =>
    wrapping
      .wrap(wrapping.unwrap({ wrapped: Buffer.from(row.wrapped, 'hex'), wrappedBy: row.wrapped_by }))
      .wrapped.toString('hex'),
  );
  return sql`
    update data_keys held set wrapped = decode(list.wrapped, 'hex'), wrapped_by = ${wrapping.current}
    from unnest(
      ${texts(stale.map(({ pair }) => pair))}::text[], ${numbers(stale.map(({ id }) => id))}::bigint[], ${words(wrapped)}::text[])
      as list (pair, id, wrapped)
    where held.pair = list.pair and held.id = list.id`;
}
