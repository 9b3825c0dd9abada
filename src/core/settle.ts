import { ruled, verdictDetail } from './condition.js';
import { evaluateNothing } from './expression.js';
import { settleFlip } from './flip.js';
import { actorOf, Counters, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { editsOf, effectOf } from './effect.js';
import { settleInvariants } from './invariant.js';
import { sameJson, type Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { openKinds } from './loop.js';
import { holdsValue, sameIn } from './mapping/mapping.js';
import { planWrites } from './plan-writes.js';
import type { PlannedWrite, SettleMode } from './planned-write.js';
import { policyFor, resolve, withOpinion, type Resolution } from './policy/resolve.js';
import { settleProposal } from './proposal.js';
import { settleLoop } from './settle-loop.js';
import { questionOf, type Question } from './question.js';
import { registerOf, withMerge, withResolution } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register, Sibling } from './state.js';

export type Settled = {
  readonly state: EntityState;
  readonly facts: readonly Fact[];
  readonly writes: readonly PlannedWrite[];
  /** Opened or asked anew; one a unit and kind. */
  readonly questions: readonly Question[];
  /** Questions that answered themselves. */
  readonly closes: readonly { readonly unit: UnitName | null; readonly kind: Question['kind'] }[];
};

/**
 * Decides what one entity needs so that its sides agree (semantics §2.2, `plan` of §1.3).
 *
 * First every unit with concurrent siblings: equal ones are no conflict; otherwise the policy of the unit chooses
 * or a person is asked, and a unit that is asked is not written anywhere. Then, per side, whatever the side is not
 * proven to have is written, unless it already holds an equal value. Of a record that was deleted for good nothing is
 * asked any more. Deterministic in (state, rules); applying it to its own result changes nothing (SPEC I18).
 */
export function settle(entity: EntityId, state: EntityState, hub: Hub, mode: SettleMode): Settled {
  if (state.presence.kind === 'alias') return { state, facts: [], writes: [], questions: [], closes: [] };
  const gathered: Gathered = {
    units: {},
    facts: [],
    questions: [],
    closes: [],
    counters: new Counters(state.counters),
  };
  const { units, facts, questions, closes, counters } = gathered;
  settleClashes(entity, state, hub, gathered);
  for (const unit of hub.rules.units) {
    const step = settleProposal(entity, unit, units[unit.name] ?? registerOf(state, unit.name), state);
    if (step === null) continue;
    units[unit.name] = step.register;
    if (step.fact !== null) facts.push(step.fact);
    if (step.question !== null) questions.push(step.question);
    if (step.isOver) closes.push({ unit: unit.name, kind: 'proposal' });
  }
  for (const unit of hub.rules.units) {
    const step = settleLoop({ entity, unit, state, hub }, units[unit.name] ?? registerOf(state, unit.name));
    if (step === null) continue;
    units[unit.name] = step.register;
    facts.push(...step.facts);
    questions.push(...step.questions);
    closes.push(...step.closes.map((kind) => ({ unit: unit.name, kind })));
  }
  for (const unit of unmapped(state, hub)) {
    const register = registerOf(state, unit);
    if (register.proposal === null && register.loop === null) continue;
    units[unit] = { ...register, proposal: null, loop: null };
    const kinds = [...(register.proposal === null ? [] : ['proposal' as const]), ...openKinds(register)];
    closes.push(...kinds.map((kind) => ({ unit, kind })));
  }
  for (const unit of unmappedAndAsked(state, hub)) {
    units[unit] = { ...(units[unit] ?? registerOf(state, unit)), status: 'unsettled' };
    closes.push({ unit, kind: 'clash' });
  }
  const isQuiet = Object.keys(units).length === 0;
  const decided: EntityState = isQuiet
    ? state
    : { ...state, counters: counters.counts, units: { ...state.units, ...units } };
  const invariants = settleInvariants(entity, decided, hub);
  if (invariants?.fact != null) facts.push(invariants.fact);
  if (invariants?.question != null) questions.push(invariants.question);
  if (invariants?.isOver === true) closes.push({ unit: null, kind: 'invariant' });
  const whole = invariants === null ? decided : { ...decided, broken: invariants.broken };
  const planned = planWrites(entity, whole, hub, mode);
  return {
    state: planned.state,
    facts: [...facts, ...planned.facts],
    writes: planned.writes,
    questions: [...questions, ...planned.questions],
    closes: [...closes, ...planned.closes],
  };
}

/** What settling has come to so far; the units among it are newer than the state's. */
type Gathered = {
  readonly units: { [unit: UnitName]: Register };
  readonly facts: Fact[];
  readonly questions: Question[];
  readonly closes: { unit: UnitName | null; kind: Question['kind'] }[];
  readonly counters: Counters;
};

/** Units in the order of the file, so that a condition reads what was decided before it. */
function settleClashes(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  { units, facts, questions, closes, counters }: Gathered,
): void {
  for (const written of hub.rules.units) {
    // Most units are settled under one rule, and cost nothing here.
    if (written.authority.kind !== 'when' && registerOf(state, written.name).status === 'settled') continue;
    const seen: EntityState = { ...state, units: { ...state.units, ...units } };
    const flip = settleFlip(entity, written, registerOf(state, written.name), { state: seen, hub, counters });
    if (flip !== null) units[written.name] = flip.register;
    if (flip?.fact != null) facts.push(flip.fact);
    const register = flip?.register ?? registerOf(state, written.name);
    if (register.status === 'settled') continue;
    // A question about a unit with a condition stays open when only the condition changed.
    if (register.status === 'asked' && written.authority.kind === 'when') continue;
    const { unit, verdict } = ruled(written, seen, hub);
    if (state.presence.kind === 'tombstone') {
      units[unit.name] = { ...register, status: 'settled' };
      if (register.status !== 'unsettled') closes.push({ unit: unit.name, kind: 'clash' });
      continue;
    }
    const outcome = settleUnit(unit, register, hub, counters);
    // Asked before, and nothing but the rule could have changed: the same answer is no news.
    if (register.status === 'asked' && outcome.register.status === 'asked') continue;
    units[unit.name] = outcome.register;
    if (outcome.register.status === 'settled' && register.status !== 'unsettled')
      closes.push({ unit: unit.name, kind: 'clash' });
    const why = verdict === null ? {} : { when: verdictDetail(verdict) };
    if (outcome.fact !== null) facts.push({ ...outcome.fact, entity, detail: { ...outcome.fact.detail, ...why } });
    if (outcome.register.status === 'asked') questions.push(questionOf(unit, outcome.register, state));
  }
}

/** Units that the file no longer has: nobody can answer for them until it has them again. */
function unmappedAndAsked(state: EntityState, hub: Hub): readonly UnitName[] {
  return unmapped(state, hub).filter((name) => {
    const { status } = registerOf(state, name);
    return status === 'asked' || status === 'asked_moved';
  });
}

function unmapped(state: EntityState, hub: Hub): readonly UnitName[] {
  const names = Object.keys(state.units) as UnitName[];
  return names.filter((name) => !hub.rules.units.some((unit) => unit.name === name));
}

type UnitOutcome = { readonly register: Register; readonly fact: Fact | null };

function settleUnit(unit: UnitRules, register: Register, hub: Hub, counters: Counters): UnitOutcome {
  const siblings = inSideOrder(register.siblings, hub);
  const first = siblings[0];
  if (first === undefined) return { register: { ...register, status: 'settled' }, fact: null };
  const common = commonTo(unit, siblings);
  if (common !== null) return coincident(unit, register, common);
  const resolution = resolutionOf(unit, siblings, register, hub);
  if (resolution.kind === 'ask')
    return {
      register: { ...register, status: 'asked' },
      fact: factOf('asked', unit, { before: register, after: register, siblings }, `${unit.authority.kind}: ask`),
    };
  const dot = counters.next(actorOf(hub, null));
  const after =
    resolution.kind === 'winner'
      ? withResolution(register, resolution.sibling, dot)
      : withMerge(register, resolution.value, dot);
  return {
    register: after,
    fact: factOf('resolved', unit, { before: register, after, siblings }, `${unit.authority.kind}: ${resolution.rule}`),
  };
}

/** A file that names a master now decides what was concurrent under an earlier one, if the master has a say in it. */
function resolutionOf(unit: UnitRules, siblings: readonly Sibling[], { steps }: Register, hub: Hub): Resolution {
  const { authority } = unit;
  if (authority.kind === 'master') {
    const own = siblings.find(({ side }) => side === authority.side);
    return own === undefined ? { kind: 'ask', rule: 'ask' } : { kind: 'winner', sibling: own, rule: authority.side };
  }
  if (authority.kind === 'when') return { kind: 'ask', rule: 'ask' };
  const opinions = withOpinion(siblings, authority);
  const only = opinions.length === 1 ? opinions[0] : undefined;
  return only === undefined
    ? resolve(policyFor(authority, siblings), opinions, { unit, steps, evaluate: hub.evaluate ?? evaluateNothing })
    : { kind: 'winner', sibling: only, rule: 'a blank is no opinion' };
}

/**
 * The first of the siblings whose value all sides hold, each as far as it can; null when they differ. A function of the
 * set: what one side stores of another's value is that value, whichever was read first.
 */
function commonTo(unit: UnitRules, siblings: readonly Sibling[]): Sibling | null {
  const isHeldBy = ({ side, value }: Sibling, common: Json): boolean =>
    sameIn(unit, value, common) || (side !== null && holdsValue(unit, side, common, value));
  const candidates = unit.stores === undefined ? siblings.slice(0, 1) : siblings;
  return candidates.find((one) => siblings.every((other) => isHeldBy(other, one.value))) ?? null;
}

/** Everybody holds the same value: nothing to decide. The spelling of the first side of the file becomes the agreed one. */
function coincident(unit: UnitRules, register: Register, first: Sibling): UnitOutcome {
  const after: Register = { ...register, value: first.value, winner: first.dot, status: 'settled' };
  const isQuiet = register.status === 'unsettled' && sameJson(register.value, first.value);
  return {
    register: after,
    fact: isQuiet
      ? null
      : factOf('closed', unit, { before: register, after, siblings: register.siblings }, 'the sides are equal'),
  };
}

function factOf(
  kind: 'asked' | 'resolved' | 'closed',
  unit: UnitRules,
  { before, after, siblings }: { before: Register; after: Register; siblings: readonly Sibling[] },
  rule: string,
): Fact {
  return {
    kind,
    entity: null,
    side: null,
    actor: { kind: 'rule' },
    rule: `${rule} (${unit.place})`,
    dot: kind === 'asked' ? null : after.winner,
    effects: [effectOf(unit, before, after)],
    detail: { siblings: editsOf(siblings) },
    lo: null,
    hi: null,
  };
}

function inSideOrder(siblings: readonly Sibling[], hub: Hub): readonly Sibling[] {
  const order = new Map<SideName | null, number>(hub.rules.sides.map((side, index) => [side.name, index]));
  const rank = (sibling: Sibling): number => order.get(sibling.side) ?? -1;
  return siblings.length < 2 ? siblings : [...siblings].sort((a, b) => rank(a) - rank(b) || a.dot[1] - b.dot[1]);
}
