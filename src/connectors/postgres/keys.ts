import { keyParts, type RecordKey, recordKey } from '../../core/ids.js';
import type { KeyPage, KeyRequest, NativeRecord } from '../../engine/connector.js';
import type { Session } from './client.js';
import { failureCode } from './failures.js';
import { quoted, textArray } from './sql-text.js';
import { keyIsThere, recordColumns, recordOf, type Table } from './table.js';

/** Without an index in the right order every statement sorts the table, so one fetches many pages of keys. */
const sortedKeysMax = 50_000;
const sortedForMs = 30_000;

type Stretch = {
  /** The keys are all those after this one, up to the last. */
  readonly after: RecordKey | null;
  readonly keys: readonly RecordKey[];
  readonly more: boolean;
  readonly readAtMs: number;
};

/** Lists the keys of one table and keeps a sorted stretch of them for the pages that follow. */
export class KeyListing {
  #stretch: Stretch | null = null;

  /**
   * Every key, a page at a time, in the order of the UTF-8 bytes of its text. A page may be half a minute old: a key
   * that is missing from it is a reason to look, as it always is. A listing from the first key reads anew.
   */
  async page(session: Session, table: Table, { after, limit }: KeyRequest): Promise<KeyPage> {
    const kept = after === null ? null : this.#keptAfter(after, limit);
    if (kept !== null) return kept;
    const wanted = table.keyOrder === 'index' ? limit : Math.max(limit, sortedKeysMax);
    const stretch = { ...(await keysAfter(session, table, after, wanted)), after, readAtMs: Date.now() };
    this.#stretch = stretch;
    return pageOf(stretch, 0, limit);
  }

  #keptAfter(after: RecordKey, limit: number): KeyPage | null {
    const stretch = this.#stretch;
    if (stretch === null || Date.now() - stretch.readAtMs > sortedForMs) return null;
    if (stretch.after !== null && byBytes(after, stretch.after) < 0) return null;
    const from = positionAfter(stretch.keys, after);
    return stretch.more && from + limit > stretch.keys.length ? null : pageOf(stretch, from, limit);
  }
}

function pageOf({ keys, more }: Stretch, from: number, limit: number): KeyPage {
  return { keys: keys.slice(from, from + limit), more: more || from + limit < keys.length };
}

/** How many of the sorted keys are not after the given one. */
function positionAfter(keys: readonly RecordKey[], after: RecordKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byBytes(keys[middle] ?? after, after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function byBytes(a: RecordKey, b: RecordKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** For a key of several parts the server builds the very text of `keyOf`: `to_json` escapes as `JSON.stringify` does. */
async function keysAfter(
  session: Session,
  table: Table,
  after: RecordKey | null,
  limit: number,
): Promise<{ readonly keys: readonly RecordKey[]; readonly more: boolean }> {
  const text = keyText(table);
  const sorted = inOrder(table, text);
  const isAfter = after === null ? 'true' : `${sorted} > ${inOrder(table, '$2::text')}`;
  const rows = await session.query(
    `select ${text} from ${table.place.sqlName} t where ${keyIsThere(table, 't')} and ${isAfter}
     order by ${sorted} limit $1::text::bigint`,
    after === null ? [String(limit + 1)] : [String(limit + 1), after],
  );
  return { keys: rows.slice(0, limit).map(([key]) => recordKey(key ?? '')), more: rows.length > limit };
}

function keyText(table: Table): string {
  const parts = table.key.map(({ name }) => `t.${quoted(name)}::text`);
  return parts.length === 1
    ? parts.join('')
    : `'[' || ${parts.map((part) => `to_json(${part})::text`).join(` || ',' || `)} || ']'`;
}

function inOrder(table: Table, text: string): string {
  switch (table.keyOrder) {
    case 'index':
      return text;
    case 'collate':
      return `(${text}) collate "C"`;
    case 'bytes':
      return `convert_to(${text}, 'UTF8')`;
  }
}

/** Records by key, each with the position of its key in the question. Keys that the table cannot hold are absent. */
export type Located = { readonly position: number; readonly record: NativeRecord };

/** Looks the keys up in the transaction of the session. Throws what the driver throws. */
export async function locate(
  session: Session,
  table: Table,
  keys: readonly RecordKey[],
  comparison: 'typed' | 'text' = 'typed',
): Promise<readonly Located[]> {
  if (keys.length === 0) return [];
  const parts = keys.map((key) => keyParts(key, table.key.length));
  const columns = table.key.map((_, index) => textArray(parts.map((part) => storable(part[index] ?? ''))));
  const rows = await session.query(lookUp(table, comparison), columns);
  return rows.map((row) => ({ position: Number(row[0]) - 1, record: recordOf(table, row, 1) }));
}

/** No text in the database holds a zero byte, so neither does a key. */
function storable(part: string): string | null {
  return part.includes('\0') ? null : part;
}

/**
 * The same for keys as a person or another system wrote them: one that is not a value of the column's type makes the
 * whole statement fail, so the second attempt compares texts. Must not run inside a transaction.
 */
export async function readByKeys(
  session: Session,
  table: Table,
  keys: readonly RecordKey[],
): Promise<readonly NativeRecord[]> {
  const located = await locate(session, table, keys).catch(async (error: unknown) => {
    if (!failureCode(error).startsWith('22')) throw error;
    await session.query('rollback');
    return locate(session, table, keys, 'text');
  });
  return [...new Map(located.map(({ record }) => [record.key, record])).values()];
}

function lookUp(table: Table, comparison: 'typed' | 'text'): string {
  const names = table.key.map((_, index) => `k${index}`);
  const equal = table.key.map(({ name, castType }, index) =>
    comparison === 'typed' ? `t.${quoted(name)} = w.k${index}::${castType}` : `t.${quoted(name)}::text = w.k${index}`,
  );
  return `
select w.place::text, ${recordColumns(table, 't')}
from unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')}) with ordinality as w(${names.join(', ')}, place)
join ${table.place.sqlName} t on ${equal.join(' and ')}`;
}
