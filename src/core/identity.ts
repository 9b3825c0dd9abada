import { sideRules } from './hub.js';
import { keyOf, keyParts, type RecordKey, type SideName } from './ids.js';
import { canonicalJson, type Json } from './json.js';
import { canonicalText, isBlank } from './mapping/equality.js';
import { getValue, isBlankRaw, isReadable, readUnit } from './mapping/mapping.js';
import type { NativeFieldMap, Snapshot } from './record.js';
import type { MatchRule, PairRules, SideRules } from './rules.js';
import type { EntityState } from './state.js';

/** What a record says about who it is: one value a rule, equal on two sides when the rule finds them the same. */
export type MatchValue = { readonly rule: number; readonly kind: 'certain' | 'likely'; readonly value: string };

/**
 * The match values of a record (semantics §1.12, step 1 and the exact part of 2). A rule of which any part is blank
 * says nothing: two records without an e-mail address are not one person.
 */
export function matchValues(rules: PairRules, side: SideName, snapshot: Snapshot): readonly MatchValue[] {
  const values: MatchValue[] = [];
  rules.match.forEach((rule, index) => {
    if (rule.kind === 'alike' || rule.kind === 'weighed') return;
    const parts =
      rule.kind === 'certain' ? certainParts(rule, rules, side, snapshot) : likelyParts(rule, rules, side, snapshot);
    if (parts === null) return;
    values.push({ rule: index, kind: rule.kind, value: `${index}:${canonicalJson(parts)}` });
  });
  return values;
}

/**
 * Whether a record that was once found by a value may be found by it still: what it says now decides. `remembered` is what
 * is known of the record; where a rule reads a field that is not remembered, nothing speaks against it.
 */
export function maySayStill(
  rules: PairRules,
  side: SideName,
  remembered: Snapshot,
  { rule: index, value }: Pick<MatchValue, 'rule' | 'value'>,
): boolean {
  const now = matchValues(rules, side, remembered).find(({ rule }) => rule === index);
  if (now !== undefined) return now.value === value;
  const rule = rules.match[index];
  return rule === undefined || !isRemembered(rule, rules, side, remembered);
}

/** Whether all that a rule reads of a record is known, so that it says nothing only because it is blank. */
function isRemembered(rule: MatchRule, rules: PairRules, side: SideName, { key, fields }: Snapshot): boolean {
  const own = { ...fields, ...keyFields(sideRules(rules, side), key) };
  if (rule.kind === 'certain') return rule.fields[side]?.every((field) => own[field] !== undefined) ?? true;
  if (rule.kind !== 'likely') return true;
  return rules.units.every((unit) => !rule.units.includes(unit.name) || readUnit(unit, side, fields) !== undefined);
}

function certainParts(
  rule: MatchRule & { kind: 'certain' },
  rules: PairRules,
  side: SideName,
  snapshot: Snapshot,
): string[] | null {
  const fields = rule.fields[side];
  if (fields === undefined) return null;
  const own = { ...snapshot.fields, ...keyFields(sideRules(rules, side), snapshot.key) };
  return allOf(fields.map((field) => idText(own[field])));
}

/** A field as it is compared as part of an id: its text, as typed; null when it is blank or was never read. */
function idText(part: Json | undefined): string | null {
  if (part === undefined || isBlank(part)) return null;
  return typeof part === 'string' ? part : canonicalJson(part);
}

function allOf(parts: readonly (string | null)[]): string[] | null {
  return parts.every((part): part is string => part !== null) ? [...parts] : null;
}

function likelyParts(
  rule: MatchRule & { kind: 'likely' },
  rules: PairRules,
  side: SideName,
  snapshot: Snapshot,
): string[] | null {
  const parts: string[] = [];
  for (const name of rule.units) {
    const unit = rules.units.find((candidate) => candidate.name === name);
    const raw = unit === undefined ? undefined : readUnit(unit, side, snapshot.fields);
    if (unit === undefined || raw === undefined || !isReadable(unit, side) || isBlankRaw(unit, side, raw)) return null;
    const canonical = canonicalText(unit.same, getValue(unit, side, raw));
    // What is left of a name of nothing but signs is as good as blank.
    if (canonical === '') return null;
    parts.push(canonical);
  }
  return parts;
}

/** The native key fields that a key stands for. */
export function keyFields(side: SideRules, key: RecordKey): NativeFieldMap {
  const parts = keyParts(key, side.key.length);
  return Object.fromEntries(side.key.map((field, index) => [field, parts[index] as string]));
}

/**
 * The key that a record of this entity would have on a side where it does not exist yet: what a certain rule says is
 * equal to the side's key, read from the key or a mapped field of a side that has the record. Null when no rule says.
 */
export function keyOn(rules: PairRules, state: EntityState, side: SideName): RecordKey | null {
  const target = sideRules(rules, side);
  for (const rule of rules.match) {
    if (rule.kind !== 'certain') continue;
    const wanted = rule.fields[side];
    if (
      wanted === undefined ||
      wanted.length !== target.key.length ||
      !target.key.every((field) => wanted.includes(field))
    )
      continue;
    for (const other of rules.sides) {
      const known = other.name === side ? null : knownFields(rules, state, other);
      const given = rule.fields[other.name];
      if (known === null || given === undefined) continue;
      const parts = allOf(target.key.map((field) => idText(known[given[wanted.indexOf(field)] ?? ''])));
      if (parts !== null) return keyOf(parts);
    }
  }
  return null;
}

/** What the hub knows of a record's native fields: its key and the mapped ones. */
function knownFields(rules: PairRules, state: EntityState, side: SideRules): NativeFieldMap | null {
  const shadow = state.sides[side.name];
  if (shadow === undefined || shadow.presence !== 'present') return null;
  const known: { [field: string]: Json } = {};
  for (const unit of rules.units) {
    const paths = unit.paths[side.name];
    const raw = shadow.raws[unit.name];
    if (paths?.length === 1 && raw !== undefined) known[paths[0] as string] = raw;
  }
  return { ...known, ...keyFields(side, shadow.key) };
}

/** One name for a record, as the names of two records hold it. */
export function recordName({ side, key }: { readonly side: SideName; readonly key: RecordKey }): string {
  return canonicalJson([side, key]);
}

/** One name for two records, whichever is named first: what a person said of them is remembered under it. */
export function apartName(one: { side: SideName; key: RecordKey }, other: { side: SideName; key: RecordKey }): string {
  const names = [recordName(one), recordName(other)];
  return canonicalJson(names.sort());
}
