import { ParleyError } from './errors.js';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** A pair's id is the name of its file: `suppliers` for `pairs/suppliers.yaml`. */
export type PairId = Id<'PairId'>;
/** The name a side carries in the pair's file: `crm`, `erp`. */
export type SideName = Id<'SideName'>;
/** The shared name of a field or atomic group of fields. */
export type UnitName = Id<'UnitName'>;
/** A record's id in its own system. Composite keys are the JSON array text of their parts, in key order. */
export type RecordKey = Id<'RecordKey'>;
/** The hash of a pair's configuration; every decision names the revision that made it. */
export type RevisionId = Id<'RevisionId'>;
/** The entity that linked records stand for. Counted from 1 within a pair. */
export type EntityId = number & { readonly [brand]: 'EntityId' };

/** Ids are minted here or parsed at an edge; nothing else casts. */
export const entityId = (raw: number): EntityId => raw as EntityId;
export const recordKey = (raw: string): RecordKey => raw as RecordKey;
export const revisionId = (raw: string): RevisionId => raw as RevisionId;

const namePattern = /^[a-z][a-z0-9_-]{0,62}$/;

function parseName(raw: string, what: string): string {
  if (namePattern.test(raw)) return raw;
  throw new ParleyError(
    'config.bad_name',
    `${what} "${raw}" is not usable: names start with a lower-case letter, then letters, digits, _ and -.`,
  );
}
export const pairId = (raw: string): PairId => parseName(raw, 'pair') as PairId;
export const sideName = (raw: string): SideName => parseName(raw, 'side') as SideName;
export const unitName = (raw: string): UnitName => parseName(raw, 'unit') as UnitName;

/** Key text for a composite key; a single part is its own text, so that it can be typed as it is seen. */
export function keyOf(parts: readonly string[]): RecordKey {
  return (parts.length === 1 ? parts[0] : JSON.stringify(parts)) as RecordKey;
}

/** The parts of a key made by `keyOf`. @throws ParleyError `connector.bad_key` when the text is not such a key. */
export function keyParts(key: RecordKey, count: number): readonly string[] {
  if (count === 1) return [key];
  try {
    const parts = JSON.parse(key) as unknown;
    if (Array.isArray(parts) && parts.length === count && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // Falls through to the error below: the text was not JSON at all.
  }
  throw new ParleyError('connector.bad_key', `"${key}" is not a key of ${count} parts, such as ["a","b"].`);
}
