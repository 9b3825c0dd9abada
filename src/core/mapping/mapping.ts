import type { NativeFieldMap } from '../record.js';
import type { SideName } from '../ids.js';
import { canonicalJson, type Json } from '../json.js';
import type { UnitRules } from '../rules.js';
import { isBlank, sameValue } from './equality.js';

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

/** raw → shared value. Only for readable sides. What was typed is kept as typed. */
export function getValue(_unit: UnitRules, _side: SideName, raw: Json): Json {
  return raw;
}

/**
 * shared value → raw value for a side that holds `old` (undefined: nothing yet). When the side already holds an
 * equal value, that is the answer, in the side's own spelling: equal values are never rewritten.
 */
export function putValue(unit: UnitRules, side: SideName, value: Json, old: Json | undefined): Json {
  if (old !== undefined && sameValue(unit.same, value, old)) return old;
  if (!isReadable(unit, side)) return joined(value);
  if (isBlank(value)) return blankOf(unit, side);
  return value;
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
