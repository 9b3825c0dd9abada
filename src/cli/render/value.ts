import type { Json } from '../../core/json.js';
import { signs, type Style } from './style.js';
import { clipped, printable } from './text-width.js';

const grouped = new Intl.NumberFormat('en-US');

/** `8,011` */
export function count(number: number): string {
  return grouped.format(number);
}

/** `1 record`, `8,011 records` */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** `phone 314, balance 210`: the largest first, nothing for zero. */
export function tally(counts: { readonly [name: string]: number }): string {
  return Object.entries(counts)
    .filter(([, number]) => number > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, number]) => `${printable(name)} ${count(number)}`)
    .join(', ');
}

/** A value of a record as a person reads it. Members of a group stand behind each other. */
export function plainValue(value: Json | undefined): string {
  if (value === null || value === undefined || value === '') return '(blank)';
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map((member: Json) => (member === null ? '' : plainText(member))).join(', ');
  if (typeof value !== 'object') return printable(JSON.stringify(value));
  return Object.entries(value as { readonly [name: string]: Json })
    .map(([name, member]) => `${printable(name)} ${plainValue(member)}`)
    .join(', ');
}

function plainText(value: Json): string {
  return value === '' ? '' : plainValue(value);
}

/** The same in quotes, so that spaces at its ends are seen; cut to `columns`. */
export function quotedValue(value: Json, style: Style, columns = 60): string {
  const text = clipped(plainValue(value), columns, signs(style).ellipsis);
  return text === '(blank)' || typeof value === 'number' || typeof value === 'boolean' ? text : `"${text}"`;
}

/** `crm:17` */
export function place(side: string | null, key: string): string {
  return side === null ? printable(key) : `${printable(side)}:${printable(key)}`;
}
