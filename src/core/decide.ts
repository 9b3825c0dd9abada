import { editsOf, effectOf } from './effect.js';
import { actorOf, Counters, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { keyOn } from './identity.js';
import type { Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { isStopped, released } from './loop.js';
import { getValue, isReadable } from './mapping/mapping.js';
import { proposedValues } from './proposal.js';
import { registerOf, withDecision, without, withSide } from './register.js';
import type { UnitRules } from './rules.js';
import { isBehindIn } from './settle-loop.js';
import type { EntityState, Register, Shadow } from './state.js';

/** What is decided about, and the hub that does it. */
export type Subject = { readonly entity: EntityId; readonly state: EntityState; readonly hub: Hub };
export type Decided = { readonly state: EntityState; readonly fact: Fact };
/** Who decides, and why, as they said it. */
export type By = { readonly name: string; readonly note: string | null };

/**
 * A person's answer about one unit: a dot of the hub that has seen everything in the register (semantics §2.3, R19).
 * The caller has compared the register's vector with the one the person saw. What is not chosen is kept as a loser.
 */
export function decideUnit(
  { entity, state, hub }: Subject,
  unit: UnitRules,
  choice: { readonly value: Json; readonly rule: string },
  by: By,
): Decided {
  const counters = new Counters(state.counters);
  const before = registerOf(state, unit.name);
  const after = released(withDecision(before, choice.value, counters.next(actorOf(hub, null)), hub.nowMs));
  return {
    state: { ...state, counters: counters.counts, units: { ...state.units, [unit.name]: after } },
    fact: factBy(entity, by, `${choice.rule} (${unit.place})`, hub, {
      effects: [effectOf(unit, before, after)],
      detail: { siblings: editsOf(before.siblings), note: by.note },
    }),
  };
}

/**
 * A stray edit under `propose` that is not granted (granting one is `decideUnit` with its value): put back, so that the
 * agreed value stands under a fresh hub dot; or left, so that the side differs until the value next changes.
 */
export function decideProposal(subject: Subject, unit: UnitRules, choice: 'restore' | 'leave', by: By): Decided {
  const { entity, state, hub } = subject;
  const before = registerOf(state, unit.name);
  const proposed: Json = proposedValues(unit, before, state).map(({ side, value }) => ({ side, value }));
  const register: Register = { ...before, proposal: null };
  const closed: EntityState = { ...state, units: { ...state.units, [unit.name]: register } };
  if (choice === 'restore') {
    const { fact, ...decided } = decideUnit(
      { ...subject, state: closed },
      unit,
      { value: before.value, rule: 'proposal: restore' },
      by,
    );
    return { ...decided, fact: { ...fact, detail: { ...fact.detail, proposed } } };
  }
  const fact = factBy(entity, by, `proposal: leave (${unit.place})`, hub, {
    effects: [],
    detail: { proposed, note: by.note },
  });
  return { state: closed, fact };
}

/** Lets a unit that a limit stopped be written again, or leaves the sides that lack the value with their own. */
export function decideLoop(
  { entity, state, hub }: Subject,
  unit: UnitRules,
  choice: 'retry' | 'leave',
  by: By,
): Decided {
  const before = registerOf(state, unit.name);
  const stopped = hub.rules.sides
    .map(({ name }) => name)
    .filter((side) => isStopped(before, side) && isBehindIn(unit, before, state, side, hub));
  const override = choice === 'leave' ? [...before.override, ...stopped] : before.override;
  const chain: Json = before.loop?.chain.map(({ side, value }) => ({ side, value })) ?? [];
  const fact = factBy(entity, by, `loop: ${choice} (${unit.place})`, hub, {
    effects: [],
    detail: { choice, unit: unit.name, sides: stopped, chain, note: by.note },
  });
  return { state: { ...state, units: { ...state.units, [unit.name]: { ...released(before), override } } }, fact };
}

/** The value that `keep SIDE` stands for: the side's surviving edit, else what it is known to hold. Undefined when it can give none. */
export function valueOf(state: EntityState, unit: UnitRules, side: SideName): Json | undefined {
  const sibling = registerOf(state, unit.name).siblings.find((candidate) => candidate.side === side);
  if (sibling !== undefined) return sibling.value;
  const raw = state.sides[side]?.raws[unit.name];
  return raw === undefined || !isReadable(unit, side) ? undefined : getValue(unit, side, raw);
}

/** Lets a held delete happen everywhere, brings the record back where it was deleted, or leaves the difference. */
export function decideDelete({ entity, state, hub }: Subject, choice: 'delete' | 'restore' | 'leave', by: By): Decided {
  const counters = new Counters(state.counters);
  const dot = counters.next(actorOf(hub, null));
  const hold = state.hold?.kind === 'children' ? null : state.hold;
  const counted: EntityState = { ...state, counters: counters.counts, hold };
  const fact = factBy(entity, by, `delete: ${choice}`, hub, { effects: [], detail: { choice, note: by.note } });
  if (choice === 'delete') {
    const seen = Object.fromEntries(hub.rules.units.map((unit) => [unit.name, registerOf(state, unit.name).vv]));
    return { state: { ...counted, presence: { kind: 'tombstone', dot, seen } }, fact };
  }
  const live: EntityState = { ...counted, presence: { kind: 'live' } };
  if (choice === 'leave') return { state: { ...live, hold: { kind: 'left' } }, fact };
  return { state: restored(live, hub), fact };
}

/** The record is made again on every side that lost it, under the key that it had. */
export function restored(state: EntityState, hub: Hub): EntityState {
  let next = state;
  for (const { name: side } of hub.rules.sides) {
    const shadow = state.sides[side];
    if (shadow?.presence === 'gone') next = awaitedOn(next, hub, side, shadow);
  }
  return next;
}

/** Copies a record that waited to the sides that lack it, or leaves it where it is. */
export function decideCreate({ entity, state, hub }: Subject, choice: 'copy' | 'leave', by: By): Decided {
  const fact = factBy(entity, by, `create: ${choice}`, hub, { effects: [], detail: { choice, note: by.note } });
  if (choice === 'leave') return { state: { ...state, hold: { kind: 'left' } }, fact };
  let next: EntityState = { ...state, hold: null };
  for (const { name: side } of hub.rules.sides) {
    const key = keyOn(hub.rules, state, side);
    if (state.sides[side] === undefined && key !== null) next = awaitedOn(next, hub, side, { key });
  }
  return { state: next, fact };
}

/** Tries a refused write once more, or lets the side keep what it has. */
export function decideRefused(
  { entity, state, hub }: Subject,
  side: SideName,
  choice: 'retry' | 'leave',
  by: By,
): Decided {
  const shadow = state.sides[side] as Shadow;
  const fact = factBy(entity, by, `refused: ${choice}`, hub, { effects: [], detail: { choice, side, note: by.note } });
  const freed = withSide(state, side, { ...shadow, refused: null });
  if (choice === 'retry') return { state: freed, fact };
  if (shadow.presence === 'awaited')
    return { state: { ...state, sides: without(state.sides, side), hold: { kind: 'left' } }, fact };
  if (shadow.presence === 'archived' || shadow.presence === 'duplicate')
    return { state: { ...freed, hold: { kind: 'left' } }, fact };
  // Left alone, a record that was to be deleted stays; asked for again, the delete would only be planned anew.
  if (state.presence.kind === 'tombstone')
    return { state: { ...freed, presence: { kind: 'live' }, hold: { kind: 'left' } }, fact };
  const refused = shadow.refused?.split('; ') ?? [];
  const units: { [unit: UnitName]: Register } = {};
  for (const unit of unitsOf(hub.rules, side)) {
    const register = registerOf(state, unit.name);
    if (refused.some((part) => part.startsWith(`${unit.name} `)))
      units[unit.name] = { ...register, override: [...register.override, side] };
  }
  return { state: { ...freed, units: { ...freed.units, ...units } }, fact };
}

/** A side that is to get the record anew. Contexts never fall (SPEC I11); the create is planned because it is awaited. */
export function awaitedOn(state: EntityState, hub: Hub, side: SideName, from: Pick<Shadow, 'key'>): EntityState {
  const units = Object.fromEntries(
    Object.entries(state.units).map(([name, register]) => [name, { ...register, noop: without(register.noop, side) }]),
  );
  const awaited: Shadow = {
    key: from.key,
    presence: 'awaited',
    token: null,
    raws: {},
    tick: hub.tick,
    atMs: hub.nowMs,
    intent: null,
    refused: null,
    wrote: {},
  };
  return withSide({ ...state, units }, side, awaited);
}

/** A fact that a person is the author of. */
export function factBy(entity: EntityId, by: By, rule: string, hub: Hub, rest: Pick<Fact, 'effects' | 'detail'>): Fact {
  return {
    kind: 'decided',
    entity,
    side: null,
    actor: { kind: 'person', name: by.name },
    rule,
    dot: null,
    lo: hub.nowMs,
    hi: hub.nowMs,
    ...rest,
  };
}
