import { isOnesDelete } from './asked-again.js';
import { planDeletes, planUnarchives } from './plan-deletes.js';
import { includes } from './clock/version-vector.js';
import { isSummed } from './delta.js';
import { confirmation } from './effect.js';
import { mayEdit } from './guard.js';
import { ruled } from './condition.js';
import { sideRules, unitsOf, type Hub } from './hub.js';
import type { EntityId, RecordKey, SideName, UnitName } from './ids.js';
import { keyOn, keyFields } from './identity.js';
import { intentOf, merged, ruleText, signatureOf, type Behind } from './intent.js';
import { partnerFields } from './invariant.js';
import type { Effect, Fact } from './ledger/entry.js';
import { losersOf } from './losers.js';
import { madeExpected } from './made.js';
import { isStopped } from './loop.js';
import { waitsForLate } from './late.js';
import { isBlank } from './mapping/equality.js';
import { putValue, sameRaw, waitsOn, writeUnit } from './mapping/mapping.js';
import type { PlannedWrite, SettleMode } from './planned-write.js';
import { isPaced, withPace } from './pace.js';
import { recordQuestion, type Question } from './question.js';
import type { Wait } from './reference.js';
import { isRequired, isUndecided, waitsIn, withoutIntent, withWaits } from './wait.js';
import { contextOf, registerOf, withNoop, withSide } from './register.js';
import { recordRules } from './record-rules.js';
import type { CreateRule, UnitRules } from './rules.js';
import type { EntityState, Register, Shadow } from './state.js';
import { lifeOf, signatureOfIntent } from './write-version.js';

export type WritePlan = {
  readonly state: EntityState;
  readonly facts: readonly Fact[];
  readonly writes: readonly PlannedWrite[];
  readonly questions: readonly Question[];
  readonly closes: readonly { readonly unit: UnitName | null; readonly kind: Question['kind'] }[];
};

const nothing = { facts: [], writes: [], questions: [], closes: [] } as const;

/**
 * What must be written where (`plan` of semantics §1.3). Whether to write is decided by version: a side that is not
 * proven to have the register's vector is behind. Equality only suppresses the write, as a no-op delivery that a later
 * unchanged read confirms. One write is under way per record and side; a planned one that was not sent is superseded.
 */
export function planWrites(entity: EntityId, state: EntityState, hub: Hub, mode: SettleMode): WritePlan {
  if (state.presence.kind === 'tombstone')
    return { ...nothing, ...planDeletes(entity, withoutAwaited(withWaits(state, []), hub), hub, mode) };
  let next = state;
  const facts: Fact[] = [];
  const writes: PlannedWrite[] = [];
  const waits: Wait[] = [];
  for (const { name: side } of hub.rules.sides) {
    if (next.sides[side]?.presence !== 'present') continue;
    const planned = planUpdate(next, hub, side, mode);
    next = planned.state;
    waits.push(...planned.waits);
    if (planned.write !== null) writes.push(planned.write);
    for (const fact of planned.facts) facts.push({ ...fact, entity });
  }
  if (next.presence.kind !== 'live')
    return { ...nothing, state: withWaits(withoutAwaited(next, hub), waits), facts, writes };
  const back = planUnarchives(next, hub, mode);
  const created = planCreates(back.state, hub, mode);
  return {
    state: withWaits(created.state, [...waits, ...created.waits]),
    facts,
    writes: [...writes, ...back.writes, ...created.writes],
    questions: created.questions,
    closes: created.closes,
  };
}

type Planned = {
  readonly state: EntityState;
  readonly write: PlannedWrite | null;
  readonly facts: readonly Fact[];
  readonly waits: readonly Wait[];
};

function planUpdate(state: EntityState, hub: Hub, side: SideName, mode: SettleMode): Planned {
  const shadow = state.sides[side] as Shadow;
  const units: { [unit: UnitName]: Register } = {};
  const confirmed: Effect[] = [];
  const behind: Behind[] = [];
  const waits: Wait[] = [];
  for (const unit of unitsOf(hub.rules, side)) {
    const register = registerOf(state, unit.name);
    const unresolved = waitsIn(unit, side, register, shadow.raws[unit.name]);
    waits.push(...unresolved);
    if (register.status !== 'settled' || register.override.includes(side) || isStopped(register, side)) continue;
    if (isAskedTogether(state, unit) || unresolved.length > 0) continue;
    if (includes(contextOf(register, side), register.vv)) continue;
    const now = ruled(unit, state, hub).unit;
    if (isSilentMaster(now, register)) {
      units[unit.name] = { ...register, override: [...register.override, side] };
      continue;
    }
    const old = shadow.raws[unit.name];
    const target = putValue(unit, side, register.value, old);
    // A number is not written over one that nobody has read: what was added there would be lost.
    if (old === undefined && isSummed(unit)) continue;
    // What is on its way there, given up or not, would take it back.
    if (waitsForLate(unit, side, shadow, target)) continue;
    if (old === undefined || !sameRaw(unit, side, target, old)) {
      const paced = withPace(register, side, hub);
      if (paced !== register) units[unit.name] = paced;
      if (!isPaced(paced, side)) behind.push({ unit, register: paced, old, target });
    } else if (!isNoopKnown(register, side)) {
      // Only of a side that may edit it matters what it had seen; another's first value stays one that never counted.
      const complete = mayEdit(now, side) ? (hub.complete?.[side]?.tick ?? null) : null;
      const after = withNoop(register, side, hub.tick, complete);
      if (after.delivered !== register.delivered) confirmed.push(confirmation(unit, after, side));
      units[unit.name] = after;
    }
  }
  const next = Object.keys(units).length === 0 ? state : { ...state, units: { ...state.units, ...units } };
  const { losers, ...planned } = withUpdate(next, hub, side, mode, behind);
  const facts = losers === null ? [] : [losers];
  return {
    ...planned,
    waits,
    facts: confirmed.length === 0 ? facts : [...facts, confirmedFact(hub, side, confirmed)],
  };
}

/** A person is asked about this unit together with others that break an invariant. */
function isAskedTogether({ broken }: EntityState, { name }: UnitRules): boolean {
  return broken?.units.includes(name) ?? false;
}

function confirmedFact(hub: Hub, side: SideName, effects: readonly Effect[]): Fact {
  return {
    kind: 'confirmed',
    entity: null,
    side,
    actor: { kind: 'rule' },
    rule: 'a complete reading showed no edit',
    dot: null,
    effects,
    detail: {},
    lo: null,
    hi: hub.nowMs,
  };
}

function isNoopKnown(register: Register, side: SideName): boolean {
  const noop = register.noop[side];
  return noop !== undefined && includes(noop.vv, register.vv);
}

/** A blank from the master is no opinion unless the file says `blank: clears`. */
function isSilentMaster(unit: UnitRules, register: Register): boolean {
  return unit.authority.kind === 'master' && unit.authority.blank === 'keeps' && isBlank(register.value);
}

function withUpdate(
  state: EntityState,
  hub: Hub,
  side: SideName,
  mode: SettleMode,
  behind: readonly Behind[],
): { state: EntityState; write: PlannedWrite | null; losers: Fact | null } {
  const shadow = state.sides[side] as Shadow;
  // A person wants this one record deleted and the entity to stay: it is not written any more. Any other delete that waits
  // is one that something has taken back.
  if (isOnesDelete(state, side)) return { state, write: null, losers: null };
  const isUnderWay = shadow.intent !== null && hub.sent.has(shadow.intent.delivery);
  const signature = signatureOf('update', behind);
  const same = shadow.intent !== null && signatureOfIntent(shadow.intent) === signature;
  if (isUnderWay || same || (behind.length > 0 && shadow.refused === signature))
    return { state, write: null, losers: null };
  if (behind.length === 0 || mode === 'hold') {
    const idle = shadow.intent === null ? state : withSide(state, side, { ...shadow, intent: null });
    return { state: idle, write: null, losers: null };
  }
  const intent = intentOf('update', hub.deliveries[side] as number, behind);
  const names = behind.map(({ unit }) => unit.name);
  const write: PlannedWrite = {
    side,
    kind: 'update',
    key: shadow.key,
    fields: merged(behind.map(({ unit, target }) => writeUnit(unit, side, target))),
    expect: merged([
      madeExpected(shadow, sideRules(hub.rules, side)),
      partnerFields(hub, side, shadow.raws, names),
      ...behind.map(({ unit, old }) => (old === undefined ? {} : writeUnit(unit, side, old))),
    ]),
    token: shadow.token,
    version: signature,
    changes: behind.map(({ unit, old, target }) => ({
      unit: unit.name,
      before: old ?? null,
      after: target,
      rule: ruleText(unit),
    })),
  };
  return { state: withSide(state, side, { ...shadow, intent }), write, losers: losersOf(hub, side, behind) };
}

function planCreates(
  state: EntityState,
  hub: Hub,
  mode: SettleMode,
): Omit<WritePlan, 'facts'> & { readonly waits: readonly Wait[] } {
  // Its counterpart came by itself: there is nothing left to create.
  if (
    (state.hold?.kind === 'create' || state.hold?.kind === 'key') &&
    hub.rules.sides.every(({ name }) => state.sides[name] !== undefined)
  )
    return { ...nothing, waits: [], state: { ...state, hold: null }, closes: [{ unit: null, kind: 'create' }] };
  const writes: PlannedWrite[] = [];
  const questions: Question[] = [];
  const waits: Wait[] = [];
  let next = state;
  const present = hub.rules.sides.filter(({ name }) => next.sides[name]?.presence === 'present');
  const has = (rule: CreateRule) => present.find((one) => recordRules(one, state, hub).creates === rule);
  const from = has('copy') ?? has('ask');
  for (const { name: side } of hub.rules.sides) {
    const shadow = next.sides[side];
    const isDecided = shadow?.presence === 'awaited';
    if (shadow !== undefined && !isDecided) continue;
    // What a person wants back is made from what was agreed, also when no side has it any more.
    if (!isDecided && (from === undefined || next.hold !== null)) continue;
    const key = shadow?.key ?? keyOn(hub.rules, next, side);
    if (from !== undefined && (key === null || (!isDecided && recordRules(from, state, hub).creates === 'ask'))) {
      next = { ...next, hold: { kind: 'create' } };
      const note =
        key === null
          ? `No rule under "match" gives the key of a new record in ${side}.`
          : `This record is new in ${from.name} and has no counterpart in ${side}.`;
      questions.push(recordQuestion('create', next, from.name, { note, rule: `creates: ${from.name}`, shape: side }));
      continue;
    }
    if (key === null) continue;
    const created = withCreate(next, hub, side, key, mode);
    next = created.state;
    waits.push(...created.waits);
    if (created.write !== null) writes.push(created.write);
  }
  return { state: next, writes, questions, closes: [], waits };
}

function withCreate(
  state: EntityState,
  hub: Hub,
  side: SideName,
  key: RecordKey,
  mode: SettleMode,
): { state: EntityState; write: PlannedWrite | null; waits: readonly Wait[] } {
  const shadow = state.sides[side];
  const filled: Behind[] = [];
  const waits: Wait[] = [];
  for (const unit of unitsOf(hub.rules, side)) {
    const register = registerOf(state, unit.name);
    if (register.status !== 'settled' || register.winner === null || isBlank(register.value)) continue;
    const unresolved = waitsOn(unit, side, [register.value], undefined);
    waits.push(...unresolved);
    if (isAskedTogether(state, unit) || unresolved.length > 0) continue;
    filled.push({ unit, register, old: undefined, target: putValue(unit, side, register.value, undefined) });
  }
  const signature = signatureOf('create', filled);
  const isUnderWay = shadow?.intent != null && hub.sent.has(shadow.intent.delivery);
  const same = shadow?.intent != null && signatureOfIntent(shadow.intent) === signature;
  if (isUnderWay) return { state, write: null, waits };
  // A required reference is never written blank (SPEC I14): the record is not made before what it names is there.
  const needed = unitsOf(hub.rules, side);
  if (isRequired(needed, waits) || isUndecided(needed, state))
    return { state: withoutIntent(state, side), write: null, waits };
  if (mode === 'hold' || same || shadow?.refused === signature) return { state, write: null, waits };
  const intent = intentOf('create', hub.deliveries[side] as number, filled);
  const awaited: Shadow = {
    key,
    presence: 'awaited',
    token: null,
    raws: {},
    tick: hub.tick,
    atMs: hub.nowMs,
    intent,
    refused: null,
    wrote: {},
  };
  const write: PlannedWrite = {
    side,
    kind: 'create',
    key,
    fields: {
      ...keyFields(sideRules(hub.rules, side), key),
      ...merged(filled.map(({ unit, target }) => writeUnit(unit, side, target))),
    },
    expect: {},
    token: null,
    version: `${signature}; ${lifeOf(state.counters, side)}`,
    changes: filled.map(({ unit, target }) => ({ unit: unit.name, before: null, after: target, rule: ruleText(unit) })),
  };
  return { state: withSide(state, side, awaited), write, waits };
}

/** Creates that were planned and not sent are given up when the record is no longer there to copy. */
function withoutAwaited(state: EntityState, hub: Hub): EntityState {
  const kept = Object.entries(state.sides).filter(
    ([, shadow]) => shadow.presence !== 'awaited' || (shadow.intent !== null && hub.sent.has(shadow.intent.delivery)),
  );
  return kept.length === Object.keys(state.sides).length ? state : { ...state, sides: Object.fromEntries(kept) };
}
