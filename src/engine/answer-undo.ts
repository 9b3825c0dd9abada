import { decideUnit, type By, type Decided, type Subject } from '../core/decide.js';
import { actorOf, Counters } from '../core/hub.js';
import type { SideName } from '../core/ids.js';
import { withDelete } from '../core/plan-deletes.js';
import type { PlannedWrite } from '../core/planned-write.js';
import type { UnitRules } from '../core/rules.js';
import { leaveUndone, madeSide, undoCreateFact, undoValue } from '../core/undo.js';
import type { Choice } from './engine.js';
import type { ConflictRow } from './store.js';

/** An answer to what an undo asked; undefined for one that the question does not understand. */
export function answerUndo(
  subject: Subject,
  conflict: ConflictRow,
  { choice, by, unit }: { readonly choice: Choice; readonly by: By; readonly unit: UnitRules | undefined },
): (Decided & { readonly writes: readonly PlannedWrite[] }) | undefined {
  if (choice.kind === 'leave') return { ...leaveUndone(subject, by), writes: [] };
  if (choice.kind === 'restore' && unit !== undefined) {
    const value = { value: undoValue(conflict.shape), rule: 'undo: restore' };
    return { ...decideUnit(subject, unit, value, by), writes: [] };
  }
  if (choice.kind !== 'delete' || conflict.unit !== null) return undefined;
  const side: SideName = madeSide(conflict.shape);
  const { entity, state, hub } = subject;
  if (state.sides[side]?.presence !== 'present') return undefined;
  // Asked again, it is another request than one that was sent and not made.
  const counters = new Counters(state.counters);
  counters.next(actorOf(hub, null));
  const deleted = withDelete({ ...state, counters: counters.counts }, hub, side);
  return {
    // What was made here is not made here again by itself.
    state: { ...deleted.state, hold: { kind: 'left' } },
    fact: undoCreateFact(entity, hub, side, by),
    writes: [deleted.write],
  };
}
