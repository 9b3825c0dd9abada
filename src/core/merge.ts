import { includes } from './clock/version-vector.js';
import { duplicateQuestion, duplicatesOf } from './duplicate.js';
import { confirmation, editsOf, effectOf } from './effect.js';
import type { Hub } from './hub.js';
import type { EntityId, RecordKey, SideName, UnitName } from './ids.js';
import type { Json } from './json.js';
import type { Effect, Fact } from './ledger/entry.js';
import { snapshotOf } from './link.js';
import { observe } from './observe.js';
import { confirmedBefore, observeGone, questionsOfRecord, type Gone } from './presence.js';
import type { Question } from './question.js';
import { confirmedContext, registerOf } from './register.js';
import type { UnitRules } from './rules.js';
import type { EntityState, Register, Shadow } from './state.js';

/** An entity in its state. */
export type Party = { readonly entity: EntityId; readonly state: EntityState };

export type Merged = {
  /** The entity of the record that was kept. */
  readonly state: EntityState;
  /** The other one: an alias, with the records that there are twice now. */
  readonly alias: EntityState;
  readonly facts: readonly Fact[];
  /** About the alias, and about the kept entity. */
  readonly questions: readonly Question[];
  readonly asks: readonly Question[];
  readonly closes: Gone['closes'];
  /** Records of other sides that stand for the kept entity from now on. */
  readonly moved: readonly { readonly side: SideName; readonly key: RecordKey }[];
};

/** Whether a merge has to wait: what a write in doubt did must be known before the records change hands. */
export function mustWait(state: EntityState, hub: Hub): boolean {
  return Object.values(state.sides).some(({ intent }: Shadow) => intent !== null && hub.sent.has(intent.delivery));
}

/** A record goes on under another key of its side: it was merged into one that nobody had read yet. */
export function rekeyed(
  { entity, state }: Party,
  hub: Hub,
  side: SideName,
  into: RecordKey,
): { readonly state: EntityState; readonly facts: readonly Fact[] } {
  const shadow = state.sides[side] as Shadow;
  // The mark is that of the record that went.
  const { made: _removed, ...known } = shadow;
  const moved: Shadow = { ...known, key: into, presence: 'present', token: null, intent: null, refused: null };
  return {
    state: { ...state, sides: { ...state.sides, [side]: moved } },
    facts: [mergedFact({ entity, state }, hub, side, { into, entity: null })],
  };
}

/**
 * Records of one side were merged (semantics §1.11): the entity of the one that is no more becomes an alias of the other.
 * Where the kept entity has no record on another side, it takes over the alias's; where it has one, that one counts, and
 * the alias's is frozen as a duplicate that a person is asked about. One that is out of scope there stays so, and is asked
 * about when it is back. So it is with one that is archived there. Nothing is deleted anywhere, and nothing that was deleted
 * elsewhere is made again: where people had deleted the alias's record, the kept entity has none either, and a delete that is
 * held is asked about it (SPEC I16).
 *
 * The value that stands in the merged record is then read like any other. A unit whose last value the merging side had
 * received was before the eyes of whoever merged: the record that moves is behind and is written. What that side had not
 * received is an edit of the record that moves, and clashes with what was merged as any other edit would.
 */
export function mergeInto(from: Party, to: Party, hub: Hub, side: SideName, into: RecordKey): Merged {
  // Whoever makes a record under the old key has seen nothing that was agreed while there was none.
  const { units } = confirmedBefore(from.state, hub, side);
  const known: EntityState = { ...from.state, units };
  const facts: Fact[] = [mergedFact({ ...from, state: known }, hub, side, { into, entity: to.entity })];
  const moved: { side: SideName; key: RecordKey }[] = [];
  const kept: { [side: SideName]: Shadow } = {};
  const asks: Question[] = [];
  let state = withoutDoubt(to.state, from.entity);
  // What people had deleted comes last: a question about it says who still has the record.
  const isGone = ({ name }: { readonly name: SideName }): boolean => from.state.sides[name]?.presence === 'gone';
  for (const { name } of hub.rules.sides.toSorted((one, other) => Number(isGone(one)) - Number(isGone(other)))) {
    const shadow = from.state.sides[name];
    if (shadow === undefined) continue;
    if (name === side)
      kept[name] = { ...shadow, presence: 'gone', intent: null, token: null, refused: null, tick: hub.tick };
    else if (shadow.presence === 'archived') kept[name] = { ...shadow, intent: null, refused: null };
    else if (shadow.presence === 'gone' && mayTakeOver(state, name)) {
      const gone = takenAsGone({ entity: to.entity, state }, from.state, hub, { side: name, shadow });
      state = gone.state;
      facts.push(...gone.facts);
      asks.splice(0, asks.length, ...gone.questions);
      moved.push({ side: name, key: shadow.key });
    } else if (!isKept(shadow)) continue;
    else if (mayTakeOver(state, name)) {
      const taken = takenOver({ entity: to.entity, state }, from.state, hub, { side: name, shadow, mergedOn: side });
      state = taken.state;
      facts.push(...taken.facts);
      moved.push({ side: name, key: shadow.key });
    } else {
      const presence = shadow.presence === 'outside' ? 'outside' : 'duplicate';
      kept[name] = { ...shadow, presence, intent: null, refused: null };
    }
  }
  const alias: EntityState = {
    ...known,
    presence: { kind: 'alias', of: to.entity },
    hold: null,
    broken: null,
    waits: [],
    sides: kept,
  };
  const questions = duplicatesOf(alias).length === 0 ? [] : [duplicateQuestion(alias)];
  const closes = [...questionsOfRecord(hub), ...questionsOfUnits(hub)];
  return { state, alias, facts, questions, asks, closes, moved };
}

/** What people deleted stays deleted: held if it was, and else left as it is. The side had seen nothing of the kept entity. */
function takenAsGone(
  { entity, state }: Party,
  from: EntityState,
  hub: Hub,
  { side, shadow }: { readonly side: SideName; readonly shadow: Shadow },
): Gone {
  const start: Shadow = { ...shadow, presence: 'present', raws: {}, intent: null, refused: null, wrote: {}, tick: 0 };
  const known = { ...state, sides: { ...state.sides, [side]: start } };
  const isHeld = from.presence.kind === 'delete_held';
  const gone = observeGone(entity, known, hub, side, { readTick: hub.tick, decided: isHeld ? 'ask' : 'leave' });
  return isHeld ? gone : { ...gone, state: { ...gone.state, hold: state.hold } };
}

/** Whether there is a record, as far as anybody knows, that goes along with a merge. */
function isKept({ presence }: Shadow): boolean {
  return presence === 'present' || presence === 'hidden' || presence === 'outside';
}

/** Whether all that is known of an entity is the record of one side: it has no history with any other. */
export function isAlone({ sides, presence }: EntityState, side: SideName): boolean {
  const others = Object.entries(sides).filter(([name]) => name !== side);
  return presence.kind === 'live' && others.every(([, shadow]) => shadow.presence === 'awaited');
}

/** The entity that was made for a record before anybody knew that it had taken the place of another one. */
export function givenUp(
  { entity, state }: Party,
  hub: Hub,
  side: SideName,
  to: { readonly into: RecordKey; readonly entity: EntityId },
): Pick<Merged, 'alias' | 'facts' | 'closes'> {
  return {
    alias: { ...state, presence: { kind: 'alias', of: to.entity }, hold: null, broken: null, waits: [], sides: {} },
    facts: [mergedFact({ entity, state }, hub, side, to)],
    closes: [...questionsOfRecord(hub), ...questionsOfUnits(hub)],
  };
}

/** Whether the two may be one is no question any more. */
function withoutDoubt(state: EntityState, other: EntityId): EntityState {
  if (state.hold?.kind !== 'match') return state;
  const candidates = state.hold.candidates.filter((candidate) => candidate !== other);
  return { ...state, hold: candidates.length === 0 ? null : { ...state.hold, candidates } };
}

/** Contexts never fall (SPEC I11): what a side once received of the kept entity says nothing of another record there. */
function mayTakeOver(state: EntityState, side: SideName): boolean {
  const shadow = state.sides[side];
  if (state.presence.kind !== 'live' || (shadow !== undefined && shadow.presence !== 'awaited')) return false;
  return Object.values(state.units).every((register: Register) => register.delivered[side] === undefined);
}

function takenOver(
  { entity, state }: Party,
  from: EntityState,
  hub: Hub,
  { side, shadow, mergedOn }: { side: SideName; shadow: Shadow; mergedOn: SideName },
): { readonly state: EntityState; readonly facts: readonly Fact[] } {
  const raws: { [unit: UnitName]: Json } = {};
  for (const unit of Object.keys(shadow.raws) as UnitName[]) {
    const register = registerOf(from, unit);
    const known = confirmedContext(register, mergedOn, hub.complete?.[mergedOn]?.tick ?? null);
    const wasSeen = register.status === 'settled' && !register.override.includes(side) && includes(known, register.vv);
    if (wasSeen) raws[unit] = shadow.raws[unit] as Json;
  }
  const start: Shadow = { ...shadow, raws, token: null, intent: null, refused: null, wrote: {} };
  const seen = observe(entity, { ...state, sides: { ...state.sides, [side]: start } }, hub, side, {
    snapshot: snapshotOf(hub, side, shadow),
    readTick: hub.tick,
    readAtMs: hub.nowMs,
    beganAtMs: shadow.atMs,
    complete: null,
  });
  const sides = { ...seen.state.sides, [side]: { ...(seen.state.sides[side] as Shadow), presence: shadow.presence } };
  const linked: Fact = {
    kind: 'linked',
    entity,
    side,
    actor: { kind: 'side', side: mergedOn },
    rule: `its counterpart was merged in ${mergedOn}`,
    dot: null,
    effects: [],
    detail: { key: shadow.key },
    lo: null,
    hi: hub.nowMs,
  };
  return { state: { ...seen.state, sides }, facts: [linked, ...seen.facts] };
}

/** What the entity had agreed and who had said what: so nothing that a merge replaces is without a trace. */
function mergedFact(
  { entity, state }: Party,
  hub: Hub,
  side: SideName,
  to: { readonly into: RecordKey; readonly entity: EntityId | null },
): Fact {
  const units = hub.rules.units.filter(({ name }) => state.units[name] !== undefined);
  const registers = units.map(({ name }) => registerOf(state, name));
  return {
    kind: 'merged',
    entity,
    side,
    actor: { kind: 'side', side },
    rule: `merged in ${side}`,
    dot: null,
    effects: units.map((unit, index) => shownBy(unit, registers[index] as Register, side)),
    detail: {
      key: state.sides[side]?.key ?? null,
      into: to.into,
      of: to.entity,
      siblings: editsOf(registers.flatMap(({ siblings }) => siblings)),
    },
    lo: state.sides[side]?.atMs ?? null,
    hi: hub.nowMs,
  };
}

/** A register as it is, with what the merging side is known to have received of it. */
function shownBy(unit: UnitRules, register: Register, side: SideName): Effect {
  return register.delivered[side] === undefined
    ? effectOf(unit, register, register)
    : confirmation(unit, register, side);
}

function questionsOfUnits(hub: Hub): Gone['closes'] {
  const kinds = ['clash', 'proposal', 'undo', 'tripped', 'parked'] as const;
  const ofUnits = hub.rules.units.flatMap(({ name }) => kinds.map((kind) => ({ unit: name, kind })));
  return [...ofUnits, { unit: null, kind: 'invariant' }];
}
