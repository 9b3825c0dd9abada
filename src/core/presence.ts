import { includes, type Dot } from './clock/version-vector.js';
import { ruled } from './condition.js';
import { awaitedOn } from './decide.js';
import { confirmation } from './effect.js';
import { mayEdit } from './guard.js';
import { isKeyTaken } from './made.js';
import { actorOf, Counters, sideRules, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import type { Effect, Fact } from './ledger/entry.js';
import { judgedDetail, recordRulesOn } from './record-rules.js';
import { recordQuestion, type Question } from './question.js';
import { confirmedContext, contextOf, registerOf, without } from './register.js';
import type { EntityState, Presence, Register, SeenVectors, Shadow } from './state.js';

export type Gone = {
  readonly kind: 'stale' | 'unchanged' | 'changed';
  readonly state: EntityState;
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
  readonly closes: readonly { readonly unit: UnitName | null; readonly kind: Question['kind'] }[];
};

/** A side's record that takes no part any more, as of a reading: what was under way to it is over, and its version with it. */
export function resting(shadow: Shadow, presence: 'gone' | 'hidden' | 'outside', readTick: number): Shadow {
  return { ...shadow, presence, intent: null, token: null, tick: Math.max(readTick, shadow.tick) };
}

/**
 * A record of a side is confirmed to be deleted (semantics §1.11, §2.4). Being missing from one listing, hidden or out of
 * scope is not that: the caller confirms by reading the key.
 *
 * The default is to hold: nothing is deleted elsewhere until somebody decides. `delete` follows only where the deleting
 * side had received every edit; for an edit that it had not seen `edited` says what is done, and that is to ask unless
 * the file says otherwise. When no side has the record any more, the entity ends without a write and without a question.
 *
 * `decided` is `ruled` where the file says what follows. `held`: whoever deleted may have known nothing of this record, so
 * it is deleted elsewhere on a person's word only. `ask` and `leave`: that was decided before.
 */
export function observeGone(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { readTick, decided = 'ruled' }: { readonly readTick: number; readonly decided?: Decided },
): Gone {
  const shadow = state.sides[side];
  const quiet = { state, facts: [], questions: [], closes: [] };
  if (shadow === undefined || shadow.presence === 'gone') return { kind: 'unchanged', ...quiet };
  if (readTick < shadow.tick) return { kind: 'stale', ...quiet };
  if (shadow.presence === 'awaited') return { kind: 'unchanged', ...quiet };

  const counters = new Counters(state.counters);
  const dot = counters.next(actorOf(hub, side));
  const gone = resting(shadow, 'gone', readTick);
  const sides = { ...state.sides, [side]: gone };
  const seen: SeenVectors = Object.fromEntries(
    unitsOf(hub.rules, side).map((unit) => [unit.name, contextOf(registerOf(state, unit.name), side)]),
  );
  const isLast = Object.values(sides).every((other) => !hasRecord(other as Shadow));
  const outcome = isLast ? 'ended' : outcomeOf(decided, state, () => followUp(state, hub, side, seen));
  const presence = presenceAfter(outcome, state.presence, { side, dot, seen });
  const hold = outcome === 'leave' ? ({ kind: 'left' } as const) : state.hold;
  const { units, effects } = confirmedBefore(state, hub, side);
  const known: EntityState = { ...state, counters: counters.counts, units, sides, presence, hold };
  const next = outcome === 'restore' ? awaitedOn(known, hub, side, gone) : known;
  const fact: Fact = {
    kind: 'deleted',
    entity,
    side,
    actor: { kind: 'side', side },
    rule: `deletes: ${recordRulesOn(side, state, hub).deletes}`,
    dot,
    effects,
    detail: { key: shadow.key, outcome, ...judgedDetail(sideRules(hub.rules, side).deletes, state, hub) },
    lo: shadow.atMs,
    hi: hub.nowMs,
  };
  const questions = outcome === 'ask' ? [deleteQuestion(next, hub, side)] : [];
  const closes = isLast ? questionsOfRecord(hub) : [];
  return { kind: 'changed', state: next, facts: [fact], questions, closes };
}

/**
 * What an earlier complete pass confirmed of deliveries without a write is known from now on; the rest nothing confirms any
 * more. The pass that shows the record gone shows no value: whoever makes the record anew has not seen what it had.
 */
export function confirmedBefore(state: EntityState, hub: Hub, side: SideName) {
  const units: { [unit: UnitName]: Register } = {};
  const effects: Effect[] = [];
  for (const unit of unitsOf(hub.rules, side)) {
    const register = registerOf(state, unit.name);
    if (register.noop[side] === undefined) continue;
    const complete = mayEdit(ruled(unit, state, hub).unit, side) ? (hub.complete?.[side]?.tick ?? null) : null;
    const context = confirmedContext(register, side, complete);
    const noop = without(register.noop, side);
    const isKnown = includes(contextOf(register, side), context);
    units[unit.name] = isKnown
      ? { ...register, noop }
      : { ...register, noop, delivered: { ...register.delivered, [side]: context } };
    if (!isKnown) effects.push(confirmation(unit, units[unit.name] as Register, side));
  }
  return { units: { ...state.units, ...units }, effects };
}

/** Whether a side refused a write of it, and nobody has said what follows. */
export function hasRefused({ sides }: EntityState): boolean {
  for (const name in sides) if ((sides[name as SideName] as Shadow).refused !== null) return true;
  return false;
}

/** Whether the side has a record, as far as anybody knows, that what follows from a delete would reach. */
export function hasRecord(shadow: Shadow | undefined): boolean {
  return shadow?.presence === 'present' || shadow?.presence === 'hidden';
}

type Outcome = 'ended' | 'delete' | 'archive' | 'restore' | 'ask' | 'leave';
type Decided = 'ruled' | 'held' | 'ask' | 'leave';

function outcomeOf(decided: Decided, { presence }: EntityState, rule: () => Outcome): Outcome {
  if (decided === 'ask' || decided === 'leave') return decided;
  const outcome = rule();
  return decided === 'held' && outcome === 'delete' && presence.kind !== 'tombstone' ? 'ask' : outcome;
}

/** A record that is deleted for good stays so when another side deletes it too; a held delete stays the one it is. */
function presenceAfter(
  outcome: Outcome,
  before: Presence,
  { side, dot, seen }: { side: SideName; dot: Dot; seen: SeenVectors },
): Presence {
  if (outcome === 'leave' || outcome === 'restore' || before.kind === 'tombstone') return before;
  if (outcome === 'ask') return before.kind === 'delete_held' ? before : { kind: 'delete_held', side, dot, seen };
  return { kind: 'tombstone', dot, seen };
}

/** Where the rule would delete, but another side changed something that the deleting side had not seen, `edited` decides. */
function followUp(state: EntityState, hub: Hub, side: SideName, seen: SeenVectors): Outcome {
  if (state.presence.kind === 'tombstone') return 'delete';
  const { deletes: rule, edited } = recordRulesOn(side, state, hub);
  if (rule === 'ignore') return 'leave';
  if (rule === 'ask' || state.presence.kind === 'delete_held') return 'ask';
  if (rule === 'restore') return 'restore';
  const sawAll = unitsOf(hub.rules, side).every((unit) => {
    const register = registerOf(state, unit.name);
    const confirmed = register.noop[side] === undefined ? seen[unit.name] : register.noop[side].vv;
    return includes(confirmed ?? {}, register.vv);
  });
  const follows = rule === 'archive' ? 'archive' : 'delete';
  if (sawAll || edited === 'delete') return follows;
  // An archived record still holds the edit that the delete had not seen.
  return edited ?? (rule === 'archive' ? follows : 'ask');
}

/** Whatever may be asked about a record is moot once nobody has it; `settle` closes what is asked about its values. */
export function questionsOfRecord(hub: Hub): Gone['closes'] {
  const units = hub.rules.units.map(({ name }) => ({ unit: name, kind: 'refused' as const }));
  const kinds = ['delete', 'create', 'match', 'refused'] as const;
  return [...kinds.map((kind) => ({ unit: null, kind })), ...units];
}

/** Asks what follows from a delete that is held. */
export function deleteQuestion(state: EntityState, hub: Hub, side: SideName): Question {
  const having = (presence: Shadow['presence']): readonly SideName[] =>
    hub.rules.sides.map(({ name }) => name).filter((name) => state.sides[name]?.presence === presence);
  const others = hub.rules.sides.map(({ name }) => name).filter((name) => hasRecord(state.sides[name]));
  const gone = having('gone');
  const deleters = gone.length === 0 ? [side] : gone;
  return recordQuestion('delete', state, side, {
    note:
      `${deleters.join(' and ')} deleted this record; ${others.join(' and ')} still ${others.length === 1 ? 'has' : 'have'} it. ` +
      `Nothing was deleted elsewhere.${takenSentence(state, deleters)}`,
    rule: `deletes: ${side}`,
    shape: side,
  });
}

function takenSentence({ sides }: EntityState, deleters: readonly SideName[]): string {
  const taken = deleters.filter((side) => isKeyTaken(sides[side]));
  if (taken.length === 0) return '';
  return ` Another record has its key in ${taken.join(' and ')} now; it waits until this is decided.`;
}
