import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { append, emptyLog, rootOf, type NodeHash } from '../../../src/core/ledger/merkle.js';

// SPEC I17: the log's head commits to every leaf and to their order.

const sha256 = (prefix: number, ...parts: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.from([prefix]), ...parts.map((part) => Buffer.from(part, 'hex'))]))
    .digest('hex');
const node: NodeHash = (left, right) => sha256(1, left, right);
const leaf = (index: number): string => sha256(0, Buffer.from(`leaf ${index}`).toString('hex'));
const leaves = fc
  .integer({ min: 0, max: 300 })
  .map((count) => Array.from({ length: count }, (_, index) => leaf(index)));

/** The definition of RFC 6962 §2.1, as it is written there. */
function treeHash(all: readonly string[]): string | null {
  if (all.length <= 1) return all[0] ?? null;
  let split = 1;
  while (split * 2 < all.length) split *= 2;
  return node(treeHash(all.slice(0, split)) as string, treeHash(all.slice(split)) as string);
}

test('the root is the tree hash of RFC 6962', () => {
  fc.assert(
    fc.property(leaves, (all) => {
      expect(rootOf(append(emptyLog, all, node), node)).toBe(treeHash(all));
    }),
    { numRuns: 60 },
  );
});

test('the root of every size up to 65 is the tree hash', () => {
  for (let size = 0; size <= 65; size += 1) {
    const all = Array.from({ length: size }, (_, index) => leaf(index));
    expect(rootOf(append(emptyLog, all, node), node)).toBe(treeHash(all));
  }
});

test('appending one by one, all at once or in two parts gives the same head', () => {
  fc.assert(
    fc.property(leaves, fc.nat(300), (all, at) => {
      const whole = append(emptyLog, all, node);
      expect(all.reduce((head, one) => append(head, [one], node), emptyLog)).toEqual(whole);
      expect(append(append(emptyLog, all.slice(0, at), node), all.slice(at), node)).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test('the head keeps one peak for each set bit of the size', () => {
  fc.assert(
    fc.property(leaves, (all) => {
      const ones = all.length.toString(2).replaceAll('0', '').length;
      expect(append(emptyLog, all, node).peaks).toHaveLength(ones);
    }),
    { numRuns: 60 },
  );
});

test('a leaf that is changed, dropped or moved changes the root', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 80 }), fc.nat(), (count, random) => {
      const all = Array.from({ length: count }, (_, index) => leaf(index));
      const at = random % (count - 1);
      const root = (list: readonly string[]): string | null => rootOf(append(emptyLog, list, node), node);
      const swapped = [...all.slice(0, at), all[at + 1] as string, all[at] as string, ...all.slice(at + 2)];
      const changed = all.with(at, leaf(999));
      const roots = [all, swapped, changed, all.toSpliced(at, 1)].map(root);
      expect(new Set(roots).size).toBe(4);
    }),
    { numRuns: 60 },
  );
});
