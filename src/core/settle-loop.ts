import { includes } from './clock/version-vector.js';
import { unitsOf, type Hub } from './hub.js';
import type { EntityId, SideName } from './ids.js';
import { canonicalJson, type Json } from './json.js';
import type { Effect, Fact } from './ledger/entry.js';
import { loopVersion, openKinds, parkedSides, quietLoop, withLoop, withoutOldTries, type LoopKind } from './loop.js';
import { putValue, sameRaw } from './mapping/mapping.js';
import { shown, type Question, type QuestionSide } from './question.js';
import { contextOf } from './register.js';
import { limitsOf, type UnitRules } from './rules.js';
import type { EntityState, Register, Tries } from './state.js';

/** What follows from the counts against loops: units that are stopped, what is asked about them, and what is over. */
export type LoopStep = {
  readonly register: Register;
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
  readonly closes: readonly LoopKind[];
};

/** Stops a unit that reached a limit, and forgets what an older version could not write. Null when nothing follows. */
export function settleLoop(
  { entity, unit, state, hub }: { entity: EntityId; unit: UnitRules; state: EntityState; hub: Hub },
  register: Register,
): LoopStep | null {
  if (register.loop === null) return null;
  if (state.presence.kind === 'tombstone')
    return { register: { ...register, loop: null }, facts: [], questions: [], closes: openKinds(register) };
  const { hops, tries: triesMax } = limitsOf(hub.rules);
  const current = withoutOldTries(register);
  const loop = current.loop ?? quietLoop;
  const closes = loop.over;
  const facts: Fact[] = [];
  const questions: Question[] = [];
  let next = closes.length === 0 ? current : withLoop(current, { ...loop, over: [] });
  const spent = (Object.keys(loop.tries) as SideName[]).filter((side) => {
    const { count = 0, isParked = true } = loop.tries[side] ?? {};
    return count >= triesMax && !isParked;
  });
  if (spent.length > 0 && register.status === 'settled') {
    const parked: { [side: SideName]: Tries } = { ...loop.tries };
    for (const side of spent) parked[side] = { ...(loop.tries[side] as Tries), isParked: true };
    next = withLoop(next, { ...(next.loop ?? quietLoop), tries: parked });
    const question = parkedQuestion(unit, next, state);
    questions.push(question);
    facts.push(stoppedFact(entity, unit, next, `parked: no effect after ${triesMax} writes`, { sides: spent }));
  }
  const isDue = loop.chain.length >= hops && !loop.isTripped && register.status === 'settled';
  if (isDue && hub.rules.sides.some(({ name }) => isBehindIn(unit, next, state, name, hub))) {
    next = withLoop(next, { ...(next.loop ?? quietLoop), isTripped: true });
    questions.push(trippedQuestion(unit, next, state));
    const chain: Json = loop.chain.map(({ side, value }) => ({ side, value }));
    facts.push(stoppedFact(entity, unit, next, `tripped: ${hops} changes in answer to our own writes`, { chain }));
  }
  if (next === register) return null;
  const asked = new Set(questions.map(({ kind }) => kind));
  return { register: next, facts, questions, closes: closes.filter((kind) => !asked.has(kind)) };
}

/** Whether the agreed value has to be written to a side, as far as this unit goes. */
export function isBehindIn(unit: UnitRules, register: Register, state: EntityState, side: SideName, hub: Hub): boolean {
  const shadow = state.sides[side];
  if (shadow?.presence !== 'present' || !unitsOf(hub.rules, side).includes(unit)) return false;
  if (register.override.includes(side) || includes(contextOf(register, side), register.vv)) return false;
  const old = shadow.raws[unit.name];
  return old === undefined || !sameRaw(unit, side, putValue(unit, side, register.value, old), old);
}

function trippedQuestion(unit: UnitRules, register: Register, state: EntityState): Question {
  const chain = register.loop?.chain ?? [];
  const links = chain.map(({ side, value }) => `${side} made it ${quoted(value)}`);
  const note =
    `${chain.length} changes in a row, each in answer to what was written there: ${links.join(', then ')}. ` +
    `Nothing more of it is written; it goes on being read.`;
  return questionAbout('tripped', unit, register, state, { note, shape: chain.map(({ side }) => side) });
}

function parkedQuestion(unit: UnitRules, register: Register, state: EntityState): Question {
  const sides = parkedSides(register);
  const note =
    `Writing ${quoted(register.value)} to ${sides.join(' and ')} was accepted and changed nothing that can be read there. ` +
    `It is not written again until the value changes.`;
  return questionAbout('parked', unit, register, state, { note, shape: sides });
}

function quoted(value: Json): string {
  return `"${shown(value)}"`;
}

function questionAbout(
  kind: LoopKind,
  unit: UnitRules,
  register: Register,
  state: EntityState,
  { note, shape }: { note: string; shape: readonly string[] },
): Question {
  const sides: { [side: SideName]: QuestionSide } = {};
  for (const side of Object.keys(unit.paths) as SideName[]) {
    const raw = state.sides[side]?.raws[unit.name] ?? null;
    sides[side] = { value: raw, raw, lo: null, hi: null };
  }
  return {
    unit: unit.name,
    kind,
    shape: canonicalJson([kind, unit.name, ...new Set(shape)]),
    label: `${unit.name}: ${shown(register.value)}`,
    vv: loopVersion(kind, register),
    agreed: register.value,
    sides,
    note,
    rule: unit.place,
  };
}

function stoppedFact(
  entity: EntityId,
  unit: UnitRules,
  { value, vv }: Register,
  rule: string,
  detail: { readonly [name: string]: Json },
): Fact {
  const effect: Effect = { unit: unit.name, before: value, after: value, vvBefore: vv, vvAfter: vv, ctx: {} };
  return {
    kind: 'asked',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `${rule} (${unit.place})`,
    dot: null,
    effects: [effect],
    detail,
    lo: null,
    hi: null,
  };
}
