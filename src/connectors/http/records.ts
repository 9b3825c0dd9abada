import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../core/errors.js';
import type { Absence } from '../../core/absence.js';
import { keyOf, type RecordKey, recordKey } from '../../core/ids.js';
import type { NativeRecord } from '../../engine/connector.js';
import { ask, type Answer, refusalOf, unreachable, WayFailed } from './client.js';
import { exactRecord, textOf } from './exact-json.js';
import { type Place, recordAddress } from './place.js';

export const nothingChanged = 'Nothing was changed; the next read goes on from the same place.';
/** Requests under way at once to one API. */
export const width = 4;

/** A record, and which of its members the API writes as numbers. */
export type Found = { readonly record: NativeRecord; readonly numbers: readonly string[] };

/** Turns what the API sent into a record; null when it has no usable key. */
export function foundIn(place: Place, raw: unknown): Found | null {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return null;
  const { members, numbers } = exactRecord(raw as { readonly [name: string]: unknown });
  const parts = place.key.map((name) => textOf(members[name]));
  if (parts.some((part) => part === null || part === '')) return null;
  const fields = Object.fromEntries(Object.entries(members).filter(([name]) => name !== place.version));
  for (const [index, name] of place.key.entries()) fields[name] = parts[index] as string;
  const token = place.version === null ? null : textOf(members[place.version]);
  if (place.version !== null && token === null) {
    throw new ParleyError(
      'connector.schema_changed',
      `Records of ${place.connection}/${place.object} have no member "${place.version}", so writes cannot be guarded. ${nothingChanged}`,
      { hint: 'Correct version: in connections.yaml, or remove it.' },
    );
  }
  return { record: { key: keyOf(parts as string[]), fields, token }, numbers };
}

const triesMax = 3;
const betweenTriesMs = 200;

/**
 * A GET. It changes nothing, so one that failed is asked again: a look at fifty records would otherwise fail as a whole
 * whenever one of its answers gets lost. Where nobody listens it is not: that does not pass within a second.
 */
export async function fetched(place: Place, address: string, signal: AbortSignal | undefined): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await ask(place, { method: 'GET', address, signal });
      if (answer.status < 500 || tries === triesMax) return answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof WayFailed)) throw error;
      if (error.effect === 'none' || tries === triesMax) throw unreachable(place, error, nothingChanged);
    }
    await sleep(betweenTriesMs * tries, undefined, signal === undefined ? {} : { signal });
  }
}

/** One record as it is now; null when the API says that there is none. */
export async function fetchRecord(place: Place, key: RecordKey, signal?: AbortSignal): Promise<Found | null> {
  const answer = await fetched(place, recordAddress(place, key), signal);
  if (isAbsence(answer) || mergedInto(place, answer.body) !== null) return null;
  if (answer.status !== 200) throw refusalOf(place, answer, nothingChanged);
  const found = foundIn(place, answer.body);
  if (found !== null && found.record.key === key) return found;
  throw new ParleyError(
    'connector.source_invalid',
    `${place.connection} (${place.origin}) answers with another record than the one asked for. ${nothingChanged}`,
    { hint: `Is ${place.key.join(', ')} the key in the path of a record?` },
  );
}

/** Answers that say of one record that it is not to be had; what that means is asked apart. */
function isAbsence({ status, location }: Answer): boolean {
  return [403, 404, 410].includes(status) || ((status === 301 || status === 308) && location !== null);
}

/** The key of the record that this one was merged into, as the member says that the file names. */
export function mergedInto(place: Place, raw: unknown): RecordKey | null {
  if (place.merged === null || raw === null || typeof raw !== 'object') return null;
  const into = textOf((raw as { readonly [name: string]: unknown })[place.merged]);
  return into === null || into === '' ? null : recordKey(into);
}

/**
 * What became of a record that is not to be had. A redirect within the collection, or the member that the file names,
 * says that it was merged; 403 that it is hidden. Null: deleted.
 */
export async function whereaboutsOf(place: Place, key: RecordKey, signal?: AbortSignal): Promise<Absence | null> {
  const answer = await fetched(place, recordAddress(place, key), signal);
  if (answer.status === 403) return { key, kind: 'hidden' };
  const into = answer.status === 200 ? mergedInto(place, answer.body) : redirectedTo(place, answer);
  if (into !== null && into !== key) return { key, kind: 'merged', into };
  if (answer.status === 404 || answer.status === 410) return null;
  // There after all, or nobody can say: doubt is no deletion.
  if (answer.status < 500) return { key, kind: 'hidden' };
  throw refusalOf(place, answer, nothingChanged);
}

/** Only a place in the same collection is another record of it; the address itself is never asked. */
function redirectedTo(place: Place, { status, location }: Answer): RecordKey | null {
  if ((status !== 301 && status !== 308) || location === null) return null;
  const base = `${place.address}/`;
  const target = URL.canParse(location, base) ? new URL(location, base) : null;
  if (target === null || `${target.origin}${target.pathname}`.startsWith(base) === false) return null;
  const parts = target.pathname.slice(new URL(base).pathname.length).split('/');
  return parts.length === place.key.length ? keyOf(parts.map(decodeURIComponent)) : null;
}

/** Runs work over all items, a few at a time, and keeps their order. */
export async function several<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
