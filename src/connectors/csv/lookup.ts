import { ParleyError } from '../../core/errors.js';
import { type RecordKey, recordKey } from '../../core/ids.js';
import type { KeyPage, KeyRequest, NativeRecord } from '../../engine/connector.js';
import { compare, hiddenKeys, noCarry } from './changes.js';
import { type FeedSettings, readCarry } from './feed.js';
import { keyAt, search } from './key-index.js';
import type { Place } from './place.js';
import { readRows, recordOf, unreadable } from './records.js';
import type { Snapshot, Snapshots } from './snapshots.js';

/** Answers about single keys from the present state of the file. */
export class Lookup {
  readonly #place: Place;
  readonly #folder: string;
  readonly #snapshots: Snapshots;
  #trusted = '';
  #hidden: ReadonlySet<string> = new Set();

  constructor({ place, folder, snapshots }: FeedSettings) {
    this.#place = place;
    this.#folder = folder;
    this.#snapshots = snapshots;
  }

  /** Keys that were not found by the last look and may stand in rows that are set aside: nobody knows that they are gone. */
  get hidden(): ReadonlySet<string> {
    return this.#hidden;
  }

  /**
   * The present state of the file, when it can be believed as a whole: a key that is not in it is not there.
   * @throws ParleyError `connector.source_unstable` (retryable) for a file that the feed would set aside whole.
   */
  async present(signal?: AbortSignal): Promise<Snapshot> {
    const snapshot = await this.#snapshots.current(signal);
    const told = await this.#snapshots.told();
    const pair = `${told?.digest ?? ''} ${told?.carry ?? ''} ${snapshot.digest}`;
    if (this.#trusted === pair) return snapshot;
    const carried = (await readCarry(this.#folder, told?.carry ?? null)) ?? noCarry;
    const base = told === null ? null : { index: told.index, carry: carried };
    const { suspect, carry } = compare(base, snapshot.index, this.#place.object);
    const reason = snapshot.index.head.header === null ? `${this.#place.object}:1: the file is empty.` : suspect;
    if (reason !== null) throw new ParleyError('connector.source_unstable', reason, { hint: 'It is looked at again.' });
    this.#hidden = hiddenKeys(carry);
    this.#trusted = pair;
    return snapshot;
  }

  async byKeys(keys: readonly RecordKey[], signal?: AbortSignal): Promise<readonly NativeRecord[]> {
    signal?.throwIfAborted();
    if (keys.length === 0) return [];
    const snapshot = await this.present(signal);
    const wanted = [...new Set(keys)];
    const hidden = wanted.filter((key) => this.#hidden.has(key) && !search(snapshot.index, key).found);
    const places = wanted.map((key) => search(snapshot.index, key)).filter(({ found }) => found);
    const isAside = (at: number): boolean => snapshot.index.aside[at] !== 0;
    const sound = places.map(({ at }) => at).filter((at) => !isAside(at));
    const aside = places.map(({ at }) => at).filter(isAside);
    const rows = await readRows(snapshot, sound, this.#place.object);
    const keyOfAside = (at: number): RecordKey => recordKey(keyAt(snapshot.index, at));
    const unread = [...aside.map(keyOfAside), ...hidden];
    return [...rows.map((row) => recordOf(snapshot, row)), ...unread.map(unreadable)];
  }

  async keys({ after, limit, signal }: KeyRequest): Promise<KeyPage> {
    signal?.throwIfAborted();
    const { index } = await this.present(signal);
    const place = after === null ? { at: 0, found: false } : search(index, after);
    const from = place.found ? place.at + 1 : place.at;
    const until = Math.min(index.count, from + limit);
    const keys = Array.from({ length: until - from }, (_, offset) => recordKey(keyAt(index, from + offset)));
    return { keys, more: until < index.count };
  }
}
