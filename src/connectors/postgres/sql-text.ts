import type { Json } from '../../core/json.js';

/** An identifier that means exactly this name, whatever characters it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The text of an array of texts, as the server reads it. */
export function textArray(values: readonly (string | null)[]): string {
  const members = values.map((value) => (value === null ? 'NULL' : `"${escaped(value)}"`));
  return `{${members.join(',')}}`;
}

const special = /["\\]/;
function escaped(value: string): string {
  return special.test(value) ? value.replaceAll(/["\\]/g, '\\$&') : value;
}

/** A native value as the text that is cast to its column's type. */
export function textOf(value: Json): string | null {
  if (value === null || typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
