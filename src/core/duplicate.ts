import { decideRefused, factBy, type By, type Decided, type Subject } from './decide.js';
import type { Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import type { Fact } from './ledger/entry.js';
import { withDelete } from './plan-deletes.js';
import type { PlannedWrite } from './planned-write.js';
import { resting, type Gone } from './presence.js';
import { recordQuestion, type Question } from './question.js';
import { registerOf } from './register.js';
import type { EntityState, Register, Shadow, Tries } from './state.js';

export type DecidedWrites = Decided & { readonly writes: readonly PlannedWrite[] };

/** Sides on which an alias still has a record beside the one of the entity that it stands for. */
export function duplicatesOf(state: EntityState): readonly SideName[] {
  const sides = Object.keys(state.sides) as SideName[];
  return sides.filter((side) => state.sides[side]?.presence === 'duplicate');
}

/**
 * The record that was merged away is there again on its side: the merge was taken back, and so is what followed from it,
 * as far as the entity still has records of its own.
 */
export function unmerged(state: EntityState, side: SideName): EntityState {
  const isBack = state.presence.kind === 'alias' && state.sides[side]?.presence === 'gone';
  const duplicates = duplicatesOf(state);
  if (!isBack || duplicates.length === 0) return state;
  const sides: { [name: SideName]: Shadow } = { ...state.sides };
  for (const name of duplicates) sides[name] = { ...(state.sides[name] as Shadow), presence: 'present' };
  const units: { [unit: UnitName]: Register } = {};
  for (const name of Object.keys(state.units) as UnitName[]) units[name] = askedAnew(registerOf(state, name));
  return { ...state, presence: { kind: 'live' }, hold: null, sides, units, broken: null };
}

/** The merge closed all that was asked about the values of its record: what still stands open is asked about again. */
function askedAnew(register: Register): Register {
  const { status, proposal, loop } = register;
  const isOpen = status === 'asked' || status === 'asked_moved';
  const tries: { [side: SideName]: Tries } = {};
  for (const [side, one] of Object.entries(loop?.tries ?? {})) tries[side as SideName] = { ...one, isParked: false };
  return {
    ...register,
    status: isOpen ? 'unsettled' : status,
    proposal: proposal === null ? null : proposal.status === 'over' ? null : { ...proposal, status: 'new' },
    loop: loop === null ? null : { ...loop, isTripped: false, tries, over: [] },
  };
}

/** Asks what becomes of records that stand beside the one that counts. */
export function duplicateQuestion(state: EntityState): Question {
  const sides = duplicatesOf(state);
  const records = sides.map((side) => `${side}:${state.sides[side]?.key ?? '?'}`).join(' and ');
  return recordQuestion('duplicate', state, sides[0] as SideName, {
    note: `Its counterpart was merged into a record that has its own. ${records} is written no more and was not deleted.`,
    rule: 'merged',
    shape: sides.join(' '),
  });
}

/** A record that was out of scope when its counterpart was merged away is back, beside the one that counts by now. */
export function questionsBack(before: EntityState, after: EntityState): readonly Question[] {
  const isMore = duplicatesOf(after).length > duplicatesOf(before).length;
  return after.presence.kind === 'alias' && isMore ? [duplicateQuestion(after)] : [];
}

/** A duplicate is no longer there: what was asked about it is over when it was the last. */
export function duplicateGone(
  { entity, state }: { readonly entity: EntityId; readonly state: EntityState },
  hub: Hub,
  side: SideName,
  readTick: number,
): Gone {
  const shadow = state.sides[side] as Shadow;
  const quiet = { state, facts: [], questions: [], closes: [] };
  if (readTick < shadow.tick) return { kind: 'stale', ...quiet };
  const gone = resting(shadow, 'gone', readTick);
  const next: EntityState = { ...state, sides: { ...state.sides, [side]: gone } };
  const fact: Fact = {
    kind: 'deleted',
    entity,
    side,
    actor: { kind: 'side', side },
    rule: 'a duplicate that is gone needs nobody',
    dot: null,
    effects: [],
    detail: { key: shadow.key, outcome: 'ended' },
    lo: shadow.atMs,
    hi: hub.nowMs,
  };
  const closes = duplicatesOf(next).length === 0 ? [{ unit: null, kind: 'duplicate' as const }] : [];
  return { kind: 'changed', state: next, facts: [fact], questions: [], closes };
}

/** Deletes the records that stand beside the one that counts, or lets them be; they are written in neither case. */
export function decideDuplicate({ entity, state, hub }: Subject, choice: 'delete' | 'leave', by: By): DecidedWrites {
  const sides = duplicatesOf(state);
  const fact = factBy(entity, by, `duplicate: ${choice}`, hub, {
    effects: [],
    detail: { choice, sides, note: by.note },
  });
  if (choice === 'leave') return { state: { ...state, hold: { kind: 'left' } }, fact, writes: [] };
  let next = state;
  const writes: PlannedWrite[] = [];
  for (const side of sides) {
    const planned = withDelete(next, hub, side);
    next = planned.state;
    writes.push(planned.write);
  }
  return { state: next, fact, writes };
}

/**
 * What follows from a write that a side would not have. A delete that a person wanted of a record whose entity is not ended
 * is planned by nothing but the answer, so to try again is to plan it again.
 */
export function answerRefused(subject: Subject, side: SideName, choice: 'retry' | 'leave', by: By): DecidedWrites {
  const decided = decideRefused(subject, side, choice, by);
  const isOnes = subject.state.sides[side]?.refused === 'delete' && subject.state.presence.kind !== 'tombstone';
  if (choice === 'leave' || !isOnes) return { ...decided, writes: [] };
  const { state, write } = withDelete(decided.state, subject.hub, side);
  return { ...decided, state, writes: [write] };
}
