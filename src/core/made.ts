import { sideRules } from './hub.js';
import type { SideName } from './ids.js';
import { sameJson } from './json.js';
import { isBlank, sameValue } from './mapping/equality.js';
import type { NativeFieldMap, Snapshot } from './record.js';
import { without } from './register.js';
import type { PairRules, SideRules } from './rules.js';
import type { EntityState, Made, Shadow } from './state.js';

/**
 * The mark of a record's making (semantics §1.11, "Id reuse"): a field that a system gives a value when a record is made and
 * never again. A key that shows another mark than before stands for another record, whatever else it shows. A mark that is
 * blank, or was never read, says nothing; neither does one of a field that the file no longer names.
 */
export function madeShown({ made }: Pick<SideRules, 'made'>, fields: NativeFieldMap): Made | undefined {
  const value = made === undefined ? undefined : fields[made];
  return made === undefined || value === undefined || isBlank(value) ? undefined : { field: made, value };
}

/** What is known of the mark after a reading; that another record had its key before is over when the record is back. */
export function madeAfter(rules: PairRules, side: SideName, shadow: Shadow | undefined, { fields }: Snapshot) {
  const made = madeShown(sideRules(rules, side), fields) ?? shadow?.made;
  if (made === undefined) return {};
  const { field, value } = made;
  return { made: { field, value } };
}

/** The same after a write: who made the record is known by its first mark, and an answer that shows another one is no news of it. */
export function madeWritten(rules: PairRules, side: SideName, shadow: Shadow, record: Snapshot | null) {
  if (shadow.made !== undefined) return { made: shadow.made };
  return record === null ? {} : madeAfter(rules, side, undefined, record);
}

/** The mark as a field of the record, as it was last shown: what is written there is written to this record or to none. */
export function madeExpected(shadow: Shadow, { made }: Pick<SideRules, 'made'>): NativeFieldMap {
  return shadow.made === undefined || shadow.made.field !== made ? {} : { [made]: shadow.made.value };
}

/** Whether nothing new was learned, not even another spelling: writes expect the last one. */
export function isSameKnown(before: Made | undefined, after: Made | undefined): boolean {
  return before?.field === after?.field && sameJson(before?.value ?? null, after?.value ?? null);
}

/** Whether a reading of the key that the entity has on a side shows a record that was made another time. */
export function showsAnother(state: EntityState, rules: PairRules, side: SideName, snapshot: Snapshot): boolean {
  return comparedMark(state, rules, side, snapshot) === 'other';
}

/** Whether it is certain that the reading shows the very record that the entity had there. */
export function showsSame(state: EntityState, rules: PairRules, side: SideName, snapshot: Snapshot): boolean {
  return comparedMark(state, rules, side, snapshot) === 'same';
}

function comparedMark(
  { sides }: EntityState,
  rules: PairRules,
  side: SideName,
  snapshot: Snapshot,
): 'same' | 'other' | null {
  const shadow = sides[side];
  if (shadow?.made === undefined || shadow.key !== snapshot.key) return null;
  const shown = madeShown(sideRules(rules, side), snapshot.fields);
  if (shown === undefined || shown.field !== shadow.made.field) return null;
  return isSameMark(shadow.made, shown) ? 'same' : 'other';
}

/** One moment, one number or one text, in whichever spelling: a system may show a mark by its feed otherwise than by key. */
function isSameMark({ value: known }: Made, { value: shown }: Made): boolean {
  return (['timestamp', 'decimal', 'trimmed'] as const).some((same) => sameValue(same, known, shown));
}

/** Without what is known of the mark on a side. */
export function unmarked(state: EntityState, side: SideName): EntityState {
  const shadow = state.sides[side];
  return shadow?.made === undefined
    ? state
    : { ...state, sides: { ...state.sides, [side]: without(shadow, 'made') as Shadow } };
}

/** Whether another record has the key under which the entity's was deleted. */
export function isKeyTaken(shadow: Shadow | undefined): boolean {
  return shadow?.presence === 'gone' && shadow.made?.isTaken === true;
}
