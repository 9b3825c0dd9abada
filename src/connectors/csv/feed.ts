import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParleyError } from '../../core/errors.js';
import { recordKey } from '../../core/ids.js';
import type { ReadPage, ReadRequest, SetAside } from '../../engine/connector.js';
import { type Base, type Carried, type Carry, type Changes, compare, noCarry } from './changes.js';
import { keptVersions } from './leftovers.js';
import type { Place } from './place.js';
import { readRows, recordOf } from './records.js';
import { absentAsNull, type Snapshot, type Snapshots } from './snapshots.js';

/**
 * The cursor. `base` is the state that the hub was told of; while a pass is under way, `pass` is the state that all
 * its pages read and how many of its items were handed out.
 */
type Cursor = { readonly v: 1; readonly base: Told | null; readonly pass: UnderWay | null };
type Told = { readonly copy: string; readonly carry: string | null };
type UnderWay = { readonly copy: string; readonly at: number };

type Pass = {
  readonly id: string;
  readonly changes: Changes;
  readonly asides: readonly SetAside[];
  /** The cursor that stands when every page was read. */
  readonly end: string;
};

export type FeedSettings = { readonly place: Place; readonly folder: string; readonly snapshots: Snapshots };

/** The passes over one file: what differs from what the hub was told. */
export class Feed {
  readonly #settings: FeedSettings;
  #pass: Pass | null = null;
  #settled = '';

  constructor(settings: FeedSettings) {
    this.#settings = settings;
  }

  /** One page. Rows that were set aside come first, then records in file order, then deletes. */
  async read({ cursor: text, limit, signal }: ReadRequest): Promise<ReadPage> {
    const { snapshots, place } = this.#settings;
    const cursor = parseCursor(text, place.object);
    const resumed = cursor.pass === null ? null : await snapshots.find(cursor.pass.copy);
    const snapshot = resumed ?? (await snapshots.current(signal));
    if (cursor.base !== null) await this.#settle(cursor.base, snapshot);
    const isQuiet = cursor.pass === null && cursor.base?.copy === snapshot.digest && cursor.base.carry === null;
    if (text !== null && isQuiet) return emptyPage(text);
    const pass = await this.#passFrom(cursor.base, snapshot);
    const { changes } = pass;
    if (changes.suspect !== null) {
      const setAside = pass.asides.slice(0, limit);
      return { ...emptyPage(format({ ...cursor, pass: null })), setAside, suspect: changes.suspect };
    }
    const from = resumed === null ? 0 : (cursor.pass?.at ?? 0);
    const setAside = pass.asides.slice(from, from + limit);
    const firstRecord = Math.max(0, from - pass.asides.length);
    const recordRoom = limit - setAside.length;
    const places = changes.changed.subarray(firstRecord, firstRecord + recordRoom);
    const rows = await this.#rows(snapshot, places);
    const firstDelete = Math.max(0, from - pass.asides.length - changes.changed.length);
    const deleted = changes.deleted.slice(firstDelete, firstDelete + recordRoom - rows.length).map(recordKey);
    const at = from + setAside.length + rows.length + deleted.length;
    const more = at < pass.asides.length + changes.changed.length + changes.deleted.length;
    const next = more ? format({ ...cursor, pass: { copy: snapshot.digest, at } }) : pass.end;
    return { records: rows.map((row) => recordOf(snapshot, row)), deleted, setAside, cursor: next, more };
  }

  async #rows(snapshot: Snapshot, places: Uint32Array): ReturnType<typeof readRows> {
    const { snapshots, place } = this.#settings;
    try {
      return await readRows(snapshot, places, place.object);
    } catch (error) {
      await snapshots.drop(snapshot.digest);
      throw error;
    }
  }

  /** The same pass for every page, made once; after a restart it is made again from the same two states. */
  async #passFrom(told: Told | null, snapshot: Snapshot): Promise<Pass> {
    const id = `${told?.copy ?? ''} ${told?.carry ?? ''} ${snapshot.digest}`;
    if (this.#pass?.id === id) return this.#pass;
    const { place } = this.#settings;
    const base = told === null ? null : await this.#base(told);
    const changes = compare(base, snapshot.index, place.object);
    const { header, asides } = snapshot.index.head;
    if (header === null && changes.suspect === null) throw headerless(place.object);
    const places = asides.map(({ line, reason, key }): SetAside => {
      const aside = { place: `${place.object}:${line}`, reason: `${reason}; nothing is changed because of it` };
      return key === null ? aside : { ...aside, key: recordKey(key) };
    });
    const carry = changes.suspect === null ? await this.#saveCarry(changes.carry) : null;
    const end = format({ v: 1, base: { copy: snapshot.digest, carry }, pass: null });
    this.#pass = { id, changes, asides: [...places, ...(await overwritten(place))], end };
    return this.#pass;
  }

  /** Null when the work folder lost it: everything is then read again. */
  async #base({ copy, carry }: Told): Promise<Base | null> {
    const index = await this.#settings.snapshots.index(copy);
    if (index === null) return null;
    const carried = await readCarry(this.#settings.folder, carry);
    return carried === null ? null : { index, carry: carried };
  }

  async #saveCarry({ keys, hiding }: Carry): Promise<string | null> {
    if (keys.size === 0) return null;
    const text = JSON.stringify({ keys: [...keys], hiding });
    const id = carryId(text);
    const path = carryPath(this.#settings.folder, id);
    await writeFile(`${path}.part`, text, { mode: 0o600 });
    await rename(`${path}.part`, path);
    return id;
  }

  /** A cursor that names a state proves that the hub was told of it. */
  async #settle(told: Told, snapshot: Snapshot): Promise<void> {
    const name = `${told.copy} ${told.carry ?? ''}`;
    if (this.#settled === name) return;
    await this.#settings.snapshots.settle(told, snapshot.digest);
    this.#settled = name;
  }
}

/** What was carried over under this name; null when the work folder lost it. */
export async function readCarry(folder: string, id: string | null): Promise<Carry | null> {
  if (id === null) return noCarry;
  const text = await readFile(carryPath(folder, id), 'utf8').catch(absentAsNull);
  if (text === null || carryId(text) !== id) return null;
  const { keys, hiding } = JSON.parse(text) as { keys: readonly [string, Carried][]; hiding: readonly string[] };
  return { keys: new Map(keys), hiding };
}

function carryPath(folder: string, id: string): string {
  return join(folder, `${id}.carry`);
}

function carryId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function emptyPage(cursor: string): ReadPage {
  return { records: [], deleted: [], setAside: [], cursor, more: false };
}

function format(cursor: Cursor): string {
  return JSON.stringify(cursor);
}

function parseCursor(text: string | null, object: string): Cursor {
  if (text === null) return { v: 1, base: null, pass: null };
  try {
    const cursor = JSON.parse(text) as Cursor;
    if (cursor.v === 1) return cursor;
  } catch {
    // Falls through to the error below: the text was no cursor of ours.
  }
  throw new ParleyError(
    'connector.cursor_expired',
    `${object}: the place where reading stopped is not known any more.`,
    {
      hint: 'The file is read in full.',
    },
  );
}

function headerless(object: string): ParleyError {
  return new ParleyError('connector.source_invalid', `${object}:1: the file is empty; it has not even a header line.`, {
    hint: 'Put the header line back, or the last good file.',
  });
}

/** Versions of the file that lost a race with one of our writes are told of until somebody has looked at them. */
async function overwritten(place: Place): Promise<readonly SetAside[]> {
  return (await keptVersions(place)).map((kept) => ({
    place: kept,
    reason: 'it holds an edit that met one of our writes; compare it with the file, then remove it',
  }));
}
