import type { Json } from '../json.js';
import type { EqualityName, ListForm } from '../rules.js';
import { canonicalText, elementEquality } from './equality.js';

/**
 * A list as a side writes it: JSON, a PostgreSQL array, or text with a separator. Elements are texts; their order and
 * repeats say nothing. GetPut: a list that did not change is the side's own text, and what stays of one that did keeps
 * its place and spelling. PutGet: an element that holds the separator is quoted, so that it comes back as one.
 */
export function readList(form: ListForm, raw: Json): readonly string[] | null {
  if (raw === null) return [];
  if (Array.isArray(raw)) return textsOf(raw);
  if (typeof raw !== 'string') return null;
  if (raw.trim() === '') return [];
  switch (form.kind) {
    case 'json':
      return readJson(raw);
    case 'array':
      return readArray(raw.trim());
    case 'separated':
      return readSeparated(raw, form.separator);
  }
}

/** The raw value for a side that holds `old` (undefined: nothing, or nothing readable). */
export function writeList(
  form: ListForm,
  same: EqualityName,
  elements: readonly string[],
  old: Json | undefined,
): Json {
  const element = elementEquality(same);
  const wanted = new Map(elements.map((text) => [canonicalText(element, text), text]));
  const kept: string[] = [];
  for (const text of (old === undefined ? null : readList(form, old)) ?? []) {
    if (wanted.delete(canonicalText(element, text))) kept.push(text);
  }
  const list = [...kept, ...wanted.values()];
  if (Array.isArray(old)) return list;
  switch (form.kind) {
    case 'json':
      return JSON.stringify(list);
    case 'array':
      return `{${list.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
    case 'separated':
      return list.length === 0 ? null : list.map((text) => quotedFor(form.separator, text)).join(form.separator);
  }
}

function readJson(raw: string): readonly string[] | null {
  try {
    const parsed = JSON.parse(raw) as Json;
    return Array.isArray(parsed) ? textsOf(parsed) : null;
  } catch {
    return null;
  }
}

function textsOf(members: readonly Json[]): readonly string[] | null {
  const texts: string[] = [];
  for (const member of members) {
    if (member !== null && typeof member === 'object') return null;
    if (member !== null && String(member).trim() !== '') texts.push(String(member));
  }
  return texts;
}

/** One dimension of a PostgreSQL array as text: `{a,"b, c",NULL}`. */
function readArray(raw: string): readonly string[] | null {
  if (!raw.startsWith('{') || !raw.endsWith('}')) return null;
  const inner = raw.slice(1, -1);
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^,"\\{}]|\\.)+))\s*(,|$)/gsy;
  const texts: string[] = [];
  if (inner.trim() === '') return texts;
  let ended = false;
  while (!ended) {
    const match = pattern.exec(inner);
    if (match === null) return null;
    const [, quoted, bare = '', end] = match;
    const text = (quoted ?? bare.trim()).replaceAll(/\\(.)/gs, '$1');
    if ((quoted !== undefined || bare.trim().toUpperCase() !== 'NULL') && text.trim() !== '') texts.push(text);
    ended = end === '';
  }
  return texts;
}

/** The mark between elements; a separator of spaces only is any stretch of them. */
const markOf = (separator: string): string => separator.trim();

function readSeparated(raw: string, separator: string): readonly string[] {
  const mark = markOf(separator);
  const texts: string[] = [];
  let rest = raw;
  while (rest.trim() !== '') {
    rest = rest.trimStart();
    const quoted = /^"((?:[^"]|"")*)"\s*/.exec(rest);
    const after = quoted === null ? '' : rest.slice(quoted[0].length);
    const isWhole = quoted !== null && (after === '' || (mark === '' ? /\s$/.test(quoted[0]) : after.startsWith(mark)));
    if (quoted !== null && isWhole) {
      texts.push((quoted[1] as string).replaceAll('""', '"'));
      rest = after.slice(after.startsWith(mark) ? mark.length : 0);
      continue;
    }
    const end = mark === '' ? rest.search(/\s/) : rest.indexOf(mark);
    texts.push((end === -1 ? rest : rest.slice(0, end)).trim());
    rest = end === -1 ? '' : rest.slice(end + Math.max(1, mark.length));
  }
  return texts.filter((text) => text.trim() !== '');
}

function quotedFor(separator: string, text: string): string {
  const mark = markOf(separator);
  const isPlain =
    text === text.trim() && !text.startsWith('"') && !(mark === '' ? /\s/.test(text) : text.includes(mark));
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}
