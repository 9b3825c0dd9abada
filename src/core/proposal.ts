import { vectorText } from './clock/version-vector.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { canonicalJson, type Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { canonicalText } from './mapping/equality.js';
import { getValue } from './mapping/mapping.js';
import { shown, type Question } from './question.js';
import { contextOf } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register } from './state.js';

/** What a unit's proposal needs: a question, the end of one, or nothing. */
export type ProposalStep = {
  readonly register: Register;
  readonly question: Question | null;
  readonly fact: Fact | null;
  readonly isOver: boolean;
};

/**
 * Asks about stray edits under `propose` (semantics §2.3): they stay where they were typed, and a person may grant one,
 * which makes it a decision of the hub, have it put back, or leave it. Null when nothing is to be asked or closed.
 */
export function settleProposal(
  entity: EntityId,
  unit: UnitRules,
  register: Register,
  state: EntityState,
): ProposalStep | null {
  const { proposal } = register;
  if (proposal === null) return null;
  const isGone = state.presence.kind === 'tombstone';
  if (isGone || proposal.status === 'over')
    return {
      register: { ...register, proposal: null },
      question: null,
      fact: null,
      isOver: proposal.status !== 'new',
    };
  if (proposal.status === 'asked') return null;
  const asked: Register = { ...register, proposal: { sides: proposal.sides, status: 'asked' } };
  const question = proposalQuestion(unit, asked, state);
  return { register: asked, question, fact: askedFact(entity, unit, asked, question), isOver: false };
}

/** What an answer to a proposal stands on: the agreed value's version, and what each side that proposes had last typed. */
export function proposalVersion(register: Register): string {
  const sides = register.proposal?.sides ?? [];
  return [vectorText(register.vv), ...sides.map((side) => `${side} ${vectorText(contextOf(register, side))}`)].join(
    '; ',
  );
}

/** The values that sides propose. */
export function proposedValues(
  unit: UnitRules,
  register: Register,
  state: EntityState,
): readonly { readonly side: SideName; readonly value: Json }[] {
  return (register.proposal?.sides ?? []).map((side) => ({
    side,
    value: getValue(unit, side, state.sides[side]?.raws[unit.name] ?? null),
  }));
}

function proposalQuestion(unit: UnitRules, register: Register, state: EntityState): Question {
  const proposed = proposedValues(unit, register, state);
  const sides = Object.fromEntries(
    proposed.map(({ side, value }) => [side, { value, raw: value, lo: null, hi: state.sides[side]?.atMs ?? null }]),
  );
  const texts = proposed.map(({ side, value }) => [side, canonicalText(unit.same, value)]);
  const master = unit.authority.kind === 'master' ? unit.authority.side : 'another side';
  return {
    unit: unit.name,
    kind: 'proposal',
    shape: canonicalJson(['proposal', unit.name, canonicalText(unit.same, register.value), ...texts]),
    label: [register.value, ...proposed.map(({ value }) => value)].map(shown).join(' | '),
    vv: proposalVersion(register),
    agreed: register.value,
    sides,
    note: `${proposed.map(({ side }) => side).join(' and ')} proposes another value; ${master} decides this.`,
    rule: unit.place,
  };
}

function askedFact(entity: EntityId, unit: UnitRules, register: Register, question: Question): Fact {
  const { value, vv } = register;
  const name: UnitName = unit.name;
  const proposals: Json = Object.entries(question.sides).map(([side, held]) => ({ side, value: held.value }));
  return {
    kind: 'asked',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `stray: propose (${unit.place})`,
    dot: null,
    effects: [{ unit: name, before: value, after: value, vvBefore: vv, vvAfter: vv, ctx: {} }],
    detail: { siblings: proposals },
    lo: null,
    hi: null,
  };
}
