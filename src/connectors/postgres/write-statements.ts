import { keyParts } from '../../core/ids.js';
import type { NativeWrite } from '../../engine/connector.js';
import type { Parameter } from './client.js';
import { quoted, textArray, textOf } from './sql-text.js';
import { columnOf, imageColumns, type Table } from './table.js';

/** Writes that one statement makes: the same kind, the same fields set, the same fields expected. */
export type Shape = {
  readonly kind: NativeWrite['kind'];
  readonly set: readonly string[];
  readonly expected: readonly string[];
  /** Without expected values the record's token is the precondition. */
  readonly byToken: boolean;
};

export type Statement = { readonly text: string; readonly parameters: readonly Parameter[] };

export function shapeOf(write: NativeWrite): Shape {
  const expected = Object.keys(write.expect).sort();
  return {
    kind: write.kind,
    set: Object.keys(write.fields).sort(),
    expected,
    byToken: write.kind !== 'create' && expected.length === 0 && write.token !== null,
  };
}

/**
 * One statement for all the writes, which are parameters as one array of texts for each column. Its rows begin with
 * the position of the write (empty for a create, which cannot return it), then the record as it is now stored.
 * A row that is missing from the result was not written: its precondition failed.
 */
export function statementOf(table: Table, shape: Shape, writes: readonly NativeWrite[]): Statement {
  const keys = writes.map((write) => keyParts(write.key, table.key.length));
  const arrays = new Map<string, readonly (string | null)[]>();
  for (const index of table.key.keys())
    arrays.set(
      `k${index}`,
      keys.map((parts) => parts[index] ?? null),
    );
  for (const [index, name] of shape.set.entries()) {
    arrays.set(
      `s${index}`,
      writes.map((write) => textOf(write.fields[name] ?? null)),
    );
  }
  for (const [index, name] of shape.expected.entries()) {
    arrays.set(
      `e${index}`,
      writes.map((write) => textOf(write.expect[name] ?? null)),
    );
  }
  if (shape.byToken)
    arrays.set(
      'token',
      writes.map((write) => write.token),
    );
  const names = [...arrays.keys()];
  const asTable = `unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')})
    with ordinality as w(${names.join(', ')}, place)`;
  const text = { create: insertText, update: updateText, delete: deleteText }[shape.kind](table, shape, asTable);
  return { text, parameters: [...arrays.values()].map(textArray) };
}

function insertText(table: Table, shape: Shape, asTable: string): string {
  // The key is filled in from the record's key where the fields leave it out.
  const keyed = table.key.flatMap(({ name }, index) =>
    shape.set.includes(name) ? [] : [[name, `k${index}`] as const],
  );
  const columns = [...shape.set.map((name, index) => [name, `s${index}`] as const), ...keyed];
  return `
insert into ${table.place.sqlName} as t (${columns.map(([name]) => quoted(name)).join(', ')})
select ${columns.map(([name, from]) => `w.${from}::${castTypeOf(table, name)}`).join(', ')}
from ${asTable}
on conflict (${table.key.map(({ name }) => quoted(name)).join(', ')}) do nothing
returning null::text, ${imageColumns(table)}`;
}

function updateText(table: Table, shape: Shape, asTable: string): string {
  const set = shape.set.map((name, index) => `${quoted(name)} = w.s${index}::${castTypeOf(table, name)}`);
  return `
update ${table.place.sqlName} as t set ${set.join(', ')}
from ${asTable}
where ${precondition(table, shape)}
returning w.place::text, ${imageColumns(table)}`;
}

function deleteText(table: Table, shape: Shape, asTable: string): string {
  return `
delete from ${table.place.sqlName} as t
using ${asTable}
where ${precondition(table, shape)}
returning w.place::text, ${imageColumns(table)}`;
}

/** Expected values are compared as the text in which they were read: any visible difference counts. */
function precondition(table: Table, shape: Shape): string {
  const isRecord = table.key.map(({ name, castType }, index) => `t.${quoted(name)} = w.k${index}::${castType}`);
  const holds = shape.expected.map((name, index) => `t.${quoted(name)}::text is not distinct from w.e${index}`);
  const isVersion = shape.byToken ? ['t.xmin::text = w.token'] : [];
  return [...isRecord, ...holds, ...isVersion].join(' and ');
}

function castTypeOf(table: Table, name: string): string {
  return columnOf(table, name)?.castType ?? 'text';
}
