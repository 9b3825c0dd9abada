import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PairId } from '../../core/ids.js';
import type { SealedPayload } from '../../core/ledger/entry.js';
import type { WrittenEntry } from '../../engine/store.js';
import { jsonTexts, numbers, words } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import type { WrappingKeys } from '../wrapping-keys.js';
import { insertKeys, keyIdOf, PageKeys, selectKeys } from './data-keys.js';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** A value cannot be moved to another entry: its place is authenticated with it. */
const placeOf = (pair: PairId, seq: number): Buffer => Buffer.from(`${pair} ${seq}`);

function encrypt(key: Buffer, iv: Buffer, place: Buffer, { nonce, text }: SealedPayload): Buffer {
  const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  cipher.setAAD(place);
  const body = cipher.update(`${nonce}:${text}`, 'utf8');
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Null when the bytes are not what was written: the values are gone, and verifying the ledger says so. */
function decrypt(key: Buffer, place: Buffer, bytes: Buffer): SealedPayload | null {
  try {
    const cipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
    cipher.setAAD(place);
    cipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const body = cipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + cipher.final('utf8');
    const end = body.indexOf(':');
    return { nonce: body.slice(0, end), text: body.slice(end + 1) };
  } catch {
    return null;
  }
}

export type RawPayload = {
  nonce: string | null;
  payload: string | null;
  encrypted: string | null;
  wrapped: string | null;
  wrapped_by: string | null;
};

/** Of `ledger_payloads held` with `data_keys locked`. */
export const payloadColumns = (sql: Sql) => sql`
  nonce, payload, encode(encrypted, 'base64') as encrypted, encode(locked.wrapped, 'hex') as wrapped, locked.wrapped_by`;

/** What an entry committed to, out of its row; null when it was erased. Unwraps each key once. */
export type PayloadReader = (pair: PairId, seq: number, raw: RawPayload) => SealedPayload | null;

/** @throws ParleyError `keys.unknown`, from the reader, when a value is encrypted and its key is not known here */
export function payloadReader(wrapping: WrappingKeys): PayloadReader {
  const keys = new Map<string, Buffer>();
  return (pair, seq, { nonce, payload, encrypted, wrapped, wrapped_by: wrappedBy }) => {
    if (nonce !== null && payload !== null) return { nonce, text: payload };
    if (encrypted === null || wrapped === null || wrappedBy === null) return null;
    const key = keys.get(wrapped) ?? wrapping.unwrap({ wrapped: Buffer.from(wrapped, 'hex'), wrappedBy });
    keys.set(wrapped, key);
    return decrypt(key, placeOf(pair, seq), Buffer.from(encrypted, 'base64'));
  };
}

/** Two statements and, when a record is new to the history, a third: whatever the size of the page. */
export async function insertPayloads(
  sql: Sql,
  pair: PairId,
  written: readonly WrittenEntry[],
  wrapping: WrappingKeys,
): Promise<void> {
  if (wrapping.current === null) return void (await insertPlain(sql, pair, written));
  const ids = new Set(written.map(({ entry }) => keyIdOf(entry)).filter((id) => id > 0));
  const keys = new PageKeys(wrapping, ids.size === 0 ? [] : await selectKeys(sql, pair, [...ids]));
  const ivs = randomBytes(ivBytes * written.length);
  const encrypted = written.map(({ entry, payload }, index) =>
    encrypt(
      keys.key(keyIdOf(entry)),
      ivs.subarray(index * ivBytes, (index + 1) * ivBytes),
      placeOf(pair, entry.seq),
      payload,
    ).toString('base64'),
  );
  await Promise.all([
    keys.fresh.length === 0 ? null : insertKeys(sql, pair, keys.fresh),
    sql`
      insert into ledger_payloads (pair, seq, at, key, encrypted)
      select ${pair}, seq, to_timestamp(at_ms / 1000), key, decode(encrypted, 'base64')
      from unnest(
        ${numbers(written.map(({ entry }) => entry.seq))}::bigint[],
        ${numbers(written.map(({ entry }) => entry.atMs))}::float8[],
        ${numbers(written.map(({ entry }) => keyIdOf(entry)))}::bigint[],
        ${`{${encrypted.join(',')}}`}::text[]) as list (seq, at_ms, key, encrypted)`,
  ]);
}

function insertPlain(sql: Sql, pair: PairId, written: readonly WrittenEntry[]): Rows<object> {
  return sql`
    insert into ledger_payloads (pair, seq, at, nonce, payload)
    select ${pair}, seq, to_timestamp(at_ms / 1000), nonce, payload
    from unnest(
      ${numbers(written.map(({ entry }) => entry.seq))}::bigint[],
      ${numbers(written.map(({ entry }) => entry.atMs))}::float8[],
      ${words(written.map(({ payload }) => payload.nonce))}::text[],
      string_to_array(${jsonTexts(written.map(({ payload }) => payload.text))}, chr(30)))
      as list (seq, at_ms, nonce, payload)`;
}
