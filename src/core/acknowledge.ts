import type { Vector } from './clock/version-vector.js';
import { showsArchive } from './archive.js';
import { awaitedOn, decideRefused, type Decided, type Subject } from './decide.js';
import { sideRules, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { sameJson, type Json } from './json.js';
import type { Fact } from './ledger/entry.js';
import { wasTried, withLanded, withTry, withWrote } from './loop.js';
import { madeWritten } from './made.js';
import { readUnit, sameRaw } from './mapping/mapping.js';
import { withWritten } from './pace.js';
import { observe, type Observed } from './observe.js';
import { signatureOfIntent } from './write-version.js';
import { observeAbsent } from './absence.js';
import { askedAgain, isOnesDelete } from './asked-again.js';
import { deleteQuestion } from './presence.js';
import { judgedDetail, recordRulesOn } from './record-rules.js';
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
  /** What the answer shows beside what was written is not what is known: only a reading tells which of them is newer. */
  readonly readsAgain?: boolean;
};

/**
 * Takes a side's answer to the write that was under way (semantics §1.6, §1.7).
 *
 * Accepted: what the side now holds is the shadow of the delivered version, whatever we sent (the image rule); it is
 * proof, so the contexts rise. It is what the write left, and a system that knows the request again shows what its first
 * attempt left, which may be long ago: anything else in an answer to an update that differs from the shadow is read again,
 * and so is a record whose write had been made before without a trace: people may have put back what it replaced.
 * Stale: nothing was written; what is there now is observed like any reading. Refused: the value stays in the hub, the
 * same write is not tried again by itself, and a person is told. `sentAtMs` is when the write had not yet left: whoever
 * edited since may have done so before we were told.
 */
export function acknowledge(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { outcome, sentAtMs }: { readonly outcome: Outcome; readonly sentAtMs: number },
): Acknowledged {
  const shadow = state.sides[side];
  const intent = shadow?.intent ?? null;
  if (shadow === undefined || intent === null) return { state, proven: {}, facts: [], questions: [] };
  switch (outcome.kind) {
    case 'accepted':
      return accepted(entity, state, hub, side, { shadow, intent, record: outcome.record, sentAtMs });
    case 'stale':
      // What it should have held it did not: the version of the record proves nothing about what we believe it holds.
      return stale(entity, withSide(state, side, { ...shadow, intent: null, token: null }), hub, side, {
        shadow,
        intent,
        record: outcome.record,
        sentAtMs,
      });
    case 'refused':
      return refused({ entity, state, hub }, side, { shadow, intent }, outcome);
  }
}

type UnderWay = {
  readonly shadow: Shadow;
  readonly intent: Intent;
  readonly record: Snapshot | null;
  readonly sentAtMs: number;
};

/** What a side showed when it answered is a reading like any other, made since the write was sent. */
function observeAnswer(
  { entity, state, hub }: Subject,
  side: SideName,
  snapshot: Snapshot,
  sentAtMs: number,
): Observed {
  return observe(entity, state, hub, side, {
    snapshot,
    readTick: hub.tick,
    readAtMs: hub.nowMs,
    beganAtMs: sentAtMs,
    complete: hub.complete?.[side] ?? null,
  });
}

function accepted(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { shadow, intent, record, sentAtMs }: UnderWay,
): Acknowledged {
  if (intent.kind === 'delete') {
    const gone: Shadow = { ...shadow, presence: 'gone', intent: null, token: null, tick: hub.tick, atMs: hub.nowMs };
    const deleted = withSide(state, side, gone);
    // The record came back elsewhere while our delete was under way: what we deleted is made again.
    const isWanted = state.presence.kind === 'live' && !isOnesDelete(state, side);
    const next = isWanted ? awaitedOn(deleted, hub, side, shadow) : deleted;
    return { state: next, proven: {}, facts: [], questions: [] };
  }
  if (intent.kind === 'archive' || intent.kind === 'unarchive')
    return movedArchive(entity, state, hub, side, { shadow, intent, record, sentAtMs });
  const raws: { [unit: UnitName]: Json } = { ...shadow.raws };
  const units: { [unit: UnitName]: Register } = {};
  const proven: { [unit: UnitName]: Vector } = {};
  let { wrote } = shadow;
  for (const unit of unitsOf(hub.rules, side)) {
    const sent = intent.units[unit.name];
    if (sent === undefined) continue;
    raws[unit.name] = (record === null ? undefined : readUnit(unit, side, record.fields)) ?? sent.raw;
    const landed = withLanded(withDelivered(registerOf(state, unit.name), side, sent.vv), side);
    units[unit.name] = withWritten(landed, side, hub);
    if (intent.kind === 'update') wrote = withWrote(wrote, unit, shadow.raws[unit.name], hub);
    proven[unit.name] = sent.vv;
  }
  const isRepeat = Object.entries(intent.units).some(([unit, { vv }]) =>
    wasTried(registerOf(state, unit as UnitName), side, vv),
  );
  const readsAgain = record !== null && intent.kind === 'update' && (isRepeat || showsOther(hub, side, record, raws));
  const image: Shadow = {
    key: record?.key ?? shadow.key,
    presence: 'present',
    // The version of what is not taken over would vouch for what we know instead.
    token: readsAgain ? null : (record?.token ?? null),
    raws,
    tick: hub.tick,
    atMs: sentAtMs,
    intent: null,
    refused: null,
    wrote,
    ...(shadow.late === undefined ? {} : { late: shadow.late }),
    ...madeWritten(hub.rules, side, shadow, record),
  };
  const next: EntityState = { ...state, units: { ...state.units, ...units }, sides: { ...state.sides, [side]: image } };
  if (readsAgain) return { state: next, proven, facts: [], questions: [], readsAgain };
  if (record === null || !showsMore(hub, side, record, raws)) return { state: next, proven, facts: [], questions: [] };
  const observed = observeAnswer({ entity, state: next, hub }, side, record, sentAtMs);
  return { state: observed.state, proven, facts: observed.facts, questions: [] };
}

/** Whether the answer shows a unit that we did not write, and know, with another value. */
function showsOther(hub: Hub, side: SideName, record: Snapshot, raws: Shadow['raws']): boolean {
  return unitsOf(hub.rules, side).some((unit) => {
    const [raw, known] = [readUnit(unit, side, record.fields), raws[unit.name]];
    return raw !== undefined && known !== undefined && !sameRaw(unit, side, raw, known);
  });
}

/**
 * A record that was archived, or taken out of the archive: what it shows now says whether that worked. Out of it, it is
 * read as one that is back: what people changed there meanwhile is an edit.
 */
function movedArchive(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  { shadow, intent, record, sentAtMs }: UnderWay,
): Acknowledged {
  const shows = record === null ? null : showsArchive(sideRules(hub.rules, side), record.fields);
  const isWanted = intent.kind === 'archive';
  if (shows === !isWanted) {
    const message = `the record is ${isWanted ? 'not archived after it' : 'archived all the same'}`;
    return refused({ entity, state, hub }, side, { shadow, intent }, { code: 'no_effect', message });
  }
  const rest = { intent: null, refused: null, wrote: {}, tick: hub.tick, atMs: sentAtMs };
  const presence = isWanted ? 'archived' : 'present';
  if (isWanted || record === null) {
    const moved: Shadow = { ...shadow, ...rest, presence, token: record?.token ?? null };
    return { state: withSide(state, side, moved), proven: {}, facts: [], questions: [] };
  }
  const known = withSide(state, side, { ...shadow, ...rest, token: null });
  const observed = observeAnswer({ entity, state: known, hub }, side, record, sentAtMs);
  return { state: observed.state, proven: {}, facts: observed.facts, questions: [] };
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
  { shadow, intent, record, sentAtMs }: UnderWay,
): Acknowledged {
  if (record === null) {
    if (intent.kind === 'create') return { state, proven: {}, facts: [], questions: [] };
    const gone = observeAbsent(entity, state, hub, side, { kind: 'deleted', readTick: hub.tick });
    return { state: gone.state, proven: {}, facts: gone.facts, questions: gone.questions };
  }
  const tried = intent.kind === 'update' ? withTries(state, hub, side, intent, record) : state;
  const observed = observeAnswer({ entity, state: tried, hub }, side, record, sentAtMs);
  const { presence } = observed.state;
  const isHeldNow = state.presence.kind === 'tombstone' && presence.kind === 'delete_held';
  const questions = isHeldNow
    ? [deleteQuestion(observed.state, hub, presence.side)]
    : askedAgain(withSide(state, side, shadow), observed.state);
  return { state: observed.state, proven: {}, facts: observed.facts, questions };
}

/**
 * A write that was not made although the side shows exactly what it expected would be planned and not made for ever: it
 * counts as one without effect. Another token explains it, because another field may have moved.
 */
function withTries(state: EntityState, hub: Hub, side: SideName, intent: Intent, record: Snapshot): EntityState {
  const shadow = state.sides[side];
  if (shadow === undefined || (record.token !== null && shadow.token !== record.token)) return state;
  const units: { [unit: UnitName]: Register } = {};
  for (const unit of unitsOf(hub.rules, side)) {
    const [sent, old] = [intent.units[unit.name], shadow.raws[unit.name]];
    const raw = readUnit(unit, side, record.fields);
    if (sent === undefined || old === undefined || raw === undefined || !sameRaw(unit, side, raw, old)) continue;
    units[unit.name] = withTry(registerOf(state, unit.name), side, sent.vv);
  }
  return { ...state, units: { ...state.units, ...units } };
}

function refused(
  { entity, state, hub }: Subject,
  side: SideName,
  { shadow, intent }: Pick<UnderWay, 'shadow' | 'intent'>,
  outcome: { code: string; message: string },
): Acknowledged {
  const units = Object.keys(intent.units) as UnitName[];
  const next = withSide(state, side, { ...shadow, intent: null, refused: signatureOfIntent(intent) });
  if (recordRulesOn(side, state, hub).refused === 'leave') {
    const left = leaveRefused({ entity, state: next, hub }, side, outcome);
    return { state: left.state, proven: {}, facts: [left.fact], questions: [] };
  }
  const question = recordQuestion('refused', next, side, {
    note: `${side} would not have the ${intent.kind}: ${outcome.message}`,
    rule: outcome.code,
    shape: `${outcome.code} ${units.join(',')}`,
    ...(units.length === 1 ? { unit: units[0] as UnitName } : {}),
  });
  return { state: next, proven: {}, facts: [], questions: [question] };
}

/** The file says that a side may keep its own where it would not have ours: as if a person had left it. */
function leaveRefused(subject: Subject, side: SideName, { code, message }: { code: string; message: string }): Decided {
  const { state, fact } = decideRefused(subject, side, 'leave', { name: side, note: null });
  const { refused: rule } = sideRules(subject.hub.rules, side);
  const why = judgedDetail(rule, subject.state, subject.hub);
  const detail = { choice: 'leave', side, code, message, ...why };
  return { state, fact: { ...fact, actor: { kind: 'rule' }, rule: `refused: ${side}`, detail } };
}
