import type { Vector } from './clock/version-vector.js';
import { unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { sameJson, type Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { readUnit } from './mapping/mapping.js';
import { observe } from './observe.js';
import { signatureOfIntent } from './plan-writes.js';
import { deleteQuestion, observeGone } from './presence.js';
import { recordQuestion, type Question } from './question.js';
import type { Snapshot } from './record.js';
import { registerOf, withDelivered, withSide } from './register.js';
import type { EntityState, Intent, Register, Shadow } from './state.js';

/** What a side answered to a write, as the core needs it. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly record: Snapshot | null }
  | { readonly kind: 'stale'; readonly record: Snapshot | null }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export type Acknowledged = {
  readonly state: EntityState;
  /** Contexts that the side's answer proves, for the one ledger entry of the delivery. */
  readonly proven: { readonly [unit: UnitName]: Vector };
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
};

/**
 * Takes a side's answer to the write that was under way (semantics §1.6, §1.7).
 *
 * Accepted: what the side now holds is the shadow of the delivered version, whatever we sent (the image rule); it is
 * proof, so the contexts rise. Anything else in the answer that differs from the shadow is an edit of the side.
 * Stale: nothing was written; what is there now is observed like any reading. Refused: the value stays in the hub, the
 * same write is not tried again by itself, and a person is told.
 */
export function acknowledge(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  outcome: Outcome,
): Acknowledged {
  const shadow = state.sides[side];
  const intent = shadow?.intent ?? null;
  if (shadow === undefined || intent === null) return { state, proven: {}, facts: [], questions: [] };
  switch (outcome.kind) {
    case 'accepted':
      return accepted(entity, state, hub, side, { shadow, intent, record: outcome.record });
    case 'stale':
      // What it should have held it did not: the version of the record proves nothing about what we believe it holds.
      return stale(entity, withSide(state, side, { ...shadow, intent: null, token: null }), hub, side, {
        shadow,
        intent,
        record: outcome.record,
      });
    case 'refused':
      return refused(state, side, { shadow, intent, record: null }, outcome);
  }
}

type UnderWay = { readonly shadow: Shadow; readonly intent: Intent; readonly record: Snapshot | null };

function accepted(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { shadow, intent, record }: UnderWay,
): Acknowledged {
  if (intent.kind === 'delete') {
    const gone: Shadow = { ...shadow, presence: 'gone', intent: null, token: null, tick: hub.tick, atMs: hub.nowMs };
    return { state: withSide(state, side, gone), proven: {}, facts: [], questions: [] };
  }
  const raws: { [unit: UnitName]: Json } = { ...shadow.raws };
  const units: { [unit: UnitName]: Register } = {};
  const proven: { [unit: UnitName]: Vector } = {};
  for (const unit of unitsOf(hub.rules, side)) {
    const sent = intent.units[unit.name];
    if (sent === undefined) continue;
    raws[unit.name] = (record === null ? undefined : readUnit(unit, side, record.fields)) ?? sent.raw;
    units[unit.name] = withDelivered(registerOf(state, unit.name), side, sent.vv);
    proven[unit.name] = sent.vv;
  }
  const image: Shadow = {
    key: record?.key ?? shadow.key,
    presence: 'present',
    token: record?.token ?? null,
    raws,
    tick: hub.tick,
    atMs: hub.nowMs,
    intent: null,
    refused: null,
  };
  const next: EntityState = { ...state, units: { ...state.units, ...units }, sides: { ...state.sides, [side]: image } };
  if (record === null || !showsMore(hub, side, record, raws)) return { state: next, proven, facts: [], questions: [] };
  const untold = withSide(next, side, { ...image, token: null });
  const observed = observe(entity, untold, hub, side, {
    snapshot: record,
    readTick: hub.tick,
    readAtMs: hub.nowMs,
    complete: hub.complete?.[side] ?? null,
  });
  return { state: observed.state, proven, facts: observed.facts, questions: [] };
}

/** Whether the answer shows a unit that we did not write differently from the shadow: somebody else changed it. */
function showsMore(hub: Hub, side: SideName, record: Snapshot, raws: { readonly [unit: UnitName]: Json }): boolean {
  return unitsOf(hub.rules, side).some((unit) => {
    const raw = readUnit(unit, side, record.fields);
    if (raw === undefined) return false;
    const known = raws[unit.name];
    return known === undefined || !sameJson(raw, known);
  });
}

function stale(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { intent, record }: UnderWay,
): Acknowledged {
  if (record === null) {
    if (intent.kind === 'create') return { state, proven: {}, facts: [], questions: [] };
    const gone = observeGone(entity, state, hub, side, hub.tick);
    return { state: gone.state, proven: {}, facts: gone.facts, questions: gone.questions };
  }
  const observed = observe(entity, state, hub, side, {
    snapshot: record,
    readTick: hub.tick,
    readAtMs: hub.nowMs,
    complete: hub.complete?.[side] ?? null,
  });
  const { presence } = observed.state;
  const isHeldNow = state.presence.kind === 'tombstone' && presence.kind === 'delete_held';
  const questions = isHeldNow ? [deleteQuestion(observed.state, hub, presence.side)] : [];
  return { state: observed.state, proven: {}, facts: observed.facts, questions };
}

function refused(
  state: EntityState,
  side: SideName,
  { shadow, intent }: UnderWay,
  outcome: { code: string; message: string },
): Acknowledged {
  const units = Object.keys(intent.units) as UnitName[];
  const next = withSide(state, side, { ...shadow, intent: null, refused: signatureOfIntent(intent) });
  const question = recordQuestion('refused', next, side, {
    note: `${side} would not have the ${intent.kind}: ${outcome.message}`,
    rule: outcome.code,
    shape: `${outcome.code} ${units.join(',')}`,
    ...(units.length === 1 ? { unit: units[0] as UnitName } : {}),
  });
  return { state: next, proven: {}, facts: [], questions: [question] };
}
