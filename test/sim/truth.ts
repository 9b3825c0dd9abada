import type { Json } from '../../src/core/json.js';
import { fieldsOf, type UnitOptions } from './options.js';

/** A set of edits, one bit each: what really was in a field before, and who wrote what stands there now. */
export type Edits = bigint;

/** A value with the history that it really has. `wants` are versions of the hub that count as received once it is held. */
export type Register = {
  /** Every edit that was in this field at some time, or in what the hub delivered to it. */
  readonly history: Edits;
  /** The part of it that the hub can know of: without no-op deliveries that no complete pass has confirmed yet. */
  readonly proven: Edits;
  /** What was received by holding an equal value, until a complete pass that shows no change confirms it. */
  readonly pending: Edits;
  /** The hub's tick of the newest of these. */
  readonly pendingTick: number;
  /** The part of `proven` that only complete passes confirmed, of the no-op delivery that stands: a record that is found missing loses it. */
  readonly byPass: Edits;
  /** The edits that wrote what stands here now; none for a blank that nobody wrote. */
  readonly authors: Edits;
  readonly wants: readonly Want[];
  /** What people added here altogether, in thousandths, and the last number that they had before them. */
  readonly added: number;
  readonly number: number | null;
  /**
   * What the hub takes for received here, and is not: the record was gone during a complete pass, which only a listing tells,
   * and did not hold before what was agreed without a write (SPEC, Gaps).
   */
  readonly missed?: Edits;
  /**
   * A write of the hub put this here after the hub had looked for it and not found it: what reads like an edit of the
   * side is none, and had seen no more than the write.
   */
  readonly isLate?: boolean;
  /** What the last write brought here: nothing of it is proven by an edit that is read before the hub knows that it was made. */
  readonly brought?: { readonly delivery: number; readonly edits: Edits; readonly history: Edits };
};
/** A version that the hub holds for delivered where the field has an equal value. */
export type Want = {
  readonly value: string;
  readonly history: Edits;
  readonly why: 'noop' | 'sent';
  readonly tick: number;
};

export const untouched: Register = {
  history: 0n,
  proven: 0n,
  pending: 0n,
  pendingTick: 0,
  byPass: 0n,
  authors: 0n,
  wants: [],
  added: 0,
  number: null,
};

export type Edit = { readonly side: string; readonly key: string; readonly unit: string; readonly value: Json };

/** All edits of a world, numbered; a value, so that a search can go back. */
export type EditLog = readonly Edit[];

export function editBit(log: EditLog): Edits {
  return 1n << BigInt(log.length);
}

export function namesOf(log: EditLog, edits: Edits): string {
  const named = log.filter((_, index) => ((edits >> BigInt(index)) & 1n) === 1n);
  return named.map(({ side, key, unit, value }) => `${side}/${key}/${unit}=${JSON.stringify(value)}`).join(', ');
}

export const isWithin = (part: Edits, whole: Edits): boolean => (part & ~whole) === 0n;

/**
 * Equality by the checker's own canonical forms, written apart from the engine's, so that a fault there is seen here.
 */
export function canonical(unit: UnitOptions, raw: Json): string {
  if (isEmpty(raw)) return '';
  if (unit.type === 'list') return elementsOf(raw).join();
  if (Array.isArray(raw)) return JSON.stringify(raw.map((member: Json) => canonicalScalar(unit, member)));
  return canonicalScalar(unit, raw);
}

export const isEmpty = (raw: Json): boolean =>
  raw === null || (typeof raw === 'string' && raw.trim() === '') || (Array.isArray(raw) && raw.every(isEmpty));

/** Elements in no order, each once. */
function elementsOf(raw: Json): readonly string[] {
  const parts = Array.isArray(raw) ? raw.map(String) : (typeof raw === 'string' ? raw : '').split(',');
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))].toSorted();
}

function canonicalScalar({ type }: UnitOptions, value: Json): string {
  if (isEmpty(value)) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A record has the same key on all sides; the hub says beside it which of them named it.
  if (type === 'reference') return text.slice(text.indexOf(':') + 1);
  if (type === 'decimal')
    return /^-?\d+(\.\d+)?$/.test(text) ? text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : text.trim();
  if (type === 'letters') return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return text;
}

type Fields = { readonly [field: string]: Json };

/** The raw value of a unit as the system holds it. */
export function rawOf(unit: UnitOptions, fields: Fields): Json {
  const [first = '', ...others] = fieldsOf(unit);
  return others.length === 0
    ? (fields[first] ?? null)
    : [fields[first] ?? null, ...others.map((name) => fields[name] ?? null)];
}

export function fieldsFor(unit: UnitOptions, raw: Json): Fields {
  const names = fieldsOf(unit);
  if (names.length === 1) return { [names[0] as string]: raw };
  return Object.fromEntries(names.map((name, index) => [name, Array.isArray(raw) ? (raw[index] as Json) : null]));
}

/** The register after an edit by somebody who had all that stood there. */
export function editedBy(bit: Edits, { missed = 0n, ...register }: Register): Register {
  const { history, proven, byPass, added, number, brought } = register;
  const seen = { history: history | bit, proven: proven | bit, pending: 0n, pendingTick: 0, byPass };
  return { ...seen, authors: bit, wants: [], added, number, missed, ...(brought === undefined ? {} : { brought }) };
}

/** What a complete pass confirms: what waited for one, if the pass began after that. */
export function confirmedBy(passTick: number, registers: Registers): Registers {
  const confirmed = (register: Register): Register => {
    const { proven, pending, pendingTick, byPass } = register;
    if (pendingTick > passTick) return register;
    return { ...register, proven: proven | pending, byPass: byPass | (pending & ~proven), pending: 0n };
  };
  return Object.fromEntries(Object.entries(registers).map(([unit, one]) => [unit, confirmed(one)]));
}

type Registers = { readonly [unit: string]: Register };

/** What was in either of two records that people made one of. */
export function joined(one: Register, other: Register): Pick<Register, 'history' | 'proven' | 'byPass'> {
  const proven = one.proven | other.proven;
  const otherwise = (one.proven & ~one.byPass) | (other.proven & ~other.byPass);
  return { history: one.history | other.history, proven, byPass: proven & ~otherwise };
}

/** The register after somebody made a number of another one: what they added counts, whoever had written what was there. */
export function addedTo(register: Register, was: Json, is: Json): Register {
  const [before, after] = [thousandths(was) ?? register.number, thousandths(is)];
  if (after === null) return { ...register, number: before };
  return { ...register, added: register.added + (before === null ? 0 : after - before), number: after };
}

/** A number of at most three decimals, exactly; null for everything else. */
export function thousandths(raw: Json): number | null {
  const match = typeof raw === 'string' ? /^(-?)(\d+)(?:\.(\d{1,3}))?0*$/.exec(raw) : null;
  if (match === null) return null;
  const whole = Number(match[2]) * 1000 + Number((match[3] ?? '').padEnd(3, '0'));
  return match[1] === '-' ? -whole : whole;
}

/** Holding a value that the hub wants held counts as having received it, from then on. */
export function absorbed(unit: UnitOptions, register: Register, raw: Json): Register {
  if (register.wants.length === 0) return register;
  const held = canonical(unit, raw);
  const received = register.wants.filter(({ value }) => value === held);
  if (received.length === 0) return register;
  const historyOf = (wants: readonly Want[]): Edits => wants.reduce((all, want) => all | want.history, 0n);
  // Of a write that was not needed the hub learns it: stale, it was not made, and proves nothing (SPEC, Deliveries).
  const noops = received.filter(({ why }) => why === 'noop');
  const known = {
    history: register.history | historyOf(received),
    pending: register.pending | historyOf(noops),
    pendingTick: Math.max(register.pendingTick, ...noops.map(({ tick }) => tick)),
  };
  // Who typed what a write under way carries cannot be told from it (class O5): the value is the version's.
  // And where another side decides, an equal value is the decided one.
  const mayBeOthers = unit.authority.kind === 'master' || unit.authority.kind === 'when';
  const isVersion = mayBeOthers || received.some(({ why }) => why === 'sent');
  const authors = isVersion ? 0n : register.authors;
  return { ...register, ...known, authors, wants: register.wants.filter(({ value }) => value !== held) };
}

/**
 * Where only a listing tells that a record is gone, a pass that is complete before counts as proof of what it holds, although
 * it held something else when that was agreed.
 */
export function misled<One extends { readonly registers: { readonly [unit: string]: Register } }>(
  gone: One,
  passTick: number,
): One {
  const registers = Object.entries(gone.registers).map(([unit, one]) => {
    const noops = one.wants.filter(({ why, tick }) => why === 'noop' && tick <= passTick);
    const missed = noops.reduce((all, { history }) => all | history, one.missed ?? 0n);
    return [unit, missed === 0n ? one : { ...one, missed }];
  });
  return { ...gone, registers: Object.fromEntries(registers) };
}
