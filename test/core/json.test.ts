import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, sameJson, type Json } from '../../src/core/json.js';
import { applyPatch, patchBetween } from '../../src/core/patch.js';
import { json } from './json.js';

function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((member: Json) => reversed(member));
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

test('canonical text can be read back and does not depend on the order of members', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }),
  );
});

test('two values have the same canonical text exactly when they are equal', () => {
  fc.assert(
    fc.property(json, json, (x, y) => {
      expect(sameJson(x, reversed(x))).toBe(true);
      let isEqual = true;
      try {
        expect(x).toStrictEqual(y);
      } catch {
        isEqual = false;
      }
      expect(sameJson(x, y)).toBe(isEqual);
    }),
  );
});

const document = fc.dictionary(fc.stringMatching(/^[a-z~/]{1,3}$/), json, { maxKeys: 4 });

test('the patch between two documents turns one into the other, and its opposite takes it back', () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      const there = applyPatch(before, patchBetween(before, after));
      expect(sameJson(there, after)).toBe(true);
      expect(sameJson(applyPatch(there, patchBetween(after, before)), before)).toBe(true);
    }),
  );
});

test('a patch leaves the document as it was, and equal documents need none', () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      const text = canonicalJson(before);
      applyPatch(before, patchBetween(before, after));
      expect(canonicalJson(before)).toBe(text);
      expect(patchBetween(before, structuredClone(before))).toEqual([]);
    }),
  );
});

test('a patch that does not fit the document is refused', () => {
  expect(() => applyPatch({ a: 1 }, [{ op: 'remove', path: '/b' }])).toThrow();
});
