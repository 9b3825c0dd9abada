import type { Absence } from '../../core/absence.js';
import { ParleyError } from '../../core/errors.js';
import { recordKey, type RecordKey } from '../../core/ids.js';
import type {
  Connector,
  ConnectorFactory,
  ConnectorSettings,
  KeyPage,
  NativeRecord,
  ObjectDescription,
  ReadPage,
  SetAside,
} from '../../engine/connector.js';
import { refusalOf } from './client.js';
import { textOf } from './exact-json.js';
import { type Place, placeOf } from './place.js';
import {
  fetched,
  fetchRecord,
  type Found,
  foundIn,
  mergedInto,
  nothingChanged,
  several,
  whereaboutsOf,
} from './records.js';
import { writeBatch } from './write.js';

const sampleSize = 100;
const listingPageSize = 1_000;

/**
 * One collection of a JSON API that tells its changes after a cursor. Options: `url`, `token`, `version`, `creates`
 * and `timeout`; what they declare is what `describe` promises. Nothing is contacted until something is asked.
 */
export const openHttp: ConnectorFactory = async (settings) => new HttpCollection(settings, placeOf(settings));

class HttpCollection implements Connector {
  readonly #place: Place;
  readonly #mapped: readonly string[];
  /** Members that the API has been seen to write as numbers: they are written back as numbers. */
  readonly #numbers = new Set<string>();
  /** Sorted keys of the listing under way: the API tells changes, not an order of keys. */
  #listing: readonly RecordKey[] | null = null;

  constructor(settings: ConnectorSettings, place: Place) {
    this.#place = place;
    this.#mapped = settings.fields ?? [];
  }

  /** Without a version nothing in the API compares what a late request finds. */
  get mayComeLate(): boolean {
    return this.#place.version === null;
  }

  describe: Connector['describe'] = async (signal): Promise<ObjectDescription> => {
    const place = this.#place;
    const { found } = await this.#page(null, sampleSize, signal);
    const seen = found.flatMap(({ record }) => Object.keys(record.fields));
    const names = new Set([...place.key, ...seen, ...(found.length === 0 ? this.#mapped : [])]);
    return {
      object: place.object,
      fields: [...names].map((name) => ({
        name,
        type: this.#numbers.has(name) ? 'number' : 'json',
        writable: true,
        nullable: !place.key.includes(name),
      })),
      key: place.key,
      writeClass: place.version === null ? 'W1' : 'W3',
      createClass: place.remembersCreates ? 'C3' : 'C2',
      reads: 'feed',
      deletes: 'feed',
      fingerprint: `http:${place.address}`,
    };
  };

  read: Connector['read'] = async ({ cursor, limit, signal }): Promise<ReadPage> => {
    const page = await this.#page(cursor, limit, signal);
    const { cursor: next, more, deleted, absent = [], setAside } = page;
    return { records: page.found.map(({ record }) => record), deleted, absent, setAside, cursor: next, more };
  };

  readByKeys: Connector['readByKeys'] = async (keys, signal): Promise<readonly NativeRecord[]> => {
    signal?.throwIfAborted();
    const found = await several(keys, (key) => fetchRecord(this.#place, key, signal));
    const present = found.filter((one) => one !== null);
    // A wrong path answers 404 to everything; only a collection that is there can say that a record is not.
    if (present.length < keys.length) await this.#page(null, 1, signal);
    return present.map((one) => this.#learn(one).record);
  };

  whereabouts: NonNullable<Connector['whereabouts']> = async (keys, signal) => {
    const found = await several(keys, (key) => whereaboutsOf(this.#place, key, signal));
    return found.filter((absence) => absence !== null);
  };

  listKeys: Connector['listKeys'] = async ({ after, limit, signal }): Promise<KeyPage> => {
    signal?.throwIfAborted();
    const keys = after === null || this.#listing === null ? await this.#allKeys(signal) : this.#listing;
    const from = after === null ? 0 : keys.findIndex((key) => byBytes(key, after) > 0);
    const page = from < 0 ? [] : keys.slice(from, from + limit);
    const more = from >= 0 && from + limit < keys.length;
    this.#listing = more ? keys : null;
    return { keys: page, more };
  };

  write: Connector['write'] = async (writes, signal) => {
    signal?.throwIfAborted();
    return writes.length === 0 ? [] : writeBatch(this.#place, writes, this.#numbers, signal);
  };

  close: Connector['close'] = () => Promise.resolve();

  async #allKeys(signal: AbortSignal | undefined): Promise<readonly RecordKey[]> {
    const keys = new Set<RecordKey>();
    for (let cursor: string | null = null; ; ) {
      const page: Page = await this.#page(cursor, listingPageSize, signal);
      for (const { record } of page.found) keys.add(record.key);
      for (const key of page.deleted) keys.delete(key);
      if (!page.more) return [...keys].sort(byBytes);
      ({ cursor } = page);
    }
  }

  async #page(cursor: string | null, limit: number, signal: AbortSignal | undefined): Promise<Page> {
    signal?.throwIfAborted();
    const place = this.#place;
    const query = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
    const answer = await fetched(place, `${place.address}?${query.toString()}`, signal);
    if (answer.status !== 200) throw refusalOf(place, answer, nothingChanged);
    const page = pageOf(place, answer.body);
    for (const found of page.found) this.#learn(found);
    return page;
  }

  #learn(found: Found): Found {
    for (const name of found.numbers) this.#numbers.add(name);
    return found;
  }
}

type Page = Omit<ReadPage, 'records'> & { readonly found: readonly Found[] };

function pageOf(place: Place, body: unknown): Page {
  const { records, deleted, cursor, more } = (body ?? {}) as { readonly [name: string]: unknown };
  const next = textOf(cursor);
  if (!Array.isArray(records) || next === null || typeof more !== 'boolean') {
    throw new ParleyError(
      'connector.source_invalid',
      `${place.connection}/${place.object} does not answer with records, cursor and more. ${nothingChanged}`,
      { hint: 'docs/guide/connectors.md says what a JSON API has to offer.' },
    );
  }
  const found: Found[] = [];
  const absent: Absence[] = [];
  const setAside: SetAside[] = [];
  for (const [index, raw] of records.entries()) {
    const one = foundIn(place, raw);
    const into = mergedInto(place, raw);
    if (one !== null && into !== null) absent.push({ key: one.record.key, kind: 'merged', into });
    else if (one !== null) found.push(one);
    else
      setAside.push({
        place: `${place.object}, record ${index + 1} of a page`,
        reason: `It has no usable key (${place.key.join(', ')}).`,
      });
  }
  const keys = Array.isArray(deleted) ? deleted.map(textOf).filter((key) => key !== null) : [];
  return { found, setAside, deleted: keys.map(recordKey), absent, cursor: next, more };
}

function byBytes(a: RecordKey, b: RecordKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
