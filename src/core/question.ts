import { vectorText } from './clock/version-vector.js';
import { isInDoubt, isSummed } from './delta.js';
import type { RecordKey, SideName, UnitName } from './ids.js';
import { canonicalJson, type Json } from './json.js';
import { canonicalText, isBlank } from './mapping/equality.js';
import { getValue, sameIn, scalarText } from './mapping/mapping.js';
import { contextOf } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register } from './state.js';

export const questionKinds = [
  /** Both sides changed the unit, neither having seen the other's change. */
  'clash',
  /** A side that does not decide the unit holds another value, which a person may grant. */
  'proposal',
  /** Something that was to be taken back was changed since, or is a record that was made. */
  'undo',
  /** Systems changed the unit again and again in answer to our writes: nothing of it is written any more. */
  'tripped',
  /** Writes of the unit left nothing to see. */
  'parked',
  /** What different sides changed breaks an invariant only when it is taken together. */
  'invariant',
  /** A record was deleted on one side. */
  'delete',
  /** A record is new on one side and the rules ask. */
  'create',
  /** More than one record could be the counterpart, or a likely one needs a person. */
  'match',
  /** A record stands beside the one that counts: their counterparts were merged. */
  'duplicate',
  /** A side would not have a write. */
  'refused',
] as const;
export type QuestionKind = (typeof questionKinds)[number];

/** Something that only a person may decide. Its shape groups it with questions that deserve the same answer. */
export type Question = {
  readonly unit: UnitName | null;
  readonly kind: QuestionKind;
  readonly shape: string;
  readonly label: string;
  /** The register's vector when asked; a decision must name it. */
  readonly vv: string;
  readonly agreed: Json;
  readonly sides: { readonly [side: SideName]: QuestionSide };
  readonly note: string | null;
  readonly rule: string;
};
export type QuestionSide = {
  readonly value: Json;
  readonly raw: Json;
  readonly lo: number | null;
  readonly hi: number | null;
};

/** The question of a unit with concurrent values. Shape: the unit and the canonical values, in side order. */
export function questionOf(unit: UnitRules, register: Register, state: EntityState): Question {
  const sides: { [side: SideName]: QuestionSide } = {};
  const names = Object.keys(unit.paths) as SideName[];
  for (const side of names) {
    const sibling = register.siblings.find((candidate) => candidate.side === side);
    const raw = state.sides[side]?.raws[unit.name] ?? null;
    sides[side] = {
      value: sibling?.value ?? getValue(unit, side, raw),
      raw,
      lo: sibling?.lo ?? null,
      hi: sibling?.hi ?? null,
    };
  }
  const values = names.map((side) => sides[side]?.value ?? null);
  return {
    unit: unit.name,
    kind: 'clash',
    shape: canonicalJson(['clash', unit.name, ...values.map((value) => canonicalText(unit.same, value))]),
    label: values.map(shown).join(' | '),
    vv: vectorText(register.vv),
    agreed: commonBase(unit, register),
    sides,
    note: isSummed(unit) ? totalNote(register) : whyConcurrent(names, register),
    rule: unit.place,
  };
}

/** The last value that all editors had before them: what was agreed. Null when they never agreed. */
export function commonBase(unit: UnitRules, register: Register): Json {
  const [first, ...others] = register.siblings.map(({ base }) => base);
  if (first === undefined || isBlank(first)) return null;
  return others.every((base) => sameIn(unit, base, first)) ? first : null;
}

/** A question about a whole record: a delete, a create, a match, a refused write. */
export function recordQuestion(
  kind: Question['kind'],
  state: EntityState,
  side: SideName,
  options: { note: string; rule: string; shape: string; unit?: UnitName; key?: RecordKey },
): Question {
  return {
    unit: options.unit ?? null,
    kind,
    shape: canonicalJson([kind, side, options.shape]),
    label: `${side}:${options.key ?? state.sides[side]?.key ?? '?'}`,
    vv: recordVersion(kind, state),
    agreed: null,
    sides: {},
    note: options.note,
    rule: options.rule,
  };
}

/**
 * What a question about a whole record stands on, as text: a decision names it, and is refused when it is another one by
 * then. A delete stands on everything the record is; the others on what they ask, which no edit meanwhile changes.
 */
export function recordVersion(kind: Question['kind'], state: EntityState): string {
  switch (kind) {
    case 'match':
      return state.hold?.kind === 'match' ? `match ${state.hold.candidates.join(' ')}` : 'decided';
    case 'create':
      return state.hold?.kind === 'create' ? 'create' : 'decided';
    case 'refused':
      return Object.entries(state.sides)
        .flatMap(([side, { refused }]) => (refused === null ? [] : [`${side} ${refused}`]))
        .join('; ');
    case 'invariant':
      return state.broken?.vv ?? 'decided';
    case 'duplicate':
      return state.hold?.kind === 'left' ? 'decided' : `duplicate ${keysOf(state).join(' ')}`;
    case 'delete':
    case 'clash':
    case 'proposal':
    case 'undo':
    case 'tripped':
    case 'parked':
      return recordVector(state);
  }
}

function keysOf({ sides }: EntityState): readonly string[] {
  return Object.entries(sides).flatMap(([side, { key, presence }]) =>
    presence === 'duplicate' ? [`${side}:${key}`] : [],
  );
}

function recordVector(state: EntityState): string {
  const vectors = Object.entries(state.units).map(([unit, register]) => `${unit} ${vectorText(register.vv)}`);
  return [state.presence.kind, ...vectors.sort()].join('; ');
}

/** A value as it stands in a label. */
export function shown(value: Json): string {
  if (isBlank(value)) return '(blank)';
  const members: readonly Json[] = Array.isArray(value) ? value : [value];
  return members.map((member) => (member === null ? '' : scalarText(member))).join(', ');
}

/** The totals of which nobody can tell the right one. */
function totalNote(register: Register): string {
  const totals = register.siblings.map(({ value }) => shown(value));
  return `The total is ${totals.join(' or ')}. ${totalSentence(register)}`;
}

/** Why nobody can tell the total of a number that is added up (core/delta.ts). */
export function totalSentence(register: Register): string {
  return isInDoubt(register)
    ? 'It is not known whether a write had arrived when a side was read again, so what was added there is not clear.'
    : 'These numbers have never agreed, so there is none to count from.';
}

function whyConcurrent(names: readonly SideName[], register: Register): string {
  if (
    names.every((side) => Object.keys(contextOf(register, side)).length <= 1) &&
    register.winner !== null &&
    register.siblings.every((sibling) => isBlank(sibling.base))
  ) {
    return 'These records were linked with different values. They have never agreed.';
  }
  const [left, right] = names;
  return `${left} had not seen the change of ${right}, and ${right} had not seen the change of ${left}.`;
}
