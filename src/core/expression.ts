import type { Json } from './json.js';
import { canonicalDecimal } from './decimal.js';
import { isBlank } from './mapping/equality.js';
import { scalarText } from './mapping/mapping.js';
import { compareValues } from './policy/order.js';
import type { Expression, LensName } from './rules.js';

/** What an expression gave, or why it gave nothing: a blank where a number was needed, a result of the wrong kind. */
export type Evaluated = { readonly value: Json } | { readonly failure: string };

/**
 * Evaluates an expression of a file over values of records. Total: it never throws, and what it cannot tell it says. It is
 * compiled outside of the core and passed in, within limits on its size, depth and the lists it may walk over.
 */
export type Evaluate = (expression: Expression, inputs: { readonly [name: string]: Json }) => Evaluated;

/** Where nothing can be evaluated every expression fails, so every clash under one is asked. */
export const evaluateNothing: Evaluate = () => ({ failure: 'expressions are not evaluated here' });

/** A value in the domain of a type, as people write it; null when it is none. Results of expressions are held against it. */
export function inDomain(as: LensName, value: Json): Json {
  if (isBlank(value)) return null;
  switch (as) {
    case 'list':
      return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'integer':
      return /^-?\d+$/.test(canonicalDecimal(scalarText(value)) ?? '') ? scalarText(value) : null;
    case 'decimal':
      return canonicalDecimal(scalarText(value)) === null ? null : scalarText(value);
    case 'date':
    case 'timestamp':
      return compareValues(as, value, value) === null ? null : value;
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'join':
    case 'reference':
      return null;
  }
}
