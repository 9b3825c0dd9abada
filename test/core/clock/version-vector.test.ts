import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  actor,
  compare,
  emptyVector,
  hasDot,
  includes,
  join,
  vectorText,
  withDot,
  type Dot,
  type Vector,
} from '../../../src/core/clock/version-vector.js';

const actors = ['a#1', 'b#1', 'b#2', 'hub#1'];
const vector: fc.Arbitrary<Vector> = fc.dictionary(fc.constantFrom(...actors), fc.nat(4));
const dot: fc.Arbitrary<Dot> = fc.tuple(fc.constantFrom(...actors), fc.integer({ min: 1, max: 5 }));
const same = (x: Vector, y: Vector): boolean => compare(x, y) === 'equal';
const mirror = { equal: 'equal', before: 'after', after: 'before', concurrent: 'concurrent' } as const;

test('inclusion is a partial order: reflexive, antisymmetric, transitive', () => {
  fc.assert(
    fc.property(vector, vector, vector, (x, y, z) => {
      expect(includes(x, { ...x })).toBe(true);
      if (includes(x, y) && includes(y, x)) expect(vectorText(x)).toBe(vectorText(y));
      if (includes(x, y) && includes(y, z)) expect(includes(x, z)).toBe(true);
    }),
  );
});

test('the join is commutative, associative and idempotent, and has the empty vector as its unit', () => {
  fc.assert(
    fc.property(vector, vector, vector, (x, y, z) => {
      expect(same(join(x, y), join(y, x))).toBe(true);
      expect(same(join(x, join(y, z)), join(join(x, y), z))).toBe(true);
      expect(same(join(x, x), x)).toBe(true);
      expect(same(join(x, emptyVector), x)).toBe(true);
    }),
  );
});

test('the join is the least vector that includes both', () => {
  fc.assert(
    fc.property(vector, vector, vector, (x, y, z) => {
      const joined = join(x, y);
      expect(includes(joined, x) && includes(joined, y)).toBe(true);
      if (includes(z, x) && includes(z, y)) expect(includes(z, joined)).toBe(true);
    }),
  );
});

test('the join leaves its arguments as they were', () => {
  fc.assert(
    fc.property(vector, vector, (x, y) => {
      const before = [vectorText(x), vectorText(y)];
      join(x, y);
      expect([vectorText(x), vectorText(y)]).toEqual(before);
    }),
  );
});

test('comparing the other way round gives the mirrored ordering', () => {
  fc.assert(
    fc.property(vector, vector, (x, y) => {
      expect(compare(y, x)).toBe(mirror[compare(x, y)]);
    }),
  );
});

test('a dot that was added is there, adding it twice changes nothing, and nothing is lost by it', () => {
  fc.assert(
    fc.property(vector, dot, (x, added) => {
      const once = withDot(x, added);
      expect(hasDot(once, added)).toBe(true);
      expect(withDot(once, added)).toBe(once);
      expect(includes(once, x)).toBe(true);
      if (!hasDot(x, added)) expect(compare(x, once)).toBe('before');
    }),
  );
});

test('a vector has a dot exactly when it includes the vector of that dot alone', () => {
  fc.assert(
    fc.property(vector, dot, (x, [name, counter]) => {
      expect(hasDot(x, [name, counter])).toBe(includes(x, { [name]: counter }));
    }),
  );
});

test('two vectors have the same text exactly when they are equal, whatever the order of their members', () => {
  fc.assert(
    fc.property(vector, vector, (x, y) => {
      expect(vectorText(x) === vectorText(y)).toBe(same(x, y));
      expect(vectorText(Object.fromEntries(Object.entries(x).reverse()))).toBe(vectorText(x));
    }),
  );
});

test('the epoch is part of the actor, so that a counter is never allotted twice', () => {
  expect(compare({ [actor('a', 1)]: 3 }, { [actor('a', 2)]: 3 })).toBe('concurrent');
});
