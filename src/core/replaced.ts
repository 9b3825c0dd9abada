import { observeAbsent } from './absence.js';
import type { Hub } from './hub.js';
import type { EntityId, SideName } from './ids.js';
import { deleteQuestion, resting, type Gone } from './presence.js';
import { withSide } from './register.js';
import type { EntityState, Made } from './state.js';

/**
 * The key of a record shows another one, by the mark of its making: people deleted the one that we know and made another with
 * its key (semantics §1.11). What follows for the one that went is what follows from any delete there. One that was known
 * to be gone only loses its key; of one that was out of scope nobody had to know that it went.
 */
export function observeReplaced(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { shown, readTick }: { readonly shown: Made; readonly readTick: number },
): Gone {
  const shadow = state.sides[side];
  const quiet: Gone = { kind: 'unchanged', state, facts: [], questions: [], closes: [] };
  if (shadow?.made === undefined || readTick < shadow.tick) return quiet;
  const made = { field: shadow.made.field, value: shadow.made.value, isTaken: true } as const;
  const known = withSide(state, side, { ...shadow, made });
  const plain = observeAbsent(entity, known, hub, side, { kind: 'deleted', readTick });
  // It cannot be made again under a key that another record has: a person is asked instead.
  const isRestored = plain.state.sides[side]?.presence === 'awaited';
  const gone = isRestored
    ? observeAbsent(entity, known, asking(hub, side), side, { kind: 'deleted', readTick })
    : plain;
  const left = gone.state.sides[side] ?? shadow;
  const next =
    left.presence === 'gone' ? gone.state : withSide(known, side, { ...resting(left, 'gone', readTick), made });
  const facts = gone.facts.map((fact) => ({
    ...fact,
    detail: { ...fact.detail, made: { field: made.field, from: made.value, to: shown.value } },
  }));
  // What was asked before is put again: the answer decides about two records now.
  const isAsked = next.presence.kind === 'delete_held' && gone.questions.length === 0;
  const questions = isAsked ? [deleteQuestion(next, hub, next.presence.side)] : gone.questions;
  return { ...gone, kind: 'changed', state: next, facts, questions };
}

function asking(hub: Hub, side: SideName): Hub {
  const sides = hub.rules.sides.map((one) => (one.name === side ? { ...one, deletes: 'ask' as const } : one));
  return { ...hub, rules: { ...hub.rules, sides } };
}
