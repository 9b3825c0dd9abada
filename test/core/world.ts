import { observeAbsent, type Disappearance } from '../../src/core/absence.js';
import { acknowledge, type Outcome } from '../../src/core/acknowledge.js';
import type { Hub } from '../../src/core/hub.js';
import type { SideName } from '../../src/core/ids.js';
import type { Json } from '../../src/core/json.js';
import type { Fact } from '../../src/core/ledger/entry.js';
import { observe } from '../../src/core/observe.js';
import type { PlannedWrite, SettleMode } from '../../src/core/planned-write.js';
import { deleteQuestion, observeGone } from '../../src/core/presence.js';
import type { Question } from '../../src/core/question.js';
import type { NativeFieldMap, Snapshot } from '../../src/core/record.js';
import { emptyState } from '../../src/core/register.js';
import type { PairRules } from '../../src/core/rules.js';
import { settle } from '../../src/core/settle.js';
import type { EntityState } from '../../src/core/state.js';
import { e, hubOf, k } from './sample.js';

/** The feed's place of a record that the next pass must return. */
const never = -1;

/** What one side really holds, whatever the hub knows of it. */
export type RealSide = {
  readonly fields: NativeFieldMap | null;
  /** Rises with every change of the record. */
  readonly version: number;
  /** The version that the last reading returned; the feed returns the record only when it changed since. */
  readonly fed: number;
};

/**
 * One record in two or more systems and the hub's state of it, with nothing but the core: readings, decisions and
 * deliveries are made as the engine makes them, one commit a step. A value: every step gives a new world, so that a
 * search can go back to any of them.
 */
export type World = {
  readonly rules: PairRules;
  /** Whether the systems have a token for the version of a record. */
  readonly hasTokens: boolean;
  /** Whether systems make a write that was given up later, whatever they hold then. */
  readonly mayComeLate: boolean;
  readonly state: EntityState;
  readonly tick: number;
  readonly nowMs: number;
  readonly real: { readonly [side: SideName]: RealSide };
  readonly complete: { readonly [side: SideName]: { readonly tick: number; readonly atMs: number } };
  readonly writes: readonly PlannedWrite[];
  /** Deliveries, by index into `writes`, that were sent and have no answer yet. */
  readonly sent: ReadonlySet<number>;
  readonly facts: readonly Fact[];
  readonly questions: { readonly [unitAndKind: string]: Question };
  /** Writes that took effect. */
  readonly landed: number;
};

/** How the answer to a write went. `refused`: the side will not have it. */
export type Answer = 'answered' | 'lost before' | 'lost after' | 'refused';

export type WorldOptions = {
  readonly rules: PairRules;
  readonly records: { readonly [side: SideName]: NativeFieldMap | null };
  readonly hasTokens?: boolean;
  readonly mayComeLate?: boolean;
};

/** A world in which nothing was read yet. */
export function newWorld({ rules, records, hasTokens = true, mayComeLate = false }: WorldOptions): World {
  const real = Object.fromEntries(
    rules.sides.map(({ name }) => [name, { fields: records[name] ?? null, version: 1, fed: 0 }]),
  );
  const empty = { writes: [], sent: new Set<number>(), facts: [], questions: {}, landed: 0, complete: {} };
  return { rules, hasTokens, mayComeLate, state: emptyState, tick: 1, nowMs: 10_000, real, ...empty };
}

/** A world in which every side was read, what had to be written was, and a later pass found nothing new. */
export function agreedWorld(options: WorldOptions): World {
  return heal(newWorld(options));
}

/** Reads every side and delivers everything, twice over: enough for all that has an answer. */
export function heal(world: World): World {
  let next = world;
  for (let round = 0; round < 3; round += 1) {
    for (const { name } of world.rules.sides) next = deliver(next, name, 'answered');
    for (const { name } of world.rules.sides) next = read(next, name);
    for (const { name } of world.rules.sides) next = deliver(next, name, 'answered');
  }
  return next;
}

/** Somebody at a side changes fields of the record, or deletes it (null), or brings it back. */
export function edit(world: World, side: SideName, fields: NativeFieldMap | null): World {
  const old = realOf(world, side);
  const changed = fields === null ? null : { ...old.fields, ...fields };
  return withReal({ ...world, nowMs: world.nowMs + 1000 }, side, {
    ...old,
    fields: changed,
    version: old.version + 1,
  });
}

/** A pass of a side that has begun: the record as it shows it, and where in the feed it began. */
export type Taken = {
  readonly snapshot: Snapshot | null;
  readonly version: number;
  readonly fed: number;
  readonly tick: number;
  readonly atMs: number;
};

export function look(world: World, side: SideName): Taken {
  const { version, fed } = realOf(world, side);
  return { snapshot: snapshotOf(world, side), version, fed, tick: world.tick, atMs: world.nowMs };
}

/** One pass of a side: what changed since the last one is observed and decided. */
export function read(world: World, side: SideName, mode: SettleMode = 'write'): World {
  return finishRead(world, side, look(world, side), mode);
}

/**
 * Commits a pass that began earlier. When another one moved the feed's cursor meanwhile, it is thrown away; what is
 * fenced is read again by the next.
 */
export function finishRead(world: World, side: SideName, taken: Taken, mode: SettleMode = 'write'): World {
  const real = realOf(world, side);
  if (real.fed !== taken.fed) return world;
  const isNews = taken.version !== taken.fed || isInDoubt(world, side);
  const next = isNews ? take(world, side, taken, mode) : world;
  const isHeldOff = isInDoubt(world, side) && isInDoubt(next, side);
  const isFenced = isNews && (isHeldOff || taken.tick < (world.state.sides[side]?.tick ?? 0));
  return {
    ...withReal(next, side, { ...realOf(next, side), fed: isFenced ? never : taken.version }),
    complete: { ...next.complete, [side]: { tick: taken.tick, atMs: taken.atMs } },
  };
}

/** Observes a reading, unless it is fenced, and decides. */
export function take(
  world: World,
  side: SideName,
  {
    snapshot,
    tick,
    atMs,
    isAfterYes = false,
    isLook = false,
  }: Pick<Taken, 'snapshot' | 'tick'> & {
    readonly atMs?: number;
    readonly isAfterYes?: boolean;
    readonly isLook?: boolean;
  },
  mode: SettleMode = 'write',
): World {
  const hub = hubAt(world);
  const { mayComeLate } = world;
  if (snapshot === null) {
    const gone = observeGone(e, world.state, hub, side, { readTick: tick });
    return gone.kind === 'changed' ? commit(world, gone, mode) : world;
  }
  const complete = world.complete[side] ?? null;
  const [readAtMs, beganAtMs] = [world.nowMs, atMs ?? world.nowMs];
  const reading = { snapshot, readTick: tick, readAtMs, beganAtMs, complete, isAfterYes, isLook, mayComeLate };
  const seen = observe(e, world.state, hub, side, reading);
  // What is fenced is read again; the state remembers that the pass had something to show.
  if (seen.kind !== 'changed')
    return seen.state === world.state ? world : { ...world, state: seen.state, tick: world.tick + 1 };
  const isBack = world.state.presence.kind === 'delete_held' && seen.state.presence.kind === 'live';
  const closes = isBack ? [{ unit: null, kind: 'delete' as const }] : [];
  const { presence } = seen.state;
  const questions = presence.kind === 'delete_held' ? [deleteQuestion(seen.state, hub, presence.side)] : [];
  return commit(world, { ...seen, questions, closes }, mode);
}

/** A side says what became of the record that it no longer shows. */
export function vanish(world: World, side: SideName, kind: Disappearance): World {
  const gone = observeAbsent(e, world.state, hubAt(world), side, { kind, readTick: world.tick });
  return gone.kind === 'changed' ? commit(world, gone, 'write') : world;
}

/** Sends the planned write of a side, or resolves the one that has no answer by looking. */
export function deliver(world: World, side: SideName, answer: Answer): World {
  const intent = world.state.sides[side]?.intent ?? null;
  if (intent === null) return world;
  if (world.sent.has(intent.delivery)) return resolveByLooking(world, side);
  const write = world.writes[intent.delivery] as PlannedWrite;
  const sent: World = { ...world, sent: new Set([...world.sent, intent.delivery]) };
  if (answer === 'lost before') return sent;
  if (answer === 'refused') return answered(sent, side, { kind: 'refused', code: 'x', message: 'no' });
  const landed = attempt(sent, write);
  if (answer === 'lost after') return landed ?? sent;
  if (landed === null) return answered(sent, side, { kind: 'stale', record: snapshotOf(sent, side) });
  return answered(landed, side, { kind: 'accepted', record: snapshotOf(landed, side) });
}

/** Decides again without news. */
export function settleOnce(world: World, mode: SettleMode = 'write'): World {
  return commit(world, { state: world.state, facts: [], questions: [], closes: [] }, mode);
}

export function valueAt(world: World, side: SideName, field = 'u'): Json | undefined {
  return realOf(world, side).fields?.[field];
}

export function hubAt(world: World): Hub {
  return hubOf(world.rules, {
    tick: world.tick + 1,
    nowMs: world.nowMs,
    sent: world.sent,
    complete: world.complete,
    deliveries: Object.fromEntries(world.rules.sides.map(({ name }, index) => [name, world.writes.length + index])),
  });
}

function isInDoubt(world: World, side: SideName): boolean {
  const intent = world.state.sides[side]?.intent;
  return intent != null && world.sent.has(intent.delivery);
}

function snapshotOf(world: World, side: SideName): Snapshot | null {
  const { fields, version } = realOf(world, side);
  return fields === null ? null : { key: k, fields, token: world.hasTokens ? String(version) : null };
}

/** The write with its compare-and-set; null when what it expects is no longer there. */
export function attempt(world: World, write: PlannedWrite): World | null {
  const old = realOf(world, write.side);
  if (write.kind === 'create') {
    if (old.fields !== null) return null;
    return withReal(landedOne(world), write.side, { ...old, fields: write.fields, version: old.version + 1 });
  }
  const holds = Object.entries(write.expect).every(([field, value]) => old.fields?.[field] === value);
  if (old.fields === null || !holds) return null;
  const fields = write.kind === 'delete' ? null : { ...old.fields, ...write.fields };
  return withReal(landedOne(world), write.side, { ...old, fields, version: old.version + 1 });
}

function landedOne(world: World): World {
  return { ...world, landed: world.landed + 1 };
}

function answered(world: World, side: SideName, outcome: Outcome): World {
  const told = acknowledge(e, world.state, hubAt(world), side, { outcome, sentAtMs: world.nowMs });
  return commit(withoutSent(world, side), { ...told, closes: [] }, 'write');
}

function resolveByLooking(world: World, side: SideName): World {
  const taken = look(world, side);
  const kind = world.state.sides[side]?.intent?.kind;
  if (taken.snapshot === null) {
    if (kind === 'delete') return answered(world, side, { kind: 'accepted', record: null });
    return answered(world, side, { kind: 'stale', record: null });
  }
  const tick = Math.max(taken.tick, world.state.sides[side]?.tick ?? 0);
  return withoutSent(take(world, side, { ...taken, tick, isLook: true }), side);
}

function withoutSent(world: World, side: SideName): World {
  const delivery = world.state.sides[side]?.intent?.delivery;
  if (delivery === undefined || !world.sent.has(delivery)) return world;
  return { ...world, sent: new Set([...world.sent].filter((sent) => sent !== delivery)) };
}

type Step = {
  readonly state: EntityState;
  readonly facts: readonly Fact[];
  readonly questions: readonly Question[];
  readonly closes: readonly { readonly unit: string | null; readonly kind: Question['kind'] }[];
};

function commit(world: World, step: Step, mode: SettleMode): World {
  const settled = settle(e, step.state, hubAt(world), mode);
  const questions: { [unitAndKind: string]: Question } = { ...world.questions };
  for (const { unit, kind } of [...step.closes, ...settled.closes]) delete questions[`${unit ?? ''}/${kind}`];
  for (const asked of [...step.questions, ...settled.questions]) questions[`${asked.unit ?? ''}/${asked.kind}`] = asked;
  const writes: PlannedWrite[] = [...world.writes];
  for (const [index, { name }] of world.rules.sides.entries()) {
    const write = settled.writes.find(({ side }) => side === name);
    if (write !== undefined) writes[world.writes.length + index] = write;
  }
  if (settled.writes.length > 0) writes.length = world.writes.length + world.rules.sides.length;
  return {
    ...world,
    state: settled.state,
    tick: world.tick + 1,
    nowMs: world.nowMs + 1000,
    facts: [...world.facts, ...step.facts, ...settled.facts],
    questions,
    writes,
  };
}

function realOf(world: World, side: SideName): RealSide {
  return world.real[side] as RealSide;
}

function withReal(world: World, side: SideName, real: RealSide): World {
  return { ...world, real: { ...world.real, [side]: real } };
}
