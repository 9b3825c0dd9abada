import { decideUnit, factBy, valueOf, type By, type Subject } from './decide.js';
import { unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { snapshotOf } from './link.js';
import { getValue, isReadable, sameRaw } from './mapping/mapping.js';
import { observe } from './observe.js';
import { emptyState, registerOf, without } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register, Shadow } from './state.js';

/** What a side held of a unit before its record was linked, and whether somebody there changed it since. */
export type BeforeLink = { readonly raw: Json; readonly isChangedSince: boolean };
export type BeforeLinks = { readonly [side: SideName]: { readonly [unit: UnitName]: BeforeLink } };

/** One entity after it: its state, and what is to be said about it. */
export type Part = { readonly state: EntityState; readonly facts: readonly Fact[] };
export type Unlinked = {
  readonly stays: Part;
  readonly leaves: Part;
  /** Values that go back to what they were before the link. */
  readonly restored: readonly {
    readonly side: SideName;
    readonly unit: UnitName;
    readonly from: Json;
    readonly to: Json;
  }[];
  readonly left: readonly { readonly side: SideName; readonly unit: UnitName; readonly why: string }[];
};

/**
 * Takes a link back (semantics §1.12): the record of `side` becomes an entity of its own, read as on first contact, and each
 * of the two gets back what its side held before, as far as the ledger knows and nobody changed it there since. Neither is
 * made on the other's side: both stay where they are. What was asked about the two is over.
 */
export function unlink(
  subject: Subject,
  side: SideName,
  { own, before }: { readonly own: EntityId; readonly before: BeforeLinks },
  by: By,
): Unlinked {
  const { entity, state, hub } = subject;
  const shadow = state.sides[side] as Shadow;
  const rule = `unlink of ${side}`;
  const split = { effects: [], detail: { unlinked: side, entity: own, note: by.note } };
  const restoring = new Restoring(hub, rule, by);
  const stays = restoring.part(
    { state: withoutSide(state, side), facts: [factBy(entity, by, rule, hub, split)] },
    entity,
  );
  stays.settle();
  const times = { readTick: hub.tick, readAtMs: hub.nowMs, beganAtMs: shadow.atMs };
  const seen = observe(own, emptyState, hub, side, {
    snapshot: snapshotOf(hub, side, shadow),
    ...times,
    complete: null,
  });
  const leaves = restoring.part({ state: { ...seen.state, hold: { kind: 'left' } }, facts: seen.facts }, own);
  const others = Object.keys(stays.state.sides) as SideName[];
  for (const name of others) stays.restore(name, before[name] ?? {}, others.length === 1);
  leaves.restore(side, before[side] ?? {}, true);
  return { stays, leaves, restored: restoring.restored, left: restoring.left };
}

function withoutSide(state: EntityState, side: SideName): EntityState {
  const units: { [unit: UnitName]: Register } = {};
  for (const name of Object.keys(state.units) as UnitName[]) {
    const register = state.units[name] as Register;
    units[name] = {
      ...register,
      delivered: without(register.delivered, side),
      noop: without(register.noop, side),
      override: register.override.filter((one) => one !== side),
      proposal: null,
      loop: null,
    };
  }
  const sides: { [side: SideName]: Shadow } = {};
  for (const name of Object.keys(state.sides) as SideName[])
    if (name !== side) sides[name] = { ...(state.sides[name] as Shadow), intent: null };
  return { ...state, units, sides, hold: { kind: 'left' } };
}

/** Gathers what both parts get back. */
class Restoring {
  readonly restored: Unlinked['restored'][number][] = [];
  readonly left: Unlinked['left'][number][] = [];
  readonly hub: Hub;
  readonly rule: string;
  readonly by: By;

  constructor(hub: Hub, rule: string, by: By) {
    this.hub = hub;
    this.rule = rule;
    this.by = by;
  }

  part(start: Part, entity: EntityId): RestoredPart {
    return new RestoredPart(this, start, entity);
  }
}

class RestoredPart implements Part {
  state: EntityState;
  facts: readonly Fact[];
  readonly #all: Restoring;
  readonly #entity: EntityId;

  constructor(all: Restoring, { state, facts }: Part, entity: EntityId) {
    this.#all = all;
    this.state = state;
    this.facts = facts;
    this.#entity = entity;
  }

  /** A question between two records that are not one has no answer: each keeps its own. */
  settle(): void {
    const [side] = Object.keys(this.state.sides) as SideName[];
    for (const unit of this.#all.hub.rules.units) {
      if (side === undefined || registerOf(this.state, unit.name).status === 'settled') continue;
      const value = valueOf(withoutSiblings(this.state, unit.name), unit, side);
      this.#decide(unit, value ?? registerOf(this.state, unit.name).value);
    }
  }

  restore(side: SideName, before: BeforeLinks[SideName], isAlone: boolean): void {
    for (const unit of unitsOf(this.#all.hub.rules, side)) {
      const known = before[unit.name];
      const now = this.state.sides[side]?.raws[unit.name];
      if (known === undefined || now === undefined || sameRaw(unit, side, now, known.raw)) continue;
      const why = known.isChangedSince
        ? 'it was changed there since'
        : isAlone
          ? isReadable(unit, side)
            ? null
            : 'this side only receives it'
          : 'other sides have the record, too';
      if (why !== null) this.#all.left.push({ side, unit: unit.name, why });
      else {
        this.#all.restored.push({ side, unit: unit.name, from: now, to: known.raw });
        this.#decide(unit, getValue(unit, side, known.raw));
      }
    }
  }

  #decide(unit: UnitRules, value: Json): void {
    const { hub, rule, by } = this.#all;
    const decided = decideUnit({ entity: this.#entity, state: this.state, hub }, unit, { value, rule }, by);
    this.state = decided.state;
    this.facts = [...this.facts, decided.fact];
  }
}

function withoutSiblings(state: EntityState, unit: UnitName): EntityState {
  return { ...state, units: { ...state.units, [unit]: { ...registerOf(state, unit), siblings: [] } } };
}
