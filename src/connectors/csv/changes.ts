import { type Aside, compareKeys, hashAt, hashBytes, keyAt, type KeyIndex, search } from './key-index.js';

/**
 * What the hub was last told of keys that the index does not tell: rows set aside and rows that are missing.
 * `missing`: one complete read was without the key; the next one makes it a delete. `hidden`: the key may stand in a
 * row that was set aside meanwhile, so its absence says nothing. `aside`: its row is there and is no record.
 */
export type Carry = {
  readonly keys: ReadonlyMap<string, Carried>;
  /** Hashes of rows set aside while keys were missing: as long as one is there, no absence counts. */
  readonly hiding: readonly string[];
};

export type Carried = { readonly hash: string; readonly why: 'aside' | 'missing' | 'hidden' };

/** The state of the file that the hub was told of. */
export type Base = { readonly index: KeyIndex; readonly carry: Carry };

export type Changes = {
  /** Entries of the index that are new or differ, in file order. */
  readonly changed: Uint32Array;
  /** Keys that two complete reads were without. */
  readonly deleted: readonly string[];
  readonly carry: Carry;
  /** Why the file as a whole cannot be right; nothing else of this answer is then used. */
  readonly suspect: string | null;
};

export const noCarry: Carry = { keys: new Map(), hiding: [] };

/** Keys that are not to be found and may stand in rows that are set aside. */
export function hiddenKeys({ keys }: Carry): ReadonlySet<string> {
  return new Set([...keys].flatMap(([key, { why }]) => (why === 'hidden' ? [key] : [])));
}

/** Missing keys that are still believed at one look: ten, or one in a hundred when that is more. */
export function missingMax(known: number): number {
  return Math.max(10, Math.floor(known / 100));
}

/** Compares the file with what the hub was told (null: nothing yet). Linear in both; keys are in byte order. */
export function compare(base: Base | null, index: KeyIndex, object: string): Changes {
  const broken = brokenFile(index, object);
  if (broken !== null) return nothing(broken);
  const changed = new Uint32Array(index.count);
  let changes = 0;
  const change = (at: number): void => {
    changed[changes] = at;
    changes += 1;
  };
  const meeting = new Meeting(index, change);
  if (base !== null) meet(base, index, meeting);
  else for (let at = 0; at < index.count; at += 1) if (index.aside[at] === 0) change(at);
  const { known, missing } = meeting;
  const fresh = missing.filter(({ why }) => why !== 'missing').length;
  if (known > 0 && (index.count === 0 || fresh > missingMax(known))) {
    return nothing(manyMissing(object, index, missing.length, known));
  }
  const hiding = base === null ? [] : hidingRows(base, index.head.asides, meeting.asideNow);
  const deleted: string[] = [];
  const keys = new Map(meeting.asideNow);
  for (const { key, hash, why } of missing) {
    if (why === 'missing' && hiding.length === 0) deleted.push(key);
    else keys.set(key, { hash, why: hiding.length > 0 ? 'hidden' : 'missing' });
  }
  const isWaiting = missing.length > deleted.length;
  const inFileOrder = changed.slice(0, changes).sort((a, b) => offsetOf(index, a) - offsetOf(index, b));
  return { changed: inFileOrder, deleted, carry: { keys, hiding: isWaiting ? hiding : [] }, suspect: null };
}

type Missing = { readonly key: string; readonly hash: string; readonly why: 'missing' | 'hidden' | null };

/** Collects what becomes of every key that the hub was told of. */
class Meeting {
  known = 0;
  readonly missing: Missing[] = [];
  readonly asideNow = new Map<string, Carried>();
  readonly #index: KeyIndex;
  readonly #change: (at: number) => void;

  constructor(index: KeyIndex, change: (at: number) => void) {
    this.#index = index;
    this.#change = change;
  }

  /** `told` is the hash that the hub knows, null when it was never told; `at` is -1 when the key is not there now. */
  meet(key: () => string, told: string | null, why: Missing['why'], at: number): void {
    if (told !== null) this.known += 1;
    if (at >= 0 && this.#index.aside[at] === 0) {
      if (told !== hashAt(this.#index, at)) this.#change(at);
    } else if (told !== null && at >= 0) this.asideNow.set(key(), { hash: told, why: 'aside' });
    else if (told !== null) this.missing.push({ key: key(), hash: told, why });
  }
}

function meet(base: Base, index: KeyIndex, meeting: Meeting): void {
  const { keys: carried } = base.carry;
  const metByCarry = new Set<number>();
  for (const [key, { hash, why }] of carried) {
    if (why === 'aside') continue;
    const { at, found } = search(index, key);
    if (found) metByCarry.add(at);
    meeting.meet(() => key, hash, why, found ? at : -1);
  }
  let old = 0;
  let now = 0;
  while (old < base.index.count || now < index.count) {
    const order = old === base.index.count ? 1 : now === index.count ? -1 : compareKeys(base.index, old, index, now);
    if (order > 0) {
      if (!metByCarry.has(now)) meeting.meet(() => keyAt(index, now), null, null, now);
      now += 1;
      continue;
    }
    const oldAt = old;
    old += 1;
    if (order === 0) now += 1;
    if (order === 0 && isSame(base.index, oldAt, index, now - 1)) {
      meeting.known += 1;
      continue;
    }
    const key = (): string => keyAt(base.index, oldAt);
    const told = base.index.aside[oldAt] === 0 ? hashAt(base.index, oldAt) : (carried.get(key())?.hash ?? null);
    meeting.meet(key, told, null, order === 0 ? now - 1 : -1);
  }
}

/** The common case, decided without making text. */
function isSame(a: KeyIndex, atA: number, b: KeyIndex, atB: number): boolean {
  if (a.aside[atA] !== 0 || b.aside[atB] !== 0) return false;
  const startB = atB * hashBytes;
  const startA = atA * hashBytes;
  return a.hashes.compare(b.hashes, startB, startB + hashBytes, startA, startA + hashBytes) === 0;
}

/**
 * Rows set aside that may hold a key which is missing now: those that were not there before, unless their key is one
 * that we know and that stands once; and those that hid keys already.
 */
function hidingRows(base: Base, asides: readonly Aside[], asideNow: Carry['keys']): readonly string[] {
  const before = new Set(base.index.head.asides.map(({ hash }) => hash));
  const hidBefore = new Set(base.carry.hiding);
  const rowsOfKey = new Map<string, number>();
  for (const { key } of asides) if (key !== null) rowsOfKey.set(key, (rowsOfKey.get(key) ?? 0) + 1);
  const isKnown = ({ key }: Aside): boolean => key !== null && asideNow.has(key) && rowsOfKey.get(key) === 1;
  const hiding = asides.filter((row) => hidBefore.has(row.hash) || (!before.has(row.hash) && !isKnown(row)));
  return [...new Set(hiding.map(({ hash }) => hash))];
}

function brokenFile({ head }: KeyIndex, object: string): string | null {
  if (head.openQuoteLine === null) return null;
  return (
    `${object}:${head.openQuoteLine}: a quote opens here and is never closed, so the rows below cannot be told apart. ` +
    'The whole file is set aside; nothing is changed because of it. Close the quote, or put back the last good file.'
  );
}

function manyMissing(object: string, index: KeyIndex, missing: number, known: number): string {
  const what = index.count === 0 ? 'has no rows any more' : `lacks ${missing} of the ${known} records that it had`;
  return (
    `${object} ${what}. The whole file is set aside; nothing is created, changed or deleted because of it. Put the ` +
    `rows back (a spreadsheet may have changed the keys); rows that are really to go may go ${missingMax(known)} at a time.`
  );
}

function nothing(suspect: string): Changes {
  return { changed: new Uint32Array(), deleted: [], carry: noCarry, suspect };
}

function offsetOf(index: KeyIndex, at: number): number {
  return index.offsets[at] as number;
}
