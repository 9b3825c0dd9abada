import type { EntityId, PairId, RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';

/**
 * A unit that names a record of another pair (semantics §1.13). Its value is the key that a side gave, with that side's
 * name: `crm:17`. So it says what was typed, whatever links come and go; two values are equal when they name records of
 * one entity, and a side is written the key that the same entity has there.
 */
export type Reference = {
  /** The pair whose records are named: the parents. */
  readonly pair: PairId;
  /** Whether a record may not be made without it; else it is made with a blank, which is filled later. */
  readonly isRequired: boolean;
  /** What follows for records that name one which was deleted; `restrict` unless the file says otherwise. */
  readonly parentDeleted?: ParentDeletedRule;
  /** What is known of the parents that a page needs; without it none is known, and everything waits. */
  readonly parents?: Parents;
};

/**
 * `restrict`: it is not deleted while a record names it there, and a person is asked. `nullify`: the references are blanked
 * first. `cascade`: the records that name it are deleted first, as `deletes` of their own pair says.
 */
export type ParentDeletedRule = 'restrict' | 'nullify' | 'cascade';
/** References of another pair to this one's records. */
export type Children = { readonly pair: PairId; readonly unit: UnitName; readonly parentDeleted: ParentDeletedRule };

export type Parents = { find(side: SideName, key: RecordKey): Parent | null };
/** An entity of the other pair, and its records that are there. */
export type Parent = { readonly id: EntityId; readonly keys: { readonly [side: SideName]: RecordKey } };

/** A unit that cannot be written to a side, because what it names has no record there. */
export type Wait = { readonly unit: UnitName; readonly side: SideName; readonly on: string };

type Referring = { readonly reference?: Reference };

export function referenceText(side: SideName, key: string): string {
  return `${side}:${key}`;
}

/** Names of sides hold no colon, keys may. Null for what is no reference, such as a blank. */
export function referenceParts(value: Json): { readonly side: SideName; readonly key: RecordKey } | null {
  if (typeof value !== 'string') return null;
  const at = value.indexOf(':');
  return at < 1 ? null : { side: value.slice(0, at) as SideName, key: value.slice(at + 1) as RecordKey };
}

/** The form in which references are compared: the entity where it is known, else what was typed. */
export function canonicalReference(unit: Referring, value: Json): Json {
  const parent = parentOf(unit, value);
  return parent === null ? value : `#${parent.id}`;
}

/** The key under which a side has the record that is named; null when it has none, or that is not known. */
export function keyThere(unit: Referring, side: SideName, value: Json): RecordKey | null {
  return parentOf(unit, value)?.keys[side] ?? null;
}

function parentOf({ reference }: Referring, value: Json): Parent | null {
  const parts = referenceParts(value);
  return parts === null ? null : (reference?.parents?.find(parts.side, parts.key) ?? null);
}
