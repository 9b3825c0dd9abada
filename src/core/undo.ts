import { vectorText } from './clock/version-vector.js';
import { awaitedOn, decideUnit, factBy, type By, type Subject } from './decide.js';
import { actorOf, Counters, type Hub } from './hub.js';
import { addedBy, isSummed, withAdded } from './delta.js';
import type { SideName, UnitName } from './ids.js';
import { canonicalJson, sameJson, type Json } from './json.js';
import type { Effect, Fact } from './ledger/entry.js';
import { sameIn } from './mapping/mapping.js';
import { shown, type Question } from './question.js';
import { registerOf } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register } from './state.js';

/** What is to be taken back of one unit: the value before the first of the changes, and the one after the last. */
export type UnitChange = {
  readonly unit: UnitName;
  readonly before: Json;
  readonly after: Json;
  /** What the changes added together, whatever was added between them by others; null when they are not of numbers. */
  readonly added: string | null;
  /** Nobody had given a value before: there is nothing to go back to. */
  readonly isFirst: boolean;
  /** The ledger's entry of the first change. */
  readonly seq: number;
};

/** What is to be taken back of one entity. */
export type Changes = {
  readonly units: readonly UnitChange[];
  /** It was deleted for good. */
  readonly deleted: boolean;
  /** Sides on which a record was made of it. */
  readonly created: readonly SideName[];
  /** Records were linked: that is taken back by `unlink`, which has to know which record leaves. */
  readonly linked: boolean;
};

export type Undone = {
  readonly state: EntityState;
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
  /** What stays as it is, and why. */
  readonly left: readonly { readonly unit: UnitName | null; readonly why: string }[];
  /** What is made anew and cannot be what it was. */
  readonly lost: string | null;
};

/**
 * Joins the effects of several entries, oldest first, to one change a unit; effects that changed no value are none. What
 * they added is summed up, because others may have added to the same number between them.
 */
export function unitChanges(
  effects: readonly { readonly seq: number; readonly effect: Effect }[],
): readonly UnitChange[] {
  const found = new Map<UnitName, UnitChange>();
  for (const { seq, effect } of effects) {
    const { unit, before, after, vvBefore } = effect;
    const known = found.get(unit);
    const more = addedBy(before, after);
    if (known !== undefined) {
      const sum = more === null || known.added === null ? null : withAdded(known.added, more);
      found.set(unit, { ...known, after, added: typeof sum === 'string' ? sum : null });
    } else if (!sameJson(before, after)) {
      const isFirst = Object.keys(vvBefore).length === 0;
      found.set(unit, { unit, before, after, added: more?.text ?? null, isFirst, seq });
    }
  }
  return [...found.values()].filter(({ before, after, added }) => !sameJson(before, after) || (added ?? '0') !== '0');
}

/**
 * Takes changes back (semantics §6). A unit that still has the value which the change gave it gets the one before, under a
 * fresh dot of the hub: to all sides that is a new decision, and it can itself be taken back. One that was changed
 * since is not guessed at: a person is asked. A deleted record is made anew; a record that was made is only
 * deleted on a person's word.
 */
export function undo(subject: Subject, changes: Changes, what: string, by: By): Undone {
  const { hub, entity } = subject;
  let { state } = subject;
  const facts: Fact[] = [];
  const questions: Question[] = [];
  const left: { unit: UnitName | null; why: string }[] = [];
  const isGone = state.presence.kind === 'tombstone' || state.presence.kind === 'alias';
  if (state.presence.kind === 'alias' || changes.linked)
    left.push({ unit: null, why: 'a link is taken back by itself: parley record unlink' });
  let lost: string | null = null;
  if (changes.deleted && state.presence.kind === 'tombstone') {
    const made = recreate(subject, what, by);
    state = made.state;
    facts.push(made.fact);
    lost = recreatedLoses;
  } else if (changes.deleted) left.push({ unit: null, why: 'it is not deleted any more' });
  for (const change of isGone ? [] : changes.units) {
    const unit = hub.rules.units.find(({ name }) => name === change.unit);
    if (unit === undefined) {
      left.push({ unit: change.unit, why: 'the file no longer has this field' });
      continue;
    }
    const register = registerOf(state, unit.name);
    const sum = totalWithout(unit, register, change);
    const judged = sum === null ? judge(unit, register, change) : 'set';
    if (judged === 'set') {
      const rule = `undo of ${what}, entry ${change.seq}`;
      const decided = decideUnit({ entity, state, hub }, unit, { value: sum ?? change.before, rule }, by);
      state = decided.state;
      facts.push(decided.fact);
    } else if (judged === 'ask') questions.push(undoQuestion(unit, register, change, what));
    else if (judged !== null) left.push({ unit: unit.name, why: judged });
  }
  for (const side of isGone ? [] : changes.created)
    if (state.sides[side]?.presence === 'present')
      questions.push(madeQuestion(state, side, `${capital(what)} made this record in ${side}.`));
  return { state, facts, questions, left, lost };
}

const recreatedLoses =
  'made anew from the fields that this pair maps; what else its system held, and an id that the system gives, cannot be brought back';

/** Of a number that is added up, the total without what the changes added: what others added since stays. Null of others. */
function totalWithout(unit: UnitRules, { value, status }: Register, { added, isFirst }: UnitChange): Json {
  if (!isSummed(unit) || added === null || isFirst || status !== 'settled') return null;
  const less = addedBy(added, '0');
  return less === null ? null : withAdded(value, less);
}

/** `set`, `ask`, null when it is what it was before, or why it stays as it is. */
function judge(unit: UnitRules, register: Register, { before, after, isFirst }: UnitChange): string | null {
  if (sameJson(before, after)) return null;
  if (isFirst) return 'it is the first value that was known: there is none before it';
  if (register.status !== 'settled') return 'a question about it is open: its answer decides';
  if (sameIn(unit, register.value, before)) return null;
  return sameIn(unit, register.value, after) ? 'set' : 'ask';
}

/** Brings a deleted record back, on every side that lost it. */
function recreate({ entity, state, hub }: Subject, what: string, by: By): { state: EntityState; fact: Fact } {
  const counters = new Counters(state.counters);
  counters.next(actorOf(hub, null));
  let next: EntityState = { ...state, counters: counters.counts, presence: { kind: 'live' }, hold: null };
  for (const { name: side } of hub.rules.sides) {
    const shadow = next.sides[side];
    if (shadow?.presence === 'gone') next = awaitedOn(next, hub, side, shadow);
  }
  const detail = { choice: 'recreate', note: by.note };
  return { state: next, fact: factBy(entity, by, `undo of ${what}: recreate`, hub, { effects: [], detail }) };
}

/** The value was changed again: taking the first change back would take that with it. */
function undoQuestion(unit: UnitRules, register: Register, change: UnitChange, what: string): Question {
  return {
    unit: unit.name,
    kind: 'undo',
    shape: canonicalJson(['undo', unit.name, change.before, register.value]),
    label: `${shown(register.value)} | ${shown(change.before)}`,
    vv: vectorText(register.vv),
    agreed: register.value,
    sides: {},
    note:
      `${capital(what)} had made "${shown(change.after)}" of "${shown(change.before)}". It was changed again since: ` +
      `to restore "${shown(change.before)}" would take that back too.`,
    rule: `undo of ${what} (${unit.place})`,
  };
}

/** The value that a question about an undo would restore. */
export function undoValue(shape: string): Json {
  const parts = JSON.parse(shape) as readonly Json[];
  return parts[2] ?? null;
}

/** A record that was made is deleted only on a person's word (SPEC I16). `why`: a sentence that says how this came up. */
export function madeQuestion(state: EntityState, side: SideName, why: string): Question {
  return {
    unit: null,
    kind: 'undo',
    shape: canonicalJson(['undo', side]),
    label: `${side}:${state.sides[side]?.key ?? '?'}`,
    vv: madeVersion(state),
    agreed: null,
    sides: {},
    note: `${why} To take that back is to delete it there; other sides keep theirs.`,
    rule: 'undo: a record that was made',
  };
}

/** What the question about a record that was made stands on: everything that the record is. */
export function madeVersion(state: EntityState): string {
  const vectors = Object.entries(state.units).map(([unit, { vv }]) => `${unit} ${vectorText(vv)}`);
  return [state.presence.kind, ...vectors.sort()].join('; ');
}

/** The side on which the record would be deleted. */
export function madeSide(shape: string): SideName {
  return (JSON.parse(shape) as readonly string[])[1] as SideName;
}

/** An answer that changes nothing but closes the question. */
export function leaveUndone({ entity, state, hub }: Subject, by: By): { state: EntityState; fact: Fact } {
  return {
    state,
    fact: factBy(entity, by, 'undo: leave', hub, { effects: [], detail: { choice: 'leave', note: by.note } }),
  };
}

/** That a person wants the record of one side deleted; the write itself is planned by the caller. */
export function undoCreateFact(entity: Subject['entity'], hub: Hub, side: SideName, by: By): Fact {
  return factBy(entity, by, `undo: delete in ${side}`, hub, {
    effects: [],
    detail: { choice: 'delete', side, note: by.note },
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
