import { includes, withDot, type Dot, type Vector } from './clock/version-vector.js';
import {
  lacksValue,
  overruled,
  refusalOf,
  restores,
  saysNothing,
  withLeft,
  withoutStray,
  withRestored,
  type Refusal,
} from './guard.js';
import { observeArchived } from './archive.js';
import { holdAfter } from './children.js';
import { presenceShown, winsOverDelete } from './came-back.js';
import { restored } from './decide.js';
import { Findings } from './findings.js';
import { looksOld, unconfirmed, unproven } from './fence.js';
import { ruled, verdictDetail } from './condition.js';
import { addedDetail, isNumber, isOfEarlierEpoch, isSummed, withReading, type NumberReading } from './delta.js';
import { actorOf, Counters, unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName, UnitName } from './ids.js';
import { sameJson, type Json } from './json.js';
import { brokenByOwn } from './invariant.js';
import { answerTo, showsEdit, staleForm, withHop, withLanded, withTry, withWrote } from './loop.js';
import { givenUp, landedLate, stillLate } from './late.js';
import type { Fact } from './ledger/entry.js';
import { keepsSteps, withStep } from './lineage.js';
import { isSameKnown, madeAfter, showsAnother } from './made.js';
import { getValue, readUnit, sameRaw } from './mapping/mapping.js';
import type { Snapshot } from './record.js';
import { withWritten } from './pace.js';
import { accept, acceptMaster, confirmedContext, registerOf, withDelivered, without } from './register.js';
import { limitsOf, type UnitRules } from './rules.js';
import type { EntityState, Intent, LateWrite, Register, Shadow, Sibling } from './state.js';

/** One reading of one record, with when it can have been made. */
export type Observation = {
  readonly snapshot: Snapshot;
  /** The pair's tick when the read began: older than the shadow means fenced (class O0). */
  readonly readTick: number;
  /** When the reading was over at the latest, and when it had not yet begun: an edit lies between two readings. */
  readonly readAtMs: number;
  readonly beganAtMs: number;
  /** The last complete pass of the side before this read; null when there was none. */
  readonly complete: { readonly tick: number; readonly atMs: number } | null;
  /** The side had said yes to the write that is under way, without showing what it made of it. */
  readonly isAfterYes?: boolean;
  /** The record was looked at because the answer to a write was lost, and what became of the write cannot be known better. */
  readonly isLook?: boolean;
  /** The reading may come from a copy of the system that lags: not the answer to a write of ours, nor a look after one. */
  readonly mayLag?: boolean;
  /** The side has nothing that keeps a write which was given up from being made later. */
  readonly mayComeLate?: boolean;
};

export type Observed = {
  /** `stale`: fenced, read the record again; only what it kept from being confirmed is stored. `unchanged`: nothing to store. */
  readonly kind: 'stale' | 'unchanged' | 'changed';
  readonly state: EntityState;
  readonly facts: readonly Fact[];
};

/**
 * What one reading of one record means (semantics §1.3, classes O0-O6 of §2.1): shadow, contexts and sibling sets move,
 * nothing is decided and nothing is planned; `settle` does that.
 *
 * Whether something is an edit is decided against the side's own shadow, never against the agreed value or another
 * side. A first reading is an edit with an empty base; a first reading of a blank says nothing. A field that was not
 * returned says nothing either. Never throws on data.
 */
export function observe(
  entity: EntityId,
  state: EntityState,
  hub: Hub,
  side: SideName,
  observation: Observation,
): Observed {
  const shadow = state.sides[side];
  const doubtful = shadow?.intent != null && hub.sent.has(shadow.intent.delivery);
  const isFenced = shadow !== undefined && observation.readTick < shadow.tick;
  // Another record has its key: what became of this one is found out by the key.
  if (!isFenced && showsAnother(state, hub.rules, side, observation.snapshot))
    return { kind: 'stale', state: unproven(state, hub, side), facts: [] };
  const archived = observeArchived(state, hub, side, observation, doubtful);
  if (archived !== null) return archived;
  const isOld = !doubtful && observation.mayLag === true && looksOld(shadow, observation, hub, side);
  if (isOld || isFenced) return { kind: 'stale', state: unconfirmed(state, hub, side, observation), facts: [] };
  // What became of a number that was written may be known better than by looking; until then the record is read again.
  if (doubtful && observation.isLook !== true && carriesSum(hub, side, shadow.intent))
    return { kind: 'stale', state: unconfirmed(state, hub, side, observation), facts: [] };
  const reading = new Reading(entity, state, hub, side, observation);
  if (doubtful) reading.resolveDoubt(shadow.intent);
  for (const unit of unitsOf(hub.rules, side)) reading.take(unit);
  return reading.finish();
}

function carriesSum(hub: Hub, side: SideName, { units }: Intent): boolean {
  return unitsOf(hub.rules, side).some((unit) => isSummed(unit) && units[unit.name] !== undefined);
}

/** The working copy of one observation; lives for one call. */
class Reading {
  readonly entity: EntityId;
  readonly state: EntityState;
  readonly hub: Hub;
  readonly side: SideName;
  readonly observation: Observation;
  readonly #counters: Counters;
  readonly #units: { [unit: UnitName]: Register };
  readonly #raws: { [unit: UnitName]: Json };
  readonly #findings: Findings;
  readonly #shadow: Shadow | undefined;
  readonly #isFirst: boolean;
  readonly #lo: number;
  #dot: Dot | null = null;
  #changed = false;
  #resolved = false;
  /** Units that a write of ours may have changed, and the side shows neither its value nor the one before. */
  readonly #unproven = new Set<UnitName>();
  /** What was written to numbers, where nobody can tell whether it had arrived. */
  readonly #doubted = new Map<UnitName, Json>();
  /** Our last writes that the side has not changed since. */
  #wrote: Shadow['wrote'];
  /** Writes that were given up and may still be made. */
  readonly #late: { [unit: UnitName]: LateWrite };
  /** Somebody changed what the side already had; a first reading and our own write are no such change. */
  #hasEdit = false;

  constructor(entity: EntityId, state: EntityState, hub: Hub, side: SideName, observation: Observation) {
    this.entity = entity;
    this.state = state;
    this.hub = hub;
    this.side = side;
    this.observation = observation;
    this.#counters = new Counters(state.counters);
    this.#findings = new Findings(side);
    this.#units = { ...state.units };
    this.#shadow = state.sides[side];
    this.#raws = { ...this.#shadow?.raws };
    this.#wrote = this.#shadow?.wrote ?? {};
    this.#late = stillLate(this.#shadow?.late, observation.beganAtMs);
    this.#isFirst = this.#shadow === undefined || this.#shadow.presence === 'awaited';
    this.#lo = Math.min(Math.max(this.#shadow?.atMs ?? 0, observation.complete?.atMs ?? 0), observation.readAtMs);
  }

  /**
   * Step 3: a write to this record may or may not have landed. What shows the value we wrote is taken as landed (E5);
   * an unchanged token proves that nothing landed; anything else stays unproven, and the context stays low (L3). A value
   * that is still the old one is counted: a write that leaves nothing to see is not made for ever (E6). So is one that
   * the side said yes to and left unchanged, token and all: that request was not lost. Where somebody changed another
   * field, the new token is explained by that: the request may have been lost all the same.
   */
  resolveDoubt(intent: Intent): void {
    this.#resolved = true;
    this.#changed = true;
    const { snapshot, isAfterYes = false, mayComeLate = false } = this.observation;
    if (mayComeLate && !isAfterYes) this.#giveUp(intent);
    if (!isAfterYes && this.#shadow?.token != null && this.#shadow.token === snapshot.token) return;
    const units = unitsOf(this.hub.rules, this.side);
    const isMoved = !isAfterYes && showsEdit(units, this.side, { raws: this.#raws, intent, fields: snapshot.fields });
    for (const unit of units) {
      const sent = intent.units[unit.name];
      const raw = readUnit(unit, this.side, snapshot.fields);
      if (sent === undefined) continue;
      // A sum that shows proves nothing: somebody may have added just what we wrote.
      const isSum = isSummed(unit) && isNumber(this.#raws[unit.name] ?? null);
      if (isSum) this.#doubted.set(unit.name, sent.raw);
      // Not shown, it is no base for the next number any more.
      if (isSum && raw === undefined) delete this.#raws[unit.name];
      if (isSum || raw === undefined) continue;
      const register = registerOf(this.#unitsState(), unit.name);
      if (!sameRaw(unit, this.side, raw, sent.raw)) {
        const old = this.#raws[unit.name];
        if (old === undefined || !sameRaw(unit, this.side, raw, old)) this.#unproven.add(unit.name);
        else if (!isMoved) this.#units[unit.name] = withTry(register, this.side, sent.vv);
        continue;
      }
      const landed = withLanded(withDelivered(register, this.side, sent.vv), this.side);
      const raised = withWritten(landed, this.side, this.hub);
      this.#units[unit.name] = raised;
      this.#wrote = withWrote(this.#wrote, unit, this.#raws[unit.name], this.hub);
      this.#raws[unit.name] = raw;
      this.#findings.add('edited', unit.name, { before: register, after: raised }, { how: 'landed', to: raw });
    }
  }

  /** What does not show may still be made, as long as nothing fences it. */
  #giveUp({ kind, units }: Intent): void {
    if (kind !== 'update') return;
    for (const unit of unitsOf(this.hub.rules, this.side)) {
      const sent = units[unit.name];
      const raw = readUnit(unit, this.side, this.observation.snapshot.fields);
      if (sent === undefined || isSummed(unit)) continue;
      if (raw === undefined || !sameRaw(unit, this.side, raw, sent.raw))
        this.#late[unit.name] = givenUp(sent, this.hub);
    }
  }

  #landLate(unit: UnitRules, late: LateWrite, from: Json): void {
    const before = registerOf(this.#unitsState(), unit.name);
    const nextDot = (): Dot => this.#counters.next(actorOf(this.hub, null));
    const after = landedLate(unit, this.side, before, late, nextDot);
    this.#units[unit.name] = after;
    this.#wrote = withWrote(this.#wrote, unit, from, this.hub);
    this.#findings.add('edited', unit.name, { before, after }, { how: 'landed', late: true, from, to: late.raw });
  }

  take(unit: UnitRules): void {
    const raw = readUnit(unit, this.side, this.observation.snapshot.fields);
    if (raw === undefined) return;
    const old = this.#raws[unit.name];
    if (old !== undefined && sameRaw(unit, this.side, raw, old) && !this.#doubted.has(unit.name)) {
      if (!sameJson(raw, old)) this.#changed = true;
      this.#raws[unit.name] = raw;
      return;
    }
    this.#raws[unit.name] = raw;
    this.#changed = true;
    const late = this.#late[unit.name];
    if (late !== undefined && old !== undefined && sameRaw(unit, this.side, raw, late.raw))
      return this.#landLate(unit, late, old);
    const { unit: decided, verdict } = ruled(unit, this.#unitsState(), this.hub);
    if (old === undefined && saysNothing(decided, this.side, registerOf(this.#unitsState(), unit.name), raw))
      return this.#fill(decided, raw);
    this.#edit(decided, raw, old, verdict === null ? {} : { when: verdictDetail(verdict) });
  }

  /**
   * In a record that people made anew a first blank says nothing (R15), and contexts never fall: the side would count as
   * having the agreed value from before, and differ in silence. It is behind again under a dot of the hub, and is filled.
   */
  #fill({ name }: UnitRules, raw: Json): void {
    const before = registerOf(this.#unitsState(), name);
    if (!lacksValue(before, this.side, raw)) return;
    const after = withRestored(before, before.vv, this.#counters.next(actorOf(this.hub, null)));
    this.#units[name] = after;
    this.#findings.add('linked', name, { before, after }, { from: null, to: raw, how: 'filled' });
  }

  /** A duplicate stays one: what changes there is kept, and is nobody's value but its own. So it is with any record of an alias. */
  finish(): Observed {
    const { snapshot } = this.observation;
    const presence = this.state.presence.kind === 'alias' ? 'duplicate' : 'present';
    const presenceMoves = this.#shadow?.presence !== presence;
    const hasLate = Object.keys(this.#late).length > 0 && !presenceMoves;
    const isOver = Object.keys(this.#late).length < Object.keys(this.#shadow?.late ?? {}).length;
    const made = madeAfter(this.hub.rules, this.side, this.#shadow, snapshot);
    const isMarked = isSameKnown(made.made, this.#shadow?.made);
    if (!this.#changed && !presenceMoves && !isOver && isMarked && this.#shadow?.token === snapshot.token) {
      return { kind: 'unchanged', state: this.state, facts: [] };
    }
    const shadow: Shadow = {
      key: snapshot.key,
      presence,
      token: snapshot.token,
      raws: this.#raws,
      tick: Math.max(this.observation.readTick, this.#shadow?.tick ?? 0),
      atMs: this.observation.beganAtMs,
      intent: this.#resolved || presenceMoves ? null : (this.#shadow?.intent ?? null),
      refused: this.#dot === null && !presenceMoves ? (this.#shadow?.refused ?? null) : null,
      wrote: presenceMoves ? {} : this.#wrote,
      ...(hasLate ? { late: this.#late } : {}),
      ...made,
    };
    const shown = { state: this.state, units: this.#units, hub: this.hub, side: this.side, hasEdit: this.#hasEdit };
    const stands = presenceShown(shown);
    const state: EntityState = {
      counters: this.#counters.counts,
      units: this.#units,
      sides: { ...this.state.sides, [this.side]: shadow },
      presence: stands,
      hold: presence === 'duplicate' && presenceMoves ? null : holdAfter(this.state, stands),
      broken: this.state.broken,
      waits: this.state.waits,
    };
    const facts = this.#facts(brokenByOwn(state, this.hub, this.side, this.#findings.effects()));
    return { kind: 'changed', state: winsOverDelete(shown) ? restored(state, this.hub) : state, facts };
  }

  #unitsState(): EntityState {
    return { ...this.state, units: this.#units };
  }

  /** One dot for all edits of one reading: dots identify an edit within its unit. */
  #nextDot(): Dot {
    this.#dot ??= this.#counters.next(actorOf(this.hub, this.side));
    return this.#dot;
  }

  #edit(unit: UnitRules, raw: Json, old: Json | undefined, why: { [name: string]: Json }): void {
    const before = registerOf(this.#unitsState(), unit.name);
    const dot = this.#nextDot();
    const vv = withDot(confirmedContext(before, this.side, this.observation.complete?.tick ?? null), dot);
    const answer = answerTo(this.#wrote[unit.name], unit, raw, { atMs: this.#lo, hub: this.hub });
    // To add in turn is what a number that is added up is for.
    const isAnswer = !isSummed(unit) && (answer.isAnswer || this.#unproven.has(unit.name));
    const hop = isAnswer ? { side: this.side, value: raw } : null;
    this.#wrote = without(this.#wrote, unit.name);
    const moved: Register = {
      ...withHop(withoutStray(before, this.side), hop, limitsOf(this.hub.rules).hops),
      delivered: { ...before.delivered, [this.side]: vv },
      noop: without(before.noop, this.side),
    };
    const refusal = refusalOf(unit, this.side, before, { raw, old, vv });
    const after =
      refusal === null
        ? this.#accept(unit, moved, { raw, old, vv, dot })
        : this.#guard(unit, moved, { raw, vv, refusal });
    this.#units[unit.name] = after;
    // In a record that was made anew its first value is an edit: the side had received the unit before.
    const isAnew = before.delivered[this.side] !== undefined;
    const isStray = refusal !== null && (refusal.why === 'another side decides' || old !== undefined || isAnew);
    const kind = isStray ? 'stray' : old === undefined ? 'linked' : 'edited';
    this.#hasEdit ||= kind !== 'linked';
    const detail = {
      from: old ?? null,
      to: raw,
      ...(refusal === null
        ? {
            how: includes(vv, before.vv) ? 'dominates' : 'concurrent',
            ...addedDetail(unit, [old, raw], this.#readingOf(unit)),
            ...overruled(unit, before, vv),
          }
        : { how: 'guarded', why: refusal.why }),
      ...(answer.isStaleForm ? { flag: staleForm } : {}),
      ...why,
    };
    this.#findings.add(kind, unit.name, { before, after }, detail);
  }

  #accept(
    unit: UnitRules,
    register: Register,
    edit: { raw: Json; old: Json | undefined; vv: Vector; dot: Dot },
  ): Register {
    const sibling: Sibling = {
      value: getValue(unit, this.side, edit.raw),
      vv: edit.vv,
      dot: edit.dot,
      side: this.side,
      base: edit.old === undefined ? null : getValue(unit, this.side, edit.old),
      lo: this.#lo,
      hi: this.observation.readAtMs,
    };
    const nextDot = (): Dot => this.#counters.next(actorOf(this.hub, null));
    if (isSummed(unit)) return withReading(register, sibling, this.#readingOf(unit), nextDot);
    if (unit.authority.kind === 'either') {
      const accepted = accept(register, sibling);
      return keepsSteps(unit.authority) ? withStep(accepted, sibling, this.#sidesOf(unit)) : accepted;
    }
    return acceptMaster(register, sibling);
  }

  #readingOf({ name }: UnitRules): NumberReading {
    const isOlder = isOfEarlierEpoch(registerOf(this.state, name), this.side, this.hub);
    return { sent: this.#doubted.get(name) ?? null, isAnew: isOlder || this.#shadow?.presence !== 'present' };
  }

  /** The sides that have the unit and the record. */
  #sidesOf(unit: UnitRules): readonly SideName[] {
    const sides = Object.keys(unit.paths) as SideName[];
    return sides.filter((side) => side === this.side || this.state.sides[side]?.presence === 'present');
  }

  /** An edit that does not enter the register (`guard` of semantics §1.3). */
  #guard(unit: UnitRules, register: Register, edit: { raw: Json; vv: Vector; refusal: Refusal }): Register {
    if (!restores(unit, register, edit.refusal)) return withLeft(unit, register, this.side, edit);
    return withRestored(register, edit.vv, this.#counters.next(actorOf(this.hub, null)));
  }

  #facts(breaks: readonly string[]): Fact[] {
    return this.#findings.facts({
      entity: this.entity,
      side: this.side,
      key: this.observation.snapshot.key,
      dot: this.#dot,
      returns: ['gone', 'hidden', 'outside', 'archived'].includes(this.#shadow?.presence ?? ''),
      isFirst: this.#isFirst,
      breaks,
      lo: this.#lo,
      hi: this.observation.readAtMs,
    });
  }
}
