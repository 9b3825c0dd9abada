import { assert } from '../../core/assert.js';
import { keyOf, type RecordKey } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import type { NativeFields, NativeRecord } from '../../engine/connector.js';
import type { TextRow } from './client.js';
import type { Place } from './place.js';
import { quoted, textOf } from './sql-text.js';

export type Column = {
  readonly name: string;
  /** The type as people write it: `numeric(12,2)`. */
  readonly type: string;
  /**
   * The type that text is cast to before it is stored: the base type of a domain, and without a length. An explicit
   * cast to `varchar(10)` cuts silently; storing a longer text in the column is refused, as it should be.
   */
  readonly castType: string;
  readonly isBoolean: boolean;
  readonly nullable: boolean;
  /** Generated columns and identities that take no value from outside. */
  readonly isFilledByServer: boolean;
  /** Whether the role may set it in a new row, and in one that is there. */
  readonly insertable: boolean;
  readonly updatable: boolean;
};

/** What the catalog says about the table or view behind a connector. */
export type Table = {
  readonly place: Place;
  /** A view has no `xmin`: it is read in full, and not written. */
  readonly kind: 'table' | 'view';
  readonly columns: readonly Column[];
  /** The columns that records are made of: those the pair maps and the key, or all of them. */
  readonly read: readonly Column[];
  /** In key order. */
  readonly key: readonly Column[];
  /** Whether what a write returns may not be what is stored in the end: triggers, or partitions. */
  readonly imagesChangeLater: boolean;
  /** The order of the key's text: an index serves it when the column is sorted by its bytes anyway. */
  readonly keyOrder: 'index' | 'collate' | 'bytes';
  /** SQL for a text that changes whenever transaction ids may have been given out anew. */
  readonly identity: string;
  readonly fingerprint: string;
};

export function columnOf(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name);
}

/** The columns of a record in a statement, as text; `recordOf` reads them back. */
export function recordColumns(table: Table, alias: string): string {
  const token = table.kind === 'view' ? 'null::text' : `${alias}.xmin::text`;
  return [token, ...fieldColumns(table, alias)].join(', ');
}

/** The same for a row just written. A partitioned table cannot return the token of a new row; it is read afterwards. */
export function imageColumns(table: Table): string {
  const token = table.imagesChangeLater ? 'null::text' : 't.xmin::text';
  return [token, ...fieldColumns(table, 't')].join(', ');
}

function fieldColumns(table: Table, alias: string): readonly string[] {
  return table.read.map(({ name }) => `${alias}.${quoted(name)}::text`);
}

/** Reads a record from a row that holds `recordColumns` from the position `from` on. */
export function recordOf(table: Table, row: TextRow, from: number): NativeRecord {
  const fields: { [name: string]: Json } = {};
  for (const [index, { name, isBoolean }] of table.read.entries()) {
    const text = row[from + 1 + index] ?? null;
    fields[name] = isBoolean && text !== null ? text === 'true' : text;
  }
  return { key: keyIn(table, fields), fields, token: row[from] ?? null };
}

function keyIn(table: Table, fields: NativeFields): RecordKey {
  return keyOf(
    table.key.map(({ name }) => {
      const part = textOf(fields[name] ?? null);
      assert(part !== null, `the key column ${name} was read without a value`);
      return part;
    }),
  );
}

/** SQL that is true for rows whose key has a value in every part: others are not records. */
export function keyIsThere(table: Table, alias: string): string {
  return table.key.map(({ name }) => `${alias}.${quoted(name)} is not null`).join(' and ');
}

/** The order of a pass: the one of the key's own columns, which its unique index has. */
export function keyOrder(table: Table): string {
  return table.key.map(({ name }) => `t.${quoted(name)}`).join(', ');
}

/** SQL that is true for rows after a key in that order; its parts are parameters from number `first` on. */
export function keyIsAfter(table: Table, after: readonly string[] | null, first: number): string {
  if (after === null) return 'true';
  const parts = table.key.map(({ castType }, index) => `$${first + index}::text::${castType}`);
  return `(${keyOrder(table)}) > (${parts.join(', ')})`;
}
