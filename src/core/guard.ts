import { hasDot, includes, join, withDot, type Dot, type Vector } from './clock/version-vector.js';
import { isNumber } from './delta.js';
import { editsOf } from './effect.js';
import { isMaster } from './hub.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import { isBlank } from './mapping/equality.js';
import { getValue, holdsValue, isBlankRaw, isReadable, isValue } from './mapping/mapping.js';
import { fallsBack } from './policy/order.js';
import { blankOn } from './policy/resolve.js';
import { contextOf, overProposal } from './register.js';
import type { StrayRule, UnitRules } from './rules.js';
import type { Register } from './state.js';

/** Why an edit does not enter the register, and what is done about it. */
export type Refusal = { readonly action: StrayRule; readonly why: StrayReason };
export type StrayReason =
  | 'another side decides'
  | 'it is no list'
  | 'it is no number'
  | 'a blank is no opinion'
  | 'the value only rises'
  | 'the value only falls';

/** Whether edits of a side of this unit count at all: either side's, or the master's. */
export function mayEdit(unit: UnitRules, side: SideName): boolean {
  return unit.authority.kind === 'either' || isMaster(unit, side);
}

/**
 * Whether the first value of a unit in a record is no edit: a blank, or that of a side that does not decide. In a record
 * that people made anew the latter is one nevertheless: the side received something in the record before, and contexts
 * never fall, so it could count as having the agreed value and differ in silence, or be replaced without being named.
 */
export function saysNothing(unit: UnitRules, side: SideName, register: Register, raw: Json): boolean {
  if (mayEdit(unit, side)) return isBlankRaw(unit, side, raw);
  if (register.delivered[side] === undefined || register.winner === null) return true;
  return holdsValue(unit, side, register.value, raw);
}

/** Whether a side that shows a blank counts as having an agreed value that is none. */
export function lacksValue(register: Register, side: SideName, raw: Json): boolean {
  const isAgreed = register.status === 'settled' && register.winner !== null && !isBlank(register.value);
  return isAgreed && isBlank(raw) && includes(contextOf(register, side), register.vv);
}

/**
 * Whether the rules keep an edit out of the register (semantics §2.2): it is not the master's; or, by a side that may
 * edit, it is a blank under `ignore` or `fill` (R12), or it takes a monotone value back. Null when it is taken over.
 */
export function refusalOf(
  unit: UnitRules,
  side: SideName,
  register: Register,
  edit: { readonly raw: Json; readonly old: Json | undefined; readonly vv: Vector },
): Refusal | null {
  const { authority } = unit;
  if (!mayEdit(unit, side)) return { action: strayOn(authority, side), why: 'another side decides' };
  if (!isValue(unit, side, edit.raw)) return { action: 'leave', why: 'it is no list' };
  if (authority.kind !== 'either') return null;
  const { policy } = authority;
  const blank = blankOn(authority, side);
  // What stood there before the records met is nobody's edit of a number: a person is asked about it.
  if (policy.kind === 'delta' && edit.old !== undefined && !isNumber(getValue(unit, side, edit.raw)))
    return { action: 'restore', why: 'it is no number' };
  if (blank !== 'value' && isBlankRaw(unit, side, edit.raw))
    return { action: blank === 'fill' ? 'restore' : 'leave', why: 'a blank is no opinion' };
  if ((policy.kind !== 'highest' && policy.kind !== 'lowest') || !policy.monotone) return null;
  const seen = register.siblings.filter(({ dot }) => hasDot(edit.vv, dot)).map(({ value }) => value);
  const replaced = edit.old === undefined ? seen : [...seen, getValue(unit, side, edit.old)];
  if (!fallsBack(policy.kind, unit.as, getValue(unit, side, edit.raw), replaced)) return null;
  return { action: 'restore', why: policy.kind === 'highest' ? 'the value only rises' : 'the value only falls' };
}

function strayOn(authority: UnitRules['authority'], side: SideName): StrayRule {
  return authority.kind === 'master' ? (authority.strayOn?.[side] ?? authority.stray) : 'restore';
}

/** A value that was never given is not restored; a blank is given only by a master whose blanks clear. */
export function restores({ authority }: UnitRules, register: Register, { action }: Refusal): boolean {
  const clears = authority.kind === 'master' && authority.blank === 'clears';
  return action === 'restore' && register.winner !== null && (clears || !isBlank(register.value));
}

/** A stray edit that is left: the side differs until the value next changes. Under `propose` a person may grant it. */
export function withLeft(
  unit: UnitRules,
  register: Register,
  side: SideName,
  { raw, refusal }: { readonly raw: Json; readonly refusal: Refusal },
): Register {
  const left: Register = { ...register, override: [...register.override, side] };
  if (refusal.action !== 'propose' || !isReadable(unit, side)) return left;
  if (holdsValue(unit, side, register.value, raw)) return left;
  return { ...left, proposal: { sides: [...(register.proposal?.sides ?? []), side], status: 'new' } };
}

/** The register while a side makes up its mind again: what it proposed before is not proposed any more. */
export function withoutStray(register: Register, side: SideName): Register {
  const override = register.override.filter((left) => left !== side);
  const { proposal } = register;
  if (!proposal?.sides.includes(side)) return { ...register, override };
  const sides = proposal.sides.filter((other) => other !== side);
  if (sides.length > 0) return { ...register, override, proposal: { sides, status: 'new' } };
  return { ...register, override, proposal: overProposal(register) };
}

/**
 * A stray edit is joined under a hub dot and the value stays, so that `settle` writes the value back. A question that is
 * open stands on the vector, so it is asked anew.
 */
export function withRestored(register: Register, vv: Vector, dot: Dot): Register {
  return {
    ...register,
    vv: withDot(join(register.vv, vv), dot),
    status: register.status === 'asked' ? 'asked_moved' : register.status,
  };
}

/** The rule of an entry about stray edits: the one reason that all its units share, or that there are several. */
export function strayRule(details: { readonly [unit: string]: Json }): string {
  const reasons = new Set(Object.values(details).map((detail) => (detail as { readonly why: StrayReason }).why));
  const [only] = reasons;
  if (reasons.size !== 1 || only === undefined) return 'edits that the rules do not take over';
  return only === 'another side decides' ? 'edit of a side that does not decide' : `edit not taken over: ${only}`;
}

/**
 * Under a condition: edits that were accepted while every side could edit, and which the master, who decides by now, replaces
 * without having had them. They are no stray edits, so the entry of the master's edit names them (I2).
 */
export function overruled(
  { authority }: UnitRules,
  { siblings }: Pick<Register, 'siblings'>,
  vv: Vector,
): { readonly overruled?: Json } {
  if (authority.kind === 'either') return {};
  const unseen = siblings.filter(({ dot }) => !hasDot(vv, dot));
  return unseen.length === 0 ? {} : { overruled: editsOf(unseen) };
}
