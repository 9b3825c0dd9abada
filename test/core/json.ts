import fc from 'fast-check';
import type { Json } from '../../src/core/json.js';

/** Any JSON value, as JSON can hold it: no negative zero, which has no text of its own. */
export const json: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
