import { vectorText } from './clock/version-vector.js';
import { decideUnit, valueOf, type By, type Decided, type Subject } from './decide.js';
import { effectOf } from './effect.js';
import { evaluateNothing } from './expression.js';
import { unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { canonicalJson, sameJson, type Json } from './json.js';
import type { Effect, Fact } from './ledger/entry.js';
import { isStopped } from './loop.js';
import { canonicalText } from './mapping/equality.js';
import { getValue, isReadable, sameIn, writeUnit } from './mapping/mapping.js';
import { shown, type Question, type QuestionSide } from './question.js';
import type { NativeFieldMap } from './record.js';
import { registerOf } from './register.js';
import type { Invariant, UnitRules } from './rules.js';
import { isBehindIn } from './settle-loop.js';
import type { Broken, EntityState } from './state.js';

/** What a record's invariants need: a question, the end of one, or nothing. */
export type InvariantStep = {
  readonly broken: Broken | null;
  readonly fact: Fact | null;
  readonly question: Question | null;
  readonly isOver: boolean;
};

type Values = { readonly [unit: UnitName]: Json };

/**
 * Holds the record that would be written against what the file declares of whole records (semantics §1.13). Fields that
 * different sides changed never fight, so a record can come out that nobody made and that makes no sense. The law: where
 * a write would make a side's record break an invariant that it fulfilled, and no side holds such a record by its own
 * edits, the units of it that sides do not agree about yet become one question, and none of them is written. What one
 * side made by itself is that side's business. An invariant that cannot be told says nothing. Null when nothing changes.
 */
export function settleInvariants(entity: EntityId, state: EntityState, hub: Hub): InvariantStep | null {
  const broken = state.presence.kind === 'tombstone' ? null : brokenIn(state, hub);
  if (broken === null) return state.broken === null ? null : { broken, fact: null, question: null, isOver: true };
  if (state.broken !== null && sameJson(state.broken, broken)) return null;
  const question = invariantQuestion(broken, state, hub);
  return { broken, fact: askedFact(entity, broken, state, hub, question), question, isOver: false };
}

/** The invariants of `rules` by their text, as entries and sentences quote them. */
export function invariantText({ expression, place }: Invariant): string {
  return `${expression.text} (${place})`;
}

/** Invariants that a side's own record breaks once a reading of it was taken, if it edited a unit that they read. */
export function brokenByOwn(
  state: EntityState,
  hub: Hub,
  side: SideName,
  effects: readonly Effect[],
): readonly string[] {
  return (hub.rules.invariants ?? [])
    .filter(({ expression }) => effects.some(({ unit }) => Object.hasOwn(expression.variables, unit)))
    .filter((invariant) => isBroken(invariant, ownValues(state, side, unitsIn(invariant, hub)), hub))
    .map(invariantText);
}

/** What an invariant reads together with the units of a write must be what was last seen, or the write was not judged. */
export function partnerFields(
  hub: Hub,
  side: SideName,
  raws: { readonly [unit: UnitName]: Json },
  written: readonly UnitName[],
): NativeFieldMap {
  const fields: { [field: string]: Json } = {};
  for (const { expression } of hub.rules.invariants ?? []) {
    if (!written.some((name) => Object.hasOwn(expression.variables, name))) continue;
    for (const unit of unitsOf(hub.rules, side)) {
      const raw = raws[unit.name];
      const isPartner = Object.hasOwn(expression.variables, unit.name) && !written.includes(unit.name);
      if (isPartner && raw !== undefined) Object.assign(fields, writeUnit(unit, side, raw));
    }
  }
  return fields;
}

/**
 * A person's answer: what one side holds in all of the units, or a value for some of them while the others stay as they are
 * agreed. Null when the values that were typed break an invariant of the question too.
 */
export function decideInvariant(
  { entity, state, hub }: Subject,
  choice: { readonly kind: 'keep'; readonly side: SideName } | { readonly kind: 'values'; readonly values: Values },
  by: By,
): Decided | null {
  const { units, rules }: Pick<Broken, 'units' | 'rules'> = state.broken ?? { units: [], rules: [] };
  let next: EntityState = { ...state, broken: null };
  const facts: Fact[] = [];
  for (const unit of hub.rules.units.filter(({ name }) => units.includes(name))) {
    const agreed = registerOf(state, unit.name).value;
    const value = choice.kind === 'keep' ? valueOf(state, unit, choice.side) : choice.values[unit.name];
    const rule = choice.kind === 'keep' ? `invariant: keep ${choice.side}` : 'invariant: values were typed';
    const decided = decideUnit({ entity, state: next, hub }, unit, { value: value ?? agreed, rule }, by);
    next = decided.state;
    facts.push(decided.fact);
  }
  const [first] = facts;
  if (first === undefined) return null;
  const asked = (hub.rules.invariants ?? []).filter((invariant) => rules.includes(invariantText(invariant)));
  if (
    choice.kind === 'values' &&
    asked.some((invariant) => isBroken(invariant, agreedValues(next, unitsIn(invariant, hub)), hub))
  )
    return null;
  const lost = Object.fromEntries(
    hub.rules.sides.map(({ name }) => [name, ownValues(state, name, unitsNamed(hub, units))]),
  );
  const effects = facts.flatMap((fact) => fact.effects);
  return { state: next, fact: { ...first, effects, detail: { invariants: rules, sides: lost, note: by.note } } };
}

function brokenIn(state: EntityState, hub: Hub): Broken | null {
  const invariants = hub.rules.invariants ?? [];
  if (invariants.length === 0) return null;
  const sides = hub.rules.sides.map(({ name }) => name).filter((side) => state.sides[side]?.presence === 'present');
  const broken = invariants.filter((invariant) => sides.some((side) => wouldBreak(invariant, state, hub, side, sides)));
  if (broken.length === 0) return null;
  const reads = broken.flatMap((invariant) => unitsIn(invariant, hub));
  const open = reads.filter((unit) => sides.some((side) => isToBeWritten(unit, state, side, hub)));
  const units = [...new Set(open.map(({ name }) => name))].sort();
  const vv = units.map((name) => `${name} ${vectorText(registerOf(state, name).vv)}`).join('; ');
  return { units, rules: broken.map(invariantText), vv };
}

/** Whether what is to be written to a side makes its record break an invariant, and nobody made such a record. */
function wouldBreak(
  invariant: Invariant,
  state: EntityState,
  hub: Hub,
  side: SideName,
  sides: readonly SideName[],
): boolean {
  const units = unitsIn(invariant, hub);
  const changes = units.filter((unit) => isToBeWritten(unit, state, side, hub));
  if (changes.length === 0) return false;
  const own = ownValues(state, side, units);
  const after: Values = { ...own, ...agreedValues(state, changes) };
  if (!isBroken(invariant, after, hub) || isBroken(invariant, own, hub)) return false;
  const isSame = (unit: UnitRules, values: Values): boolean =>
    sameIn(unit, values[unit.name] ?? null, after[unit.name] ?? null);
  return !sides.some((other) => {
    const theirs = ownValues(state, other, units);
    if (units.every((unit) => isSame(unit, theirs))) return true;
    return isBroken(invariant, theirs, hub) && changes.some((unit) => isSame(unit, theirs));
  });
}

/** A unit that is decided and that a side neither has nor is left without. */
function isToBeWritten(unit: UnitRules, state: EntityState, side: SideName, hub: Hub): boolean {
  const register = registerOf(state, unit.name);
  return register.status === 'settled' && !isStopped(register, side) && isBehindIn(unit, register, state, side, hub);
}

function isBroken({ expression }: Invariant, values: Values, hub: Hub): boolean {
  const given = (hub.evaluate ?? evaluateNothing)(expression, values);
  return 'value' in given && given.value === false;
}

function unitsIn({ expression }: Invariant, hub: Hub): readonly UnitRules[] {
  return hub.rules.units.filter(({ name }) => Object.hasOwn(expression.variables, name));
}

function unitsNamed(hub: Hub, names: readonly UnitName[]): readonly UnitRules[] {
  return hub.rules.units.filter(({ name }) => names.includes(name));
}

/** What a side's record holds; of a unit that it does not have or cannot show, what is agreed. */
function ownValues(state: EntityState, side: SideName, units: readonly UnitRules[]): Values {
  return Object.fromEntries(
    units.map((unit) => {
      const raw = unit.paths[side] === undefined ? undefined : state.sides[side]?.raws[unit.name];
      const isKnown = raw !== undefined && isReadable(unit, side);
      return [unit.name, isKnown ? getValue(unit, side, raw) : registerOf(state, unit.name).value];
    }),
  );
}

function agreedValues(state: EntityState, units: readonly UnitRules[]): Values {
  return Object.fromEntries(units.map(({ name }) => [name, registerOf(state, name).value]));
}

function invariantQuestion(broken: Broken, state: EntityState, hub: Hub): Question {
  const units = unitsNamed(hub, broken.units);
  const merged = agreedValues(state, units);
  const sides: { [side: SideName]: QuestionSide } = {};
  for (const { name: side } of hub.rules.sides) {
    if (state.sides[side]?.presence !== 'present') continue;
    const value = ownValues(state, side, units);
    sides[side] = { value, raw: value, lo: null, hi: state.sides[side].atMs };
  }
  const texts = units.map(({ name, same }) => [
    name,
    ...Object.values(sides).map(({ value }) => canonicalText(same, (value as Values)[name] ?? null)),
  ]);
  return {
    unit: null,
    kind: 'invariant',
    shape: canonicalJson(['invariant', broken.rules, texts]),
    label: units.map(({ name }) => `${name} ${shown(merged[name] ?? null)}`).join(' | '),
    vv: broken.vv,
    agreed: merged,
    sides,
    note:
      `${units.map(({ name }) => name).join(' and ')} were changed by sides that had not seen each other's change. ` +
      `Taken together they break ${broken.rules.join(' and ')}; none of them is written.`,
    rule: broken.rules.join('; '),
  };
}

function askedFact(entity: EntityId, broken: Broken, state: EntityState, hub: Hub, { sides }: Question): Fact {
  const effects: Effect[] = unitsNamed(hub, broken.units).map((unit) => {
    const register = registerOf(state, unit.name);
    return effectOf(unit, register, register);
  });
  return {
    kind: 'asked',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `invariant: ${broken.rules.join('; ')}`,
    dot: null,
    effects,
    detail: { sides: Object.fromEntries(Object.entries(sides).map(([side, { value }]) => [side, value])) },
    lo: null,
    hi: null,
  };
}
