import { archivedFields, archiveMarks, isArchiving } from './archive.js';
import { sideRules, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName } from './ids.js';
import { merged } from './intent.js';
import type { Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { losersOf, ownValues } from './losers.js';
import { madeExpected } from './made.js';
import { writeUnit } from './mapping/mapping.js';
import type { PlannedWrite, SettleMode } from './planned-write.js';
import type { NativeFieldMap } from './record.js';
import { withSide } from './register.js';
import type { EntityState, Intent, Shadow } from './state.js';
import { lifeOf } from './write-version.js';

type Removal = { readonly state: EntityState; readonly write: PlannedWrite };

/**
 * The entity is deleted for good: the records that are left go too, if they still are what was decided on, or are archived
 * where the side that deleted says so (semantics §2.4). A record that is archived already goes with a real delete only.
 */
export function planDeletes(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  mode: SettleMode,
): { readonly state: EntityState; readonly facts: readonly Fact[]; readonly writes: readonly PlannedWrite[] } {
  // Records of other pairs name it, and are looked at again when something was committed about them.
  if (state.hold?.kind === 'children' && (hub.rules.children ?? []).length > 0) return { state, facts: [], writes: [] };
  const writes: PlannedWrite[] = [];
  const facts: Fact[] = [];
  const kind = isArchiving(state, hub) ? 'archive' : 'delete';
  let next = state;
  for (const { name: side } of hub.rules.sides) {
    const shadow = next.sides[side];
    const isUnderWay = shadow?.intent != null && (hub.sent.has(shadow.intent.delivery) || shadow.intent.kind === kind);
    const isThere = shadow?.presence === 'present' || (shadow?.presence === 'archived' && kind === 'delete');
    if (!isThere || isUnderWay || mode === 'hold' || shadow.refused === kind) continue;
    const losers = kind === 'archive' ? null : losersOf(hub, side, ownValues(next, hub, side), 'deleted');
    if (losers !== null) facts.push({ ...losers, entity });
    const planned = kind === 'archive' ? withArchive(next, hub, side) : withDelete(next, hub, side);
    next = planned.state;
    writes.push(planned.write);
  }
  return { state: next, facts, writes };
}

/** The delete of one record that is there, if it still is what was decided on. */
export function withDelete(state: EntityState, hub: Hub, side: SideName): Removal {
  const isArchived = state.sides[side]?.presence === 'archived';
  const expect = isArchived ? archiveMarks(sideRules(hub.rules, side)) : heldFields(state, hub, side);
  return removal(state, hub, side, { kind: 'delete', fields: {}, expect });
}

/** The same, of the write that archives it: what somebody changed there meanwhile is read first, and then archived too. */
function withArchive(state: EntityState, hub: Hub, side: SideName): Removal {
  const fields = archivedFields(sideRules(hub.rules, side), hub);
  return removal(state, hub, side, { kind: 'archive', fields, expect: heldFields(state, hub, side) });
}

/**
 * Archived records that are wanted again, because the delete was taken back. Fields of units hold again what they held
 * before, so that what changed meanwhile is delivered as to any side that is behind; other fields what the file says.
 */
export function planUnarchives(
  state: EntityState,
  hub: Hub,
  mode: SettleMode,
): { readonly state: EntityState; readonly writes: readonly PlannedWrite[] } {
  const writes: PlannedWrite[] = [];
  let next = state;
  for (const { name: side } of hub.rules.sides) {
    const shadow = next.sides[side];
    if (shadow?.presence !== 'archived' || shadow.refused === 'unarchive' || mode === 'hold') continue;
    const isUnderWay =
      shadow.intent !== null && (hub.sent.has(shadow.intent.delivery) || shadow.intent.kind === 'unarchive');
    // A side whose records the file no longer archives keeps them as they are, until people take them out.
    const { archive } = sideRules(hub.rules, side);
    if (isUnderWay || archive === undefined || state.hold?.kind === 'left') continue;
    const held = heldFields(next, hub, side);
    const fields = Object.fromEntries(
      Object.keys(archive.set).map((field) => [field, held[field] ?? archive.restore[field] ?? null]),
    );
    const expect = archiveMarks(sideRules(hub.rules, side));
    const planned = removal(next, hub, side, { kind: 'unarchive', fields, expect });
    next = planned.state;
    writes.push(planned.write);
  }
  return { state: next, writes };
}

/** What the side's record is known to hold, by native field. */
function heldFields(state: EntityState, hub: Hub, side: SideName): NativeFieldMap {
  const { raws } = state.sides[side] as Shadow;
  return merged(
    unitsOf(hub.rules, side).map((unit) =>
      raws[unit.name] === undefined ? {} : writeUnit(unit, side, raws[unit.name] as Json),
    ),
  );
}

/** Writes of whole records carry no unit, and each time the record comes or goes is another one. */
function removal(
  state: EntityState,
  hub: Hub,
  side: SideName,
  write: Pick<PlannedWrite, 'kind' | 'fields' | 'expect'>,
): Removal {
  const shadow = state.sides[side] as Shadow;
  const intent: Intent = { delivery: hub.deliveries[side] as number, kind: write.kind, units: {} };
  return {
    state: withSide(state, side, { ...shadow, intent }),
    write: {
      ...write,
      expect: { ...madeExpected(shadow, sideRules(hub.rules, side)), ...write.expect },
      side,
      key: shadow.key,
      token: shadow.token,
      version: `${write.kind}; ${lifeOf(state.counters, null)}`,
      changes: [],
    },
  };
}
