import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { append, emptyLog, rootOf, type NodeHash } from '../../../src/core/ledger/merkle.js';
import {
  blockLeaves,
  consistencyProof,
  inclusionProof,
  isConsistent,
  LeafBlocks,
  rootByInclusion,
  type RangeRoot,
} from '../../../src/core/ledger/proof.js';

// SPEC I17: a proof of inclusion or consistency holds for the log that it was made of, and for no other.

const hash = (prefix: number, ...parts: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.of(prefix), ...parts.map((part) => Buffer.from(part, 'hex'))]))
    .digest('hex');
const node: NodeHash = (left, right) => hash(1, left, right);
const leafOf = (index: number): string => hash(0, Buffer.from(`leaf ${index}`).toString('hex'));
const leaves = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => leafOf(index));
const root = (all: readonly string[]): string => rootOf(append(emptyLog, all, node), node) as string;
const rangesOf =
  (all: readonly string[]): RangeRoot =>
  (from, to) =>
    root(all.slice(from, to));

test('every leaf of every log up to 40 leaves is proven to be in it, and nowhere else', () => {
  for (let size = 1; size <= 40; size += 1) {
    const all = leaves(size);
    for (let index = 0; index < size; index += 1) {
      const proof = inclusionProof(index, size, rangesOf(all));
      expect(rootByInclusion(all[index] as string, index, size, proof, node)).toBe(root(all));
      expect(rootByInclusion(leafOf(99), index, size, proof, node)).not.toBe(root(all));
      if (size > 1) {
        const other = (index + 1) % size;
        expect(rootByInclusion(all[index] as string, other, size, proof, node)).not.toBe(root(all));
      }
    }
  }
});

test('every log up to 40 leaves is proven to continue every shorter one', () => {
  for (let newer = 1; newer <= 40; newer += 1) {
    const all = leaves(newer);
    for (let older = 1; older <= newer; older += 1) {
      const proof = consistencyProof(older, newer, rangesOf(all));
      const [before, after] = [
        { size: older, root: root(all.slice(0, older)) },
        { size: newer, root: root(all) },
      ];
      expect(isConsistent(before, after, proof, node)).toBe(true);
      expect(isConsistent({ ...before, root: leafOf(99) }, after, proof, node)).toBe(false);
      expect(isConsistent(before, { ...after, root: leafOf(99) }, proof, node)).toBe(false);
    }
  }
});

test('a log that was rewritten is consistent with no checkpoint of what it was', () => {
  const cases = fc
    .record({ older: fc.integer({ min: 1, max: 120 }), more: fc.integer({ min: 0, max: 80 }), at: fc.nat() })
    .map(({ older, more, at }) => ({ older, newer: older + more, at: at % older }));
  fc.assert(
    fc.property(cases, ({ older, newer, at }) => {
      const [all, rewritten] = [leaves(newer), leaves(newer).with(at, leafOf(9_999))];
      const proof = consistencyProof(older, newer, rangesOf(rewritten));
      const before = { size: older, root: root(all.slice(0, older)) };
      expect(isConsistent(before, { size: newer, root: root(rewritten) }, proof, node)).toBe(false);
    }),
    { numRuns: 150 },
  );
});

test('a proof with a hash changed, added or left out proves nothing', () => {
  const cases = fc
    .record({ size: fc.integer({ min: 2, max: 90 }), a: fc.nat(), b: fc.nat(), at: fc.nat() })
    .map(({ size, a, b, at }) => ({ size, index: a % size, older: 1 + (b % (size - 1)), at }));
  fc.assert(
    fc.property(cases, ({ size, index, older, at }) => {
      const all = leaves(size);
      const spoilt = (proof: readonly string[]): (readonly string[])[] => [
        [...proof, leafOf(9_997)],
        proof.slice(1),
        proof.with(at % proof.length, leafOf(9_998)),
      ];
      const leaf = all[index] as string;
      for (const proof of spoilt(inclusionProof(index, size, rangesOf(all))))
        expect(rootByInclusion(leaf, index, size, proof, node)).not.toBe(root(all));
      const [before, after] = [
        { size: older, root: root(all.slice(0, older)) },
        { size, root: root(all) },
      ];
      for (const proof of spoilt(consistencyProof(older, size, rangesOf(all))))
        expect(isConsistent(before, after, proof, node)).toBe(false);
    }),
    { numRuns: 150 },
  );
});

test('proofs over blocks are those over all leaves', () => {
  const size = blockLeaves * 2 + 77;
  const all = leaves(size);
  const [index, older] = [blockLeaves + 5, blockLeaves - 3];
  const blocks = new LeafBlocks([0, 1], node);
  for (const leaf of all) blocks.add(leaf);
  expect(inclusionProof(index, size, blocks.root)).toEqual(inclusionProof(index, size, rangesOf(all)));
  expect(consistencyProof(older, size, blocks.root)).toEqual(consistencyProof(older, size, rangesOf(all)));
  expect(blocks.root(0, size)).toBe(root(all));
});
