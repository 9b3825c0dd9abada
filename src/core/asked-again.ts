import { duplicateQuestion, duplicatesOf } from './duplicate.js';
import type { SideName } from './ids.js';
import type { Question } from './question.js';
import type { EntityState } from './state.js';
import { madeQuestion } from './undo.js';

/** Whether a person wants the record of this side deleted and its entity to stay; any other delete follows from a tombstone. */
export function isOnesDelete({ presence, hold, sides }: EntityState, side: SideName): boolean {
  return presence.kind === 'live' && hold?.kind === 'left' && sides[side]?.intent?.kind === 'delete';
}

/**
 * A record was to be deleted on a person's word, and is not what it was, or a new plan took the place of what was to be
 * sent: whoever said so had not seen that, and is asked again (semantics §6, §1.11). `before` still has the delete, `after`
 * is what became of the entity.
 */
export function askedAgain(before: EntityState, after: EntityState): readonly Question[] {
  if (after.presence.kind === 'alias' && duplicatesOf(after).length > 0) return [duplicateQuestion(after)];
  const sides = Object.keys(before.sides) as SideName[];
  const kept = sides.filter(
    (side) => isOnesDelete(before, side) && after.sides[side]?.presence === 'present' && !isOnesDelete(after, side),
  );
  return kept.map((side) => madeQuestion(after, side, unsent));
}

const unsent =
  'The delete that was asked for was not made, because the record changed or a plan was approved before it was sent.';
