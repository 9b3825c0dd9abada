import { append, emptyLog, rootOf, type NodeHash } from './merkle.js';

/** Root of the leaves `from` (inclusive) to `to` (exclusive). */
export type RangeRoot = (from: number, to: number) => string;

/** The greatest power of two below `count`: where RFC 6962 splits a tree of more than one leaf. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/**
 * The proof that leaf `index` stands in the log of `size` leaves (RFC 6962 §2.1.1): the roots beside the way from the
 * leaf to the root, nearest first. O(log size) hashes. Requires `index < size`.
 */
export function inclusionProof(index: number, size: number, root: RangeRoot): readonly string[] {
  const proof: string[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      proof.push(root(middle, to));
      to = middle;
    } else {
      proof.push(root(from, middle));
      from = middle;
    }
  }
  return proof.reverse();
}

/** The root that a proof leads to from a leaf; null when the proof has not the length that index and size ask for. */
export function rootByInclusion(
  leaf: string,
  index: number,
  size: number,
  proof: readonly string[],
  node: NodeHash,
): string | null {
  if (index < 0 || index >= size) return null;
  const turns: ('left' | 'right')[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    turns.push(index < middle ? 'left' : 'right');
    if (index < middle) to = middle;
    else from = middle;
  }
  if (turns.length !== proof.length) return null;
  return turns
    .reverse()
    .reduce(
      (hash, turn, at) => (turn === 'left' ? node(hash, proof[at] as string) : node(proof[at] as string, hash)),
      leaf,
    );
}

/**
 * The proof that the log of `older` leaves is the beginning of the one of `newer` (RFC 6962 §2.1.2). Empty when one of
 * them is empty or both have the same size: then the roots alone say it.
 */
export function consistencyProof(older: number, newer: number, root: RangeRoot): readonly string[] {
  return older === 0 || older >= newer ? [] : subproof(older, 0, newer, true, root);
}

function subproof(older: number, from: number, to: number, isWhole: boolean, root: RangeRoot): readonly string[] {
  const count = to - from;
  if (older === count) return isWhole ? [] : [root(from, to)];
  const split = splitOf(count);
  const middle = from + split;
  if (older <= split) return [...subproof(older, from, middle, isWhole, root), root(middle, to)];
  return [...subproof(older - split, middle, to, false, root), root(from, middle)];
}

export type SizedRoot = { readonly size: number; readonly root: string };

/** Whether a proof of consistency connects both roots (RFC 9162 §2.1.4.2). */
export function isConsistent(older: SizedRoot, newer: SizedRoot, proof: readonly string[], node: NodeHash): boolean {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root === newer.root;
  if (older.size === 0) return proof.length === 0;
  const isPowerOfTwo = splitOf(older.size * 2) === older.size;
  const path = isPowerOfTwo ? [older.root, ...proof] : [...proof];
  let [at, last] = [older.size - 1, newer.size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [left, right] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      left = node(hash, left);
      right = node(hash, right);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else right = node(right, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && left === older.root && right === newer.root;
}

/** Leaves of a block that is kept as one hash while the ranges of proofs are made. A power of two. */
export const blockLeaves = 1_024;

/**
 * Roots of ranges over a log that is too long to be held: whole blocks are one hash, and only the blocks named in
 * `open` keep their leaves. Give it the leaves in order; then ask for ranges whose ragged ends lie in open blocks.
 */
export class LeafBlocks {
  readonly #node: NodeHash;
  readonly #open: ReadonlySet<number>;
  readonly #roots: string[] = [];
  readonly #leaves = new Map<number, readonly string[]>();
  #block: string[] = [];
  #size = 0;

  constructor(open: Iterable<number>, node: NodeHash) {
    this.#open = new Set(open);
    this.#node = node;
  }

  add(leaf: string): void {
    this.#block.push(leaf);
    this.#size += 1;
    if (this.#block.length === blockLeaves) this.#close();
  }

  #close(): void {
    const number = this.#roots.length;
    if (this.#open.has(number)) this.#leaves.set(number, this.#block);
    this.#roots.push(rootOf(append(emptyLog, this.#block, this.#node), this.#node) as string);
    this.#block = [];
  }

  /** The leaves below are a prefix of the log, so the block under way is open too. */
  readonly root: RangeRoot = (from, to) => {
    const isWhole = from % blockLeaves === 0 && to - from === blockLeaves && to <= this.#roots.length * blockLeaves;
    if (isWhole) return this.#roots[from / blockLeaves] as string;
    if (to - from === 1) return this.#leaf(from);
    const middle = from + splitOf(to - from);
    return this.#node(this.root(from, middle), this.root(middle, to));
  };

  #leaf(at: number): string {
    const number = Math.floor(at / blockLeaves);
    const leaves = number === this.#roots.length ? this.#block : this.#leaves.get(number);
    const leaf = at < this.#size ? leaves?.[at % blockLeaves] : undefined;
    if (leaf === undefined) throw new Error(`assertion failed: leaf ${at} is not in an open block`);
    return leaf;
  }
}
