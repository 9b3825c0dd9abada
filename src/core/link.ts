import { sideRules, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName } from './ids.js';
import type { Fact } from './ledger/entry.js';
import { madeExpected, unmarked } from './made.js';
import { writeUnit } from './mapping/mapping.js';
import { observe } from './observe.js';
import type { NativeFieldMap, Snapshot } from './record.js';
import type { EntityState, Shadow } from './state.js';

/** The record that a shadow remembers, as far as its units go. */
export function snapshotOf(hub: Hub, side: SideName, shadow: Shadow): Snapshot {
  const fields: { [field: string]: NativeFieldMap[string] } = {};
  for (const unit of unitsOf(hub.rules, side)) {
    const raw = shadow.raws[unit.name];
    if (raw !== undefined) Object.assign(fields, writeUnit(unit, side, raw));
  }
  return {
    key: shadow.key,
    fields: { ...madeExpected(shadow, sideRules(hub.rules, side)), ...fields },
    token: shadow.token,
  };
}

/** Sides on which both have a record: they cannot be one entity until one of the two is gone. */
export function clashingSides(target: EntityState, waiting: EntityState): readonly SideName[] {
  const sides = Object.keys(waiting.sides) as SideName[];
  return sides.filter((side) => standsThere(target.sides[side]) && standsThere(waiting.sides[side]));
}

/** Whether there is a record, as far as anybody knows: also one that is hidden, out of scope, or in its side's archive. */
function standsThere(shadow: Shadow | undefined): boolean {
  return shadow !== undefined && shadow.presence !== 'awaited' && shadow.presence !== 'gone';
}

/**
 * Two entities as a person links them: what was to be made where the other has a record is made no more, and nobody waits for
 * a decision about either. Of the one that ends, only records count that are there.
 */
export function readyToLink(
  target: EntityState,
  ending: EntityState,
): { readonly target: EntityState; readonly ending: EntityState } {
  const sides = Object.entries(target.sides).filter(([side]) => !standsThere(ending.sides[side as SideName]));
  const records = Object.entries(ending.sides).filter(([, shadow]) => standsThere(shadow));
  const isLeft = target.hold?.kind === 'left';
  return {
    target: { ...target, sides: Object.fromEntries(sides), hold: isLeft ? null : target.hold },
    ending: { ...ending, sides: Object.fromEntries(records.map(([side, one]) => [side, { ...one, intent: null }])) },
  };
}

/**
 * Takes the records of an entity that waited into the one that it stands for (semantics §1.12): they are read into it as
 * on first contact, so that equal values are adopted, blanks filled and different values asked. The waiting entity
 * ends as an alias; what it held stays in the ledger.
 */
export function absorb(
  to: EntityId,
  target: EntityState,
  waiting: EntityState,
  hub: Hub,
): { readonly state: EntityState; readonly alias: EntityState; readonly facts: readonly Fact[] } {
  let state: EntityState = target.hold?.kind === 'match' ? { ...target, hold: null } : target;
  const facts: Fact[] = [];
  for (const [name, shadow] of Object.entries(waiting.sides)) {
    const side = name as SideName;
    const snapshot = snapshotOf(hub, side, shadow);
    const times = { readTick: hub.tick, readAtMs: hub.nowMs, beganAtMs: shadow.atMs };
    // Somebody says that the two are one, whatever their marks say of a record that was there before.
    const seen = observe(to, unmarked(state, side), hub, side, { snapshot, ...times, complete: null });
    state = seen.state;
    facts.push(...seen.facts);
  }
  const alias: EntityState = {
    ...waiting,
    presence: { kind: 'alias', of: to },
    hold: null,
    broken: null,
    waits: [],
    sides: {},
  };
  return { state, alias, facts };
}
