import { InvalidArgumentError } from 'commander';
import { wrongUsage } from './failure.js';

/** A number from 1 up, such as the one of a plan. */
export function positive(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1 up.');
}

/** A number from 0 up, such as a position in the ledger. */
export function position(text: string): number {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0 up.');
}

/** How many rows a list shows: at most what the server gives at once. */
export function limit(text: string): number {
  const number = positive(text);
  if (number <= 1000) return number;
  throw new InvalidArgumentError('It must be 1000 at most.');
}

/** `CF-41`, `cf-41` or `41`. */
export function conflictId(text: string): number {
  const digits = /^(?:cf-)?([1-9]\d{0,14})$/i.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  throw new InvalidArgumentError('It must be the name of a question, such as CF-41.');
}

export type PastMoment = { readonly seq: number } | { readonly at: string };

/** A position in the ledger, or a moment in ISO 8601; without a zone it is the reader's own. */
export function pastMoment(text: string): PastMoment {
  if (/^\d{1,15}$/.test(text)) return { seq: Number(text) };
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return { at: new Date(ms).toISOString() };
  throw new InvalidArgumentError('It must be a moment such as 2026-11-21T10:00Z, or a position in the ledger.');
}

export type Place = { readonly side: string; readonly key: string };

/** `crm:17`: what follows the first colon is the key, whatever it holds. */
export function recordPlace(text: string): Place {
  const at = text.indexOf(':');
  if (at > 0 && at < text.length - 1) return { side: text.slice(0, at), key: text.slice(at + 1) };
  throw new InvalidArgumentError('It must be SIDE:KEY, such as crm:17.');
}

/** A day, `2026-01-31`: its beginning in UTC, in epoch milliseconds. */
export function day(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError('It must be a day such as 2026-01-01.');
}

/** `24months`, `24 months` or `2years`: a number of months. */
export function months(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,2}) ?(month|year)s?$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (unit === 'year' ? 12 : 1);
  throw new InvalidArgumentError('It must be a time such as 24months.');
}

/** The argument that was given, where the command cannot be called without it. */
export function given<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw wrongUsage(`${name} is missing.`);
  return value;
}
