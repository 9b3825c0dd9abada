import { assert } from '../core/assert.js';

/**
 * Arrays as Postgres reads them. The driver can write them too, but takes ten times as long: for a page of states that
 * is more than everything else together.
 */
export function texts(values: readonly (string | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

export function numbers(values: readonly (number | null)[]): string {
  const written = values.includes(null) ? values.map((value) => value ?? 'NULL') : values;
  return `{${written.join(',')}}`;
}

/** The elements of an array of one dimension as Postgres writes it; those that are null are refused. */
export function elementsIn(array: string): readonly string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of array.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gs)) {
    assert(plain !== 'NULL', 'an array of the store holds no null');
    found.push(plain ?? (quoted ?? '').replace(/\\(.)/gs, '$1'));
  }
  return found;
}

/** Texts without anything to escape, such as hashes. */
export function words(values: readonly string[]): string {
  assert(
    values.every((value) => /^\w+$/.test(value)),
    'a word is letters and digits',
  );
  return `{${values.join(',')}}`;
}

/** JSON escapes these where Postgres wants them as they are. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unlikeJson = /[\u0000-\u001f\ud800-\udfff]/;

/** Inside quotes Postgres knows two escapes, both of which JSON writes alike; its writer is the fastest there is. */
function element(value: string | null): string {
  if (value === null) return 'NULL';
  return unlikeJson.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : JSON.stringify(value);
}

/** A control character: JSON text never holds one. Statements name it as `chr(30)`. */
const separator = '\u001e';

/**
 * Long texts that came from `JSON.stringify`, for `string_to_array($1, chr(30))`: neither side has quotes to escape,
 * which halves what a page of states costs. There must be at least one text and none may be empty.
 */
export function jsonTexts(values: readonly string[]): string {
  const isJson = values.every((value) => value !== '' && !value.includes(separator));
  assert(isJson, 'a text that is joined with others is JSON');
  return values.join(separator);
}

/** A column of an `unnest`: what all rows have alike is sent once, to be taken with `coalesce(column, same)`. */
export type Column<Value> = { readonly array: string; readonly same: Value | null };

export function textColumn<Value extends string | null>(values: readonly Value[]): Column<Value> {
  return areAlike(values) ? { array: '{}', same: values[0] ?? null } : { array: texts(values), same: null };
}

export function numberColumn<Value extends number | null>(values: readonly Value[]): Column<Value> {
  return areAlike(values) ? { array: '{}', same: values[0] ?? null } : { array: numbers(values), same: null };
}

function areAlike(values: readonly unknown[]): boolean {
  return values.every((value) => value === values[0]);
}
