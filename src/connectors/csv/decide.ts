import { ParleyError } from '../../core/errors.js';
import { keyParts, type RecordKey } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import type { NativeFields, NativeRecord, NativeWrite, WriteOutcome } from '../../engine/connector.js';
import { rowHasher } from './build-index.js';
import type { Edits } from './compose.js';
import { encode, spell } from './dialect.js';
import type { Header } from './header.js';
import { search } from './key-index.js';
import { headerOf, readRows, type Row } from './records.js';
import { cellText, cutRecord, emptyCells, isQuoted } from './rows.js';
import type { Snapshot } from './snapshots.js';

export type Decision = { readonly outcomes: readonly WriteOutcome[]; readonly edits: Edits };

export type DecideSettings = {
  readonly object: string;
  readonly key: readonly string[];
  /** Keys that are not found and may stand in rows that are set aside. */
  readonly hidden: ReadonlySet<string>;
};

/** A row while a batch is decided: as it stands in the file and as it is going to stand. */
type Draft = {
  /** Null when the file has no such row. */
  readonly row: Row | null;
  /** The row before any of the changes below, without line ending; null when there is none. */
  base: Buffer | null;
  /** What the batch has changed so far. Cells are always spelled from the base, so that a change back is none. */
  changed: NativeFields;
  /** The bytes that will stand there, without line ending; null when there will be none. */
  bytes: Buffer | null;
  /** A row that was deleted and made again stands at the end. */
  isAdded: boolean;
};

/**
 * Decides a batch against one state of the file, each write on what the ones before it leave. A write is made when the
 * expected fields still hold what is expected, or the token is the same when no field is; found done already, it is
 * accepted again. Only the cells that change are spelled anew.
 */
export async function decide(
  snapshot: Snapshot,
  writes: readonly NativeWrite[],
  { object, key, hidden }: DecideSettings,
): Promise<Decision> {
  const { index } = snapshot;
  const places = new Map<RecordKey, number>();
  for (const write of writes) {
    const { at, found } = search(index, write.key);
    if (found) places.set(write.key, at);
  }
  const sound = [...places.values()].filter((at) => index.aside[at] === 0);
  const rows = new Map((await readRows(snapshot, new Set(sound), object)).map((row) => [row.at, row]));
  const drafts = new Map<RecordKey, Draft>();
  const table = new Table(snapshot, key);
  const outcomes = writes.map((write): WriteOutcome => {
    const at = places.get(write.key);
    if (at !== undefined && index.aside[at] !== 0) return setAside(snapshot, write.key, object);
    if (at === undefined && hidden.has(write.key)) return hiddenBy(object);
    const row = at === undefined ? null : (rows.get(at) ?? null);
    const bytes = row === null ? null : row.bytes.subarray(0, row.cells.end);
    const draft = drafts.get(write.key) ?? { row, base: bytes, changed: {}, bytes, isAdded: false };
    drafts.set(write.key, draft);
    return decideOne(table, draft, write);
  });
  return { outcomes, edits: editsOf(snapshot, [...drafts.values()]) };
}

function decideOne(table: Table, draft: Draft, write: NativeWrite): WriteOutcome {
  const refusal = table.refusal(write);
  if (refusal !== null) return refusal;
  const { key, fields } = write;
  const record = draft.bytes === null ? null : table.record(key, draft.bytes);
  if (write.kind === 'create') {
    if (record === null) {
      draft.bytes = table.spellNew(key, fields);
      draft.base = draft.bytes;
      draft.changed = {};
      draft.isAdded = true;
      return { kind: 'accepted', record: table.record(key, draft.bytes) };
    }
    return holds(record, fields) ? { kind: 'accepted', record } : { kind: 'stale', record };
  }
  if (record === null || draft.bytes === null) return { kind: 'stale', record: null };
  if (write.kind === 'update' && holds(record, fields)) return { kind: 'accepted', record };
  const isBlind = Object.keys(write.expect).length === 0;
  const isExpected = isBlind ? write.token === null || write.token === record.token : holds(record, write.expect);
  if (!isExpected) return { kind: 'stale', record };
  if (write.kind === 'delete') {
    draft.bytes = null;
    draft.isAdded = false;
    return { kind: 'accepted', record: null };
  }
  draft.changed = { ...draft.changed, ...fields };
  draft.bytes = table.spellChanged(draft.base ?? draft.bytes, draft.changed);
  return { kind: 'accepted', record: table.record(key, draft.bytes) };
}

function holds(record: NativeRecord, fields: NativeFields): boolean {
  return Object.entries(fields).every(([name, value]) => record.fields[name] === cellOf(value));
}

/** What a value is in a cell: null is an empty one. Undefined for what no cell can hold. */
function cellOf(value: Json | undefined): string | undefined {
  if (value === null) return '';
  return typeof value === 'object' ? undefined : value === undefined ? undefined : String(value);
}

/** Reads and spells the rows of one file. */
class Table {
  readonly #header: Header;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #key: readonly string[];
  readonly #quoted: readonly boolean[];
  readonly #hashOf: (row: Buffer) => Buffer;

  constructor(snapshot: Snapshot, key: readonly string[]) {
    this.#header = headerOf(snapshot);
    this.#columns = new Map(this.#header.columns.map((name, column) => [name, column]));
    this.#key = key;
    this.#quoted = snapshot.index.head.quotedColumns;
    this.#hashOf = rowHasher(this.#header);
  }

  record(key: RecordKey, bytes: Buffer): NativeRecord {
    const texts = this.#texts(bytes);
    const all = this.#header.columns.map((name, column) => [name, texts[column] ?? ''] as const);
    const fields = Object.fromEntries(all.filter(([name]) => name !== ''));
    return { key, fields, token: this.#hashOf(bytes).toString('base64url') };
  }

  /** Why the file cannot take the write, whatever stands in it. Names fields, never values. */
  refusal({ kind, key, fields, expect }: NativeWrite): WriteOutcome | null {
    for (const name of [...Object.keys(fields), ...Object.keys(expect)]) {
      if (name === '' || !this.#columns.has(name)) return refused('unknown_column', `the file has no column "${name}"`);
    }
    const { encoding } = this.#header.dialect;
    for (const [name, value] of Object.entries(fields)) {
      const text = cellOf(value);
      if (text === undefined) return refused('not_a_cell', `the value for "${name}" is a list or an object`);
      if (encode(text, encoding) !== null) continue;
      return refused('not_encodable', `the value for "${name}" has a character that a ${encoding} file cannot hold`);
    }
    const parts = partsOf(key, this.#key.length);
    if (parts === null || parts.every((part) => part === ''))
      return refused('bad_key', 'the key cannot stand in a row');
    if (kind === 'create' && parts.some((part) => encode(part, encoding) === null)) {
      return refused('not_encodable', `the key has a character that a ${encoding} file cannot hold`);
    }
    const isMoved = this.#key.some((name, at) => name in fields && cellOf(fields[name]) !== parts[at]);
    return isMoved ? refused('key_changed', 'the key fields say another key: a changed key is another record') : null;
  }

  spellNew(key: RecordKey, fields: NativeFields): Buffer {
    const keyed = new Map(keyParts(key, this.#key.length).map((part, at) => [this.#key[at], part]));
    const cells = this.#header.columns.map((name, column) => {
      const text = keyed.get(name) ?? cellOf(name === '' ? '' : fields[name]) ?? '';
      return this.#bytesOf(spell(text, this.#header.dialect, this.#quoted[column] === true && text !== ''));
    });
    const delimiter = this.#bytesOf(String.fromCharCode(this.#header.dialect.delimiter));
    return Buffer.concat(cells.flatMap((cell, column) => (column === 0 ? [cell] : [delimiter, cell])));
  }

  /** The row with these fields changed; the bytes of every other cell stay, and so does a cell that was quoted. */
  spellChanged(bytes: Buffer, fields: NativeFields): Buffer {
    const { dialect, columns } = this.#header;
    const cells = emptyCells();
    cutRecord(bytes, 0, dialect, cells, true);
    const pieces: Buffer[] = [];
    let at = 0;
    columns.forEach((name, column) => {
      const text = name !== '' && Object.hasOwn(fields, name) ? cellOf(fields[name]) : undefined;
      if (text === undefined || text === cellText(bytes, cells, column, dialect)) return;
      const start = cells.starts[column] as number;
      const end = cells.ends[column] as number;
      const wasQuoted = start === end ? this.#quoted[column] === true : isQuoted(bytes, cells, column, dialect);
      pieces.push(bytes.subarray(at, start), this.#bytesOf(spell(text, dialect, wasQuoted)));
      at = end;
    });
    return Buffer.concat([...pieces, bytes.subarray(at)]);
  }

  /** Bytes that we spelled ourselves must cut into as many cells as the header has, or we would break the file. */
  #texts(bytes: Buffer): readonly string[] {
    const { dialect, columns } = this.#header;
    const cells = emptyCells();
    cutRecord(bytes, 0, dialect, cells, true);
    if (cells.state !== 'whole' || cells.end !== bytes.length || cells.starts.length !== columns.length) {
      throw new Error('assertion failed: a row was spelled that does not read as one');
    }
    return columns.map((_, column) => cellText(bytes, cells, column, dialect));
  }

  #bytesOf(text: string): Buffer {
    const bytes = encode(text, this.#header.dialect.encoding);
    if (bytes === null) throw new Error('assertion failed: a text was to be spelled that the encoding cannot hold');
    return bytes;
  }
}

function partsOf(key: RecordKey, count: number): readonly string[] | null {
  try {
    return keyParts(key, count);
  } catch (error) {
    if (error instanceof ParleyError) return null;
    throw error;
  }
}

function refused(reason: string, message: string): WriteOutcome {
  return { kind: 'refused', code: `csv.${reason}`, message: `${message}; nothing was written for this record.` };
}

function setAside({ index }: Snapshot, key: RecordKey, object: string): WriteOutcome {
  const row = index.head.asides.find((aside) => aside.key === key);
  const where = row === undefined ? object : `${object}:${row.line}`;
  return refused('row_set_aside', `the row at ${where} is set aside because ${row?.reason ?? 'it is no record'}`);
}

function hiddenBy(object: string): WriteOutcome {
  const message = `its row is not to be found in ${object}, and may be one of those that are set aside`;
  return refused('row_set_aside', message);
}

function editsOf({ index }: Snapshot, drafts: readonly Draft[]): Edits {
  const ranges = drafts.flatMap(({ row, bytes, isAdded }) => {
    if (row === null) return [];
    const from = index.offsets[row.at] as number;
    if (bytes === null || isAdded) return [{ from, to: from + row.bytes.length, bytes: Buffer.alloc(0) }];
    const end = row.cells.end;
    return bytes.equals(row.bytes.subarray(0, end)) ? [] : [{ from, to: from + end, bytes }];
  });
  const added = drafts.flatMap(({ bytes, isAdded }) => (bytes !== null && isAdded ? [bytes] : []));
  return { ranges: ranges.sort((a, b) => a.from - b.from), added };
}
