import { hasDot, includes, join, withDot, type Dot, type Vector } from './clock/version-vector.js';
import type { SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { EntityState, Noop, Proposal, Register, Shadow, Sibling } from './state.js';

/** A register before anybody gave it a value. */
export const emptyRegister: Register = {
  value: null,
  vv: {},
  siblings: [],
  winner: null,
  status: 'settled',
  delivered: {},
  noop: {},
  override: [],
  proposal: null,
  steps: [],
  loop: null,
  holds: null,
};

export const emptyState: EntityState = {
  counters: {},
  units: {},
  sides: {},
  presence: { kind: 'live' },
  hold: null,
  broken: null,
  waits: [],
};

/** What is left of an entity whose values were erased: that it was, and how often its actors counted. */
export function blankedState(state: EntityState): EntityState {
  const presence: EntityState['presence'] =
    state.presence.kind === 'alias' ? state.presence : { kind: 'tombstone', dot: ['erased', 0], seen: {} };
  return { ...emptyState, counters: state.counters, presence };
}

export function registerOf(state: EntityState, unit: UnitName): Register {
  return state.units[unit] ?? emptyRegister;
}

export function contextOf(register: Register, side: SideName): Vector {
  return register.delivered[side] ?? {};
}

/**
 * The context of a side when an edit arrives there. A delivery that needed no write is confirmed when a complete pass
 * of the side began after it and did not return a change of the unit; evaluated here and not before, so
 * that unchanged rows cost no write. Doubt never raises it (SPEC I3).
 */
export function confirmedContext(register: Register, side: SideName, completeTick: number | null): Vector {
  const context = contextOf(register, side);
  const noop: Noop | undefined = register.noop[side];
  if (noop === undefined || completeTick === null || completeTick < noop.tick) return context;
  return join(context, noop.vv);
}

/**
 * Notes a delivery that needs no write. What a complete pass has confirmed of the one whose place it takes is known from
 * now on, or it would be forgotten, and an edit be asked about although its author had seen everything before.
 */
export function withNoop(register: Register, side: SideName, tick: number, completeTick: number | null): Register {
  const context = confirmedContext(register, side, completeTick);
  const isKnown = includes(contextOf(register, side), context);
  const delivered = isKnown ? register.delivered : { ...register.delivered, [side]: context };
  return { ...register, delivered, noop: { ...register.noop, [side]: { vv: register.vv, tick } } };
}

/** A reading of a side could not be taken: only a pass that begins from now on confirms what waits for one there. */
export function withoutConfirmation(register: Register, side: SideName, tick: number): Register {
  const noop: Noop | undefined = register.noop[side];
  return noop === undefined ? register : { ...register, noop: { ...register.noop, [side]: { ...noop, tick } } };
}

/** The siblings that a new edit had not yet overwritten: those whose dot its author had not received. */
export function survivors(siblings: readonly Sibling[], vv: Vector): readonly Sibling[] {
  return siblings.filter((sibling) => !hasDot(vv, sibling.dot));
}

/**
 * Puts an edit into the register: it dominates what its author had seen, and stands beside what they had not. A side
 * that was left with its own value is left with it until the value changes, so an edit ends every `override`.
 */
export function accept(register: Register, sibling: Sibling): Register {
  if (includes(sibling.vv, register.vv)) {
    const wasAsked = register.status === 'asked' || register.status === 'asked_moved';
    return {
      ...register,
      value: sibling.value,
      vv: sibling.vv,
      siblings: [sibling],
      winner: sibling.dot,
      status: wasAsked ? 'asked_moved' : 'settled',
      ...agreedAnew(register),
    };
  }
  return {
    ...register,
    vv: join(register.vv, sibling.vv),
    siblings: [...survivors(register.siblings, sibling.vv), sibling],
    status: register.status === 'asked' || register.status === 'asked_moved' ? 'asked_moved' : 'unsettled',
    ...agreedAnew(register),
  };
}

/** The master is alone in its register: whatever it holds is the value, and what it had not seen was never in it. */
export function acceptMaster(register: Register, sibling: Sibling): Register {
  return {
    ...register,
    value: sibling.value,
    vv: join(register.vv, sibling.vv),
    siblings: [sibling],
    winner: sibling.dot,
    status: 'settled',
    ...agreedAnew(register),
  };
}

/**
 * A rule chose among the siblings. The register gets a hub dot, so that its vector determines its value (L4); the
 * siblings stay, so that a later edit by one of them is resolved against the others and not against the outcome (§1.5).
 */
export function withResolution(register: Register, chosen: Sibling, dot: Dot): Register {
  const vv = withDot(register.vv, dot);
  return { ...register, value: chosen.value, vv, winner: chosen.dot, status: 'settled', ...agreedAnew(register) };
}

/** A rule made a value of the siblings: it has a dot of the hub, and the siblings stay as after `withResolution`. */
export function withMerge(register: Register, value: Json, dot: Dot): Register {
  const vv = withDot(register.vv, dot);
  return { ...register, value, vv, winner: dot, status: 'settled', ...agreedAnew(register) };
}

/** A person decided, having seen all of the register: their value stands alone under a fresh hub dot. */
export function withDecision(register: Register, value: Json, dot: Dot, nowMs: number): Register {
  const vv = withDot(register.vv, dot);
  const decided: Sibling = { value, vv, dot, side: null, base: register.value, lo: nowMs, hi: nowMs };
  return { ...register, value, vv, siblings: [decided], winner: dot, status: 'settled', ...agreedAnew(register) };
}

/** What a new agreed value ends: sides that were left with their own, and what they proposed. */
export function agreedAnew(register: Register): Pick<Register, 'override' | 'proposal'> {
  return { override: [], proposal: overProposal(register) };
}

/** The question of a proposal is over; one that was never asked is forgotten. */
export function overProposal({ proposal }: Register): Proposal | null {
  return proposal === null || proposal.status === 'new' ? null : { sides: [], status: 'over' };
}

/** Raises the delivered context of a side after proof, and forgets a pending no-op delivery that it covers. */
export function withDelivered(register: Register, side: SideName, vv: Vector): Register {
  const delivered = { ...register.delivered, [side]: join(contextOf(register, side), vv) };
  return { ...register, delivered, noop: without(register.noop, side) };
}

export function without<Value>(map: { readonly [key: string]: Value }, key: string): { readonly [key: string]: Value } {
  if (!(key in map)) return map;
  const { [key]: _removed, ...rest } = map;
  return rest;
}

/** Forgets writes that wait in a delivery which will not be sent: they are decided anew. */
export function withoutIntents(state: EntityState, isOpen: (delivery: number) => boolean): EntityState {
  let next = state;
  for (const [name, shadow] of Object.entries(state.sides)) {
    if (shadow.intent !== null && !isOpen(shadow.intent.delivery))
      next = withSide(next, name as SideName, { ...shadow, intent: null });
  }
  return next;
}

export function withSide(state: EntityState, side: SideName, shadow: Shadow): EntityState {
  return { ...state, sides: { ...state.sides, [side]: shadow } };
}
