import type { NativeFieldMap } from '../record.js';
import { keyOf, keyParts, type SideName } from '../ids.js';
import { canonicalJson, type Json } from '../json.js';
import type { ListForm, UnitRules } from '../rules.js';
import { isBlank, sameValue } from './equality.js';
import { canonicalReference, keyThere, referenceText, type Wait } from '../reference.js';
import { readList, writeList } from './list.js';
import { storedRaw } from './stored-form.js';

/**
 * The lens of one unit on one side (semantics §4): raw native value ⇄ shared value. GetPut holds for all of them:
 * `put(get(raw), raw)` is `raw` itself, so that no edit means no write. One-way sides have a `put` and no `get`.
 */

/** The raw value of a unit in a record: a scalar for one path, a list for a group. Undefined when a path was not returned. */
export function readUnit(unit: UnitRules, side: SideName, fields: NativeFieldMap): Json | undefined {
  const paths = unit.paths[side];
  if (paths === undefined) return undefined;
  if (paths.length === 1) return fields[paths[0] as string];
  const members: Json[] = [];
  for (const path of paths) {
    const member = fields[path];
    if (member === undefined) return undefined;
    members.push(member);
  }
  return members;
}

/** The native fields that a raw value stands for. Inverse of `readUnit`. */
export function writeUnit(unit: UnitRules, side: SideName, raw: Json): NativeFieldMap {
  const paths = unit.paths[side] ?? [];
  if (paths.length === 1) return { [paths[0] as string]: raw };
  const members = Array.isArray(raw) ? (raw as readonly Json[]) : [];
  return Object.fromEntries(paths.map((path, index) => [path, members[index] ?? null]));
}

/** Whether a value can be read back from this side; a joined string cannot be split again without guessing. */
export function isReadable(unit: UnitRules, side: SideName): boolean {
  return unit.as !== 'join' || (unit.paths[side]?.length ?? 0) > 1;
}

/**
 * raw → shared value. Only for readable sides. What was typed is kept as typed; of a list the elements are. A text that is
 * no list comes back as it is, and `isValue` says so.
 */
export function getValue(unit: UnitRules, side: SideName, raw: Json): Json {
  if (unit.as === 'reference') return referenceOf(unit, side, raw);
  return (unit.as === 'list' ? readList(formOf(unit, side), raw) : null) ?? raw;
}

/** The key that the fields hold, as they stand in the key of what is named. One of them blank, and nothing is named. */
function referenceOf(unit: UnitRules, side: SideName, raw: Json): Json {
  const isSeveral = (unit.paths[side]?.length ?? 1) > 1;
  const parts: readonly Json[] = isSeveral && Array.isArray(raw) ? (raw as readonly Json[]) : [raw];
  return parts.some(isBlank) ? null : referenceText(side, keyOf(parts.map(scalarText)));
}

/** What the fields of a side hold to name the record; null when it has no record there, or not under a key of these fields. */
function fieldsThere(unit: UnitRules, side: SideName, value: Json): Json {
  const key = keyThere(unit, side, value);
  const count = unit.paths[side]?.length ?? 1;
  if (key === null || count === 1) return key;
  try {
    return keyParts(key, count);
  } catch {
    // The other pair has another key by now: until both files say the same, nothing can be named.
    return null;
  }
}

/** Whether a raw value is one of the unit's type at all, as far as the type says. */
export function isValue(unit: UnitRules, side: SideName, raw: Json): boolean {
  return unit.as !== 'list' || readList(formOf(unit, side), raw) !== null;
}

/** Equality of two shared values of a unit: references are equal that name one entity. */
export function sameIn(unit: UnitRules, left: Json, right: Json): boolean {
  if (unit.as !== 'reference') return sameValue(unit.same, left, right);
  return left === right || sameValue('exact', canonicalReference(unit, left), canonicalReference(unit, right));
}

/** Equality of two raw values of one side. */
export function sameRaw(unit: UnitRules, side: SideName, left: Json, right: Json): boolean {
  return sameIn(unit, getValue(unit, side, left), getValue(unit, side, right));
}

/** Whether a raw value of a side stands for a blank: for a list, also the text of an empty one. */
export function isBlankRaw(unit: UnitRules, side: SideName, raw: Json): boolean {
  return isBlank(getValue(unit, side, raw));
}

function formOf(unit: UnitRules, side: SideName): ListForm {
  return unit.forms?.[side] ?? { kind: 'json' };
}

/** Whether a side that holds this raw value has the shared one, as far as it can hold it. */
export function holdsValue(unit: UnitRules, side: SideName, value: Json, raw: Json): boolean {
  if (sameIn(unit, value, getValue(unit, side, raw))) return true;
  return (
    unit.stores?.[side] !== undefined && sameRaw(unit, side, storedRaw(unit, side, rawOf(unit, side, value, raw)), raw)
  );
}

/**
 * shared value → raw value for a side that holds `old` (undefined: nothing yet). When the side already holds an
 * equal value, or what it makes of it, that is the answer, in the side's own spelling: equal values are never rewritten.
 */
export function putValue(unit: UnitRules, side: SideName, value: Json, old: Json | undefined): Json {
  if (old !== undefined && holdsValue(unit, side, value, old)) return old;
  return storedRaw(unit, side, rawOf(unit, side, value, old));
}

/** The raw value before the side makes something of it. */
function rawOf(unit: UnitRules, side: SideName, value: Json, old: Json | undefined): Json {
  if (!isReadable(unit, side)) return joined(value);
  if (unit.as === 'list') return writeList(formOf(unit, side), unit.same, listTexts(value), old);
  if (isBlank(value)) return blankOf(unit, side);
  // What has no record there is not written: the side keeps its own (`waitsOn`).
  if (unit.as === 'reference') return fieldsThere(unit, side, value) ?? old ?? null;
  return value;
}

/** What of these values cannot be written to a side that holds `old`, because it has no record of what they name. */
export function waitsOn(
  unit: UnitRules,
  side: SideName,
  values: readonly Json[],
  old: Json | undefined,
): readonly Wait[] {
  if (unit.as !== 'reference') return [];
  return values.flatMap((value) => {
    const isHeld = isBlank(value) || (old !== undefined && sameIn(unit, value, getValue(unit, side, old)));
    return isHeld || fieldsThere(unit, side, value) !== null ? [] : [{ unit: unit.name, side, on: scalarText(value) }];
  });
}

function listTexts(value: Json): readonly string[] {
  const members: readonly Json[] = value === null ? [] : Array.isArray(value) ? value : [value];
  return members.map(scalarText);
}

function joined(value: Json): Json {
  if (isBlank(value)) return null;
  const members: readonly Json[] = Array.isArray(value) ? value : [value];
  return members
    .filter((member) => !isBlank(member))
    .map((member) => scalarText(member).trim())
    .join(' ');
}

/** A scalar as people write it; anything nested as canonical JSON. */
export function scalarText(value: Json): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}

function blankOf(unit: UnitRules, side: SideName): Json {
  const count = unit.paths[side]?.length ?? 1;
  return count === 1 ? null : Array.from({ length: count }, () => null);
}
