import { type Aside, hashBytes, type IndexHead, type KeyIndex } from './key-index.js';

export type ListedRow = {
  readonly key: string;
  readonly hash: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  /** Why the row is no record although its key can be read; null for a sound row. */
  readonly fault: string | null;
};

const firstRows = 4_096;

/** Rows in file order, in flat arrays that double when they are full. */
export class RowList {
  count = 0;
  readonly faults = new Map<number, string>();
  hashes = Buffer.allocUnsafe(hashBytes * firstRows);
  offsets = new Float64Array(firstRows);
  lengths = new Uint32Array(firstRows);
  lines = new Uint32Array(firstRows);
  #keys = Buffer.allocUnsafe(16 * firstRows);
  #keyEnds = new Uint32Array(firstRows);

  add(row: ListedRow): void {
    const at = this.count;
    const start = this.#keyStart(at);
    const end = start + Buffer.byteLength(row.key, 'utf8');
    if (at === this.lines.length) this.#grow();
    while (end > this.#keys.length) this.#keys = Buffer.concat([this.#keys], 2 * this.#keys.length);
    this.#keys.write(row.key, start, 'utf8');
    this.#keyEnds[at] = end;
    row.hash.copy(this.hashes, at * hashBytes);
    this.offsets[at] = row.offset;
    this.lengths[at] = row.length;
    this.lines[at] = row.line;
    if (row.fault !== null) this.faults.set(at, row.fault);
    this.count += 1;
  }

  keyBytes(at: number): Buffer {
    return this.#keys.subarray(this.#keyStart(at), this.#keyEnds[at]);
  }

  compare(a: number, b: number): number {
    return this.#keys.compare(this.#keys, this.#keyStart(b), this.#keyEnds[b], this.#keyStart(a), this.#keyEnds[a]);
  }

  #keyStart(at: number): number {
    return at === 0 ? 0 : (this.#keyEnds[at - 1] as number);
  }

  #grow(): void {
    const size = 2 * this.lines.length;
    this.offsets = moved(this.offsets, new Float64Array(size));
    this.lengths = moved(this.lengths, new Uint32Array(size));
    this.lines = moved(this.lines, new Uint32Array(size));
    this.#keyEnds = moved(this.#keyEnds, new Uint32Array(size));
    this.hashes = Buffer.concat([this.hashes], hashBytes * size);
  }
}

function moved<List extends Uint32Array | Float64Array>(from: List, into: List): List {
  into.set(from);
  return into;
}

/** The index of a list: by key, each key once. A key is marked when it stands twice or its row has a fault. */
export function sortedByKey(rows: RowList, head: IndexHead): KeyIndex {
  const order = keyOrder(rows);
  const asides = [...head.asides];
  const chosen: number[] = [];
  const marks: number[] = [];
  for (let first = 0; first < order.length; ) {
    let next = first + 1;
    while (next < order.length && rows.compare(order[first] as number, order[next] as number) === 0) next += 1;
    const row = order[first] as number;
    const isAside = next - first > 1 || rows.faults.has(row);
    if (isAside) asides.push(...asideRows(rows, order.subarray(first, next)));
    chosen.push(row);
    marks.push(isAside ? 1 : 0);
    first = next;
  }
  return packed(rows, chosen, marks, { ...head, asides: asides.sort((a, b) => a.line - b.line) });
}

function keyOrder(rows: RowList): Uint32Array {
  const order = Uint32Array.from({ length: rows.count }, (_, at) => at);
  // Exports are mostly sorted by their key already; looking costs one pass and saves the sort.
  let isSorted = true;
  for (let at = 1; isSorted && at < rows.count; at += 1) isSorted = rows.compare(at - 1, at) <= 0;
  return isSorted ? order : order.sort((a, b) => rows.compare(a, b) || a - b);
}

const linesToldMax = 5;

function asideRows(rows: RowList, same: Uint32Array): readonly Aside[] {
  const lines = [...same].map((row) => rows.lines[row] as number);
  return [...same].map((row, place) => {
    // Enough are copied to tell five others; a key that stands a thousand times would make a million otherwise.
    const others = lines.slice(0, linesToldMax + 1).filter((_, other) => other !== place);
    const told = others.slice(0, linesToldMax).join(', ');
    const more = lines.length - 1 > linesToldMax ? ' and more' : '';
    return {
      line: rows.lines[row] as number,
      reason: rows.faults.get(row) ?? `its key also stands on line ${told}${more}`,
      key: rows.keyBytes(row).toString('utf8'),
      hash: rows.hashes.toString('base64url', row * hashBytes, (row + 1) * hashBytes),
    };
  });
}

/** Copies the chosen rows into arrays of their exact size. */
function packed(rows: RowList, chosen: readonly number[], marks: readonly number[], head: IndexHead): KeyIndex {
  const count = chosen.length;
  const keyStarts = new Uint32Array(count + 1);
  const hashes = Buffer.alloc(count * hashBytes);
  const offsets = new Float64Array(count);
  const lengths = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) {
    const row = chosen[at] as number;
    keyStarts[at + 1] = (keyStarts[at] as number) + rows.keyBytes(row).length;
    rows.hashes.copy(hashes, at * hashBytes, row * hashBytes, (row + 1) * hashBytes);
    offsets[at] = rows.offsets[row] as number;
    lengths[at] = rows.lengths[row] as number;
  }
  const keys = Buffer.alloc(keyStarts[count] as number);
  for (let at = 0; at < count; at += 1) rows.keyBytes(chosen[at] as number).copy(keys, keyStarts[at]);
  return { head, count, keys, keyStarts, hashes, offsets, lengths, aside: Uint8Array.from(marks) };
}
