import { includes, join, withDot, type Dot } from './clock/version-vector.js';
import { canonicalDecimal, DecimalNumber } from './decimal.js';
import type { Json } from './json.js';
import type { Hub } from './hub.js';
import type { SideName } from './ids.js';
import { accept, agreedAnew, contextOf } from './register.js';
import type { UnitRules } from './rules.js';
import type { Register, Sibling } from './state.js';

/**
 * Numbers to which every side adds (semantics §2.2, `delta`): an edit counts for what it added to what its own side had
 * before, so edits that had not seen each other are no clash, and sums do not depend on the order of readings.
 *
 * While the total is not clear, the siblings are the *possible totals*: numbers of records that never agreed, or what
 * follows from a write that may or may not have arrived. What is added meanwhile is added to each of them, so that no
 * answer of a person loses it. They never become one by being equal to what somebody types.
 */
export function isSummed({ authority }: Pick<UnitRules, 'authority'>): boolean {
  return authority.kind === 'either' && authority.policy.kind === 'delta';
}

/** What people type has far fewer digits; with more, sums might outgrow what a number may have. */
const typedDigitsMax = 300;

/** Whether a value can be counted from: an exact number, and not a blank. */
export function isNumber(value: Json): boolean {
  const number = numberOf(value);
  return number !== null && number.text.length <= typedDigitsMax;
}

/** How a number was read: after a write to it that may have arrived, or with nothing before it to count from. */
export type NumberReading = { readonly sent: Json; readonly isAnew: boolean };

/**
 * Whether all that is known of a side is from before our own database was put back: what it shows since may be what we
 * wrote and have forgotten, and is nothing that somebody added.
 */
export function isOfEarlierEpoch(register: Register, side: SideName, { epoch }: Pick<Hub, 'epoch'>): boolean {
  const actors = Object.keys(contextOf(register, side));
  return actors.length > 0 && !actors.some((actor) => actor.endsWith(`#${epoch}`));
}

/** What an edit added, for people who read the ledger. */
export function addedDetail(
  unit: UnitRules,
  [from = null, to]: readonly [Json | undefined, Json],
  { sent, isAnew }: NumberReading,
): { readonly how?: string; readonly added?: string } {
  if (!isSummed(unit)) return {};
  if (sent !== null) return { how: 'in doubt' };
  const added = isAnew ? null : addedBy(from, to);
  return added === null ? {} : { added: added.text.startsWith('-') ? added.text : `+${added.text}` };
}

/** What an edit added to what its side had; null when one of the two is no number. */
export function addedBy(from: Json, to: Json): DecimalNumber | null {
  const [before, after] = [numberOf(from), numberOf(to)];
  return before === null || after === null ? null : after.minus(before);
}

/** A number with what was added to it; null when it is none. Of equal numbers the text of `typed` is kept. */
export function withAdded(value: Json, added: DecimalNumber, typed: Json = null): Json {
  const sum = numberOf(value)?.plus(added).text ?? null;
  return sum !== null && numberOf(typed)?.text === sum ? typed : sum;
}

/**
 * The register after an edit of a side that may edit it. `edit.base` is what the side had before. Where that is not known
 * the number stands beside the total, and a person is asked: what never agreed is no base, and a record that began anew
 * was not added to. `nextDot` gives the hub's dot that a sum of edits needs which had not seen each other, so that a
 * vector determines its value (L4).
 */
export function withReading(
  register: Register,
  edit: Sibling,
  { sent, isAnew }: NumberReading,
  nextDot: () => Dot,
): Register {
  if (sent !== null) return withDoubt(register, edit, sent);
  return withDelta(register, isAnew ? { ...edit, base: null } : edit, nextDot);
}

function withDelta(register: Register, edit: Sibling, nextDot: () => Dot): Register {
  const totals = totalsOf(register, edit);
  const added = addedBy(edit.base, edit.value);
  if (added === null || totals.length === 0 || !totals.every(({ value }) => isSum(value)))
    return withPossible(register, totals, edit);
  const [first] = totals as readonly [Sibling];
  if (totals.length > 1 && !areEqual(totals)) return withOpen(register, edit, shifted(totals, added));
  const sawAll = includes(edit.vv, register.vv);
  const value = withAdded(first.value, added, edit.value);
  const seen = join(register.vv, edit.vv);
  const vv = sawAll ? edit.vv : withDot(seen, nextDot());
  const total: Sibling = { ...edit, value, vv, base: first.value };
  return { ...register, value, vv, siblings: [total], winner: edit.dot, status: 'settled', ...agreedAnew(register) };
}

/** Class O5 holds for everything but sums: each total is possible with the write and without it, and a person is asked. */
function withDoubt(register: Register, edit: Sibling, sent: Json): Register {
  const [landed, lost] = [addedBy(sent, edit.value), addedBy(edit.base, edit.value)];
  const totals = totalsOf(register, edit);
  if (landed === null || lost === null || !totals.every(({ value }) => isSum(value)))
    return withPossible(register, totals, edit);
  const both = [...shifted(totals, landed), ...shifted(totals, lost)].map(
    (total): Sibling => ({ ...total, side: null, dot: edit.dot }),
  );
  const distinct = both.filter(({ value }, index) => both.findIndex((other) => other.value === value) === index);
  return withOpen(register, edit, distinct);
}

/** Whether it is open if a write had arrived when its side was changed. */
export function isInDoubt({ siblings }: Pick<Register, 'siblings'>): boolean {
  return siblings.length > 1 && siblings.every(({ side }) => side === null);
}

function withPossible(register: Register, totals: readonly Sibling[], edit: Sibling): Register {
  const isReplaced = includes(edit.vv, register.vv) && totals.every(({ value }) => !isSum(value));
  return isReplaced ? accept(register, edit) : withOpen(register, edit, [...totals, edit]);
}

function withOpen(register: Register, { vv }: Sibling, siblings: readonly Sibling[]): Register {
  const wasAsked = register.status === 'asked' || register.status === 'asked_moved';
  const status = wasAsked ? 'asked_moved' : 'unsettled';
  return { ...register, vv: join(register.vv, vv), siblings, status, ...agreedAnew(register) };
}

/** The totals that are possible: the agreed value alone, unless something is open. None before anybody gave a number. */
function totalsOf(register: Register, { lo, hi }: Sibling): readonly Sibling[] {
  const { value, vv, winner, siblings, status } = register;
  if (status !== 'settled') return siblings;
  if (winner === null) return [];
  return [{ value, vv, dot: winner, side: siblings[0]?.side ?? null, base: null, lo, hi }];
}

function shifted(totals: readonly Sibling[], added: DecimalNumber): readonly Sibling[] {
  return totals.map((total) => ({ ...total, value: withAdded(total.value, added) }));
}

function areEqual(totals: readonly Sibling[]): boolean {
  return totals.every(({ value }) => numberOf(value)?.text === numberOf(totals[0]?.value ?? null)?.text);
}

function isSum(value: Json): boolean {
  return numberOf(value) !== null;
}

function numberOf(value: Json): DecimalNumber | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const canonical = canonicalDecimal(String(value));
  return canonical === null || canonical.length > sumDigitsMax ? null : DecimalNumber.parse(canonical);
}

/** Sums of typed numbers stay below it. */
const sumDigitsMax = 900;
