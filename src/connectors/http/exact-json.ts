import type { Json } from '../../core/json.js';

/** A record of an API, with the members that were written as numbers; their digits are kept as text. */
export type ExactRecord = { readonly members: { readonly [name: string]: Json }; readonly numbers: readonly string[] };

const mark = '\uE000';
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Parses JSON with every digit of its numbers kept: each becomes text behind a mark. A text of the document that
 * begins with the mark gets a second one, so that it cannot be taken for a number.
 * @throws SyntaxError when the text is not JSON
 */
export function parseExact(text: string): unknown {
  const marked = text.replace(token, (found) => {
    if (!found.startsWith('"')) return `"${mark}${found}"`;
    return /^"(?:\uE000|\\u[eE]000)/.test(found) ? `"${mark}${mark}${found.slice(found[1] === mark ? 2 : 7)}` : found;
  });
  return JSON.parse(marked);
}

/** Members as native values: marked numbers become plain digits, at any depth. */
export function exactRecord(raw: { readonly [name: string]: unknown }): ExactRecord {
  const numbers = Object.keys(raw).filter((name) => isMarkedNumber(raw[name]));
  const members = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, unmarked(value)]));
  return { members, numbers };
}

/** A member that is asked for by name, such as a cursor or a version, as text. */
export function textOf(value: unknown): string | null {
  const plain = unmarked(value);
  return typeof plain === 'string' ? plain : null;
}

/** JSON text of members; those that the API writes as numbers are written as numbers, digit by digit. */
export function writeExact(members: { readonly [name: string]: Json }, numbers: ReadonlySet<string>): string {
  const written = Object.entries(members).map(([name, value]) => {
    const isNumber = numbers.has(name) && typeof value === 'string' && number.test(value);
    return `${JSON.stringify(name)}:${isNumber ? value : JSON.stringify(value)}`;
  });
  return `{${written.join(',')}}`;
}

function isMarkedNumber(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(mark) && value[1] !== mark;
}

function unmarked(value: unknown): Json {
  if (typeof value === 'string') return value.startsWith(mark) ? value.slice(1) : value;
  if (Array.isArray(value)) return value.map(unmarked);
  if (value === null || typeof value !== 'object') return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unmarked(member)]));
}
