import { vectorText, type Vector } from './clock/version-vector.js';
import type { Hub } from './hub.js';
import type { SideName } from './ids.js';
import type { Json } from './json.js';
import { canonicalText } from './mapping/equality.js';
import { readUnit, sameRaw } from './mapping/mapping.js';
import type { NativeFieldMap } from './record.js';
import { without } from './register.js';
import { limitsOf, type UnitRules } from './rules.js';
import type { Hop, Intent, Loop, Register, Shadow, Tries, Wrote } from './state.js';

/**
 * Loops and their limits (semantics §1.8). Two systems that each change what we write are told by counting, not by
 * comparing: a chain of changes, each in answer to our own write, may never repeat a value. A write that leaves nothing
 * to see is not made for ever.
 */
export type LoopKind = 'tripped' | 'parked';

export const quietLoop: Loop = { chain: [], isTripped: false, tries: {}, over: [] };

/** The register after an edit: one link more in the chain if it answered our own write, else none (`hop`). */
export function withHop(register: Register, hop: Hop | null, max: number): Register {
  const loop = register.loop ?? quietLoop;
  if (loop.isTripped) return register;
  const chain = hop === null ? [] : [...loop.chain, hop].slice(-max);
  return withLoop(register, { ...loop, chain });
}

/** A write of `vv` to a side left what was there before: counted for as long as nothing else is to be written. */
export function withTry(register: Register, side: SideName, vv: Vector): Register {
  if (vectorText(vv) !== vectorText(register.vv)) return register;
  const loop = register.loop ?? quietLoop;
  const before: Tries | undefined = loop.tries[side];
  const isSame = before !== undefined && vectorText(before.vv) === vectorText(vv);
  const tries: Tries = isSame ? { ...before, count: before.count + 1 } : { vv, count: 1, isParked: false };
  return withLoop(register, { ...loop, tries: { ...loop.tries, [side]: tries } });
}

/** Whether a write of `vv` to the side was made before, and left what was there. */
export function wasTried({ loop }: Register, side: SideName, vv: Vector): boolean {
  const tries = loop?.tries[side];
  return tries !== undefined && vectorText(tries.vv) === vectorText(vv);
}

/** Whether a record, read in doubt of a write, holds a field that is neither what it was nor what was written. */
export function showsEdit(
  units: readonly UnitRules[],
  side: SideName,
  given: { readonly raws: Shadow['raws']; readonly intent: Intent; readonly fields: NativeFieldMap },
): boolean {
  return units.some((unit) => {
    const [old, sent] = [given.raws[unit.name], given.intent.units[unit.name]];
    const raw = readUnit(unit, side, given.fields);
    if (raw === undefined || old === undefined || sameRaw(unit, side, raw, old)) return false;
    return sent === undefined || !sameRaw(unit, side, raw, sent.raw);
  });
}

/** Nothing of this unit is written to the side until a person says so, or for a parked one until the value changes. */
export function isStopped({ loop }: Register, side: SideName): boolean {
  return loop !== null && (loop.isTripped || loop.tries[side]?.isParked === true);
}

export function isTripped({ loop }: Register): boolean {
  return loop?.isTripped === true;
}

/** Sides to which the agreed value is not written any more, because writing it changed nothing. */
export function parkedSides({ loop }: Register): readonly SideName[] {
  if (loop === null) return [];
  return (Object.keys(loop.tries) as SideName[]).filter((side) => loop.tries[side]?.isParked === true);
}

/** The register let go on: nothing is counted any more, and open questions of these kinds are over. */
export function released(register: Register): Register {
  return withLoop(register, { ...quietLoop, over: openKinds(register) });
}

/** What an answer to a question about a loop stands on: that the unit is still stopped, and where. */
export function loopVersion(kind: LoopKind, register: Register): string {
  if (kind === 'tripped') return isTripped(register) ? 'tripped' : 'decided';
  const sides = parkedSides(register);
  return sides.length === 0 ? 'decided' : `parked ${[...sides].sort().join(' ')}`;
}

/** What an older version could not write is forgotten. */
export function withoutOldTries(register: Register): Register {
  const { loop } = register;
  if (loop === null) return register;
  const version = vectorText(register.vv);
  let tries = loop.tries;
  for (const side of Object.keys(tries) as SideName[])
    if (vectorText((tries[side] as Tries).vv) !== version) tries = without(tries, side);
  if (tries === loop.tries) return register;
  const wasParked = parkedSides(register).length > 0;
  const isParked = Object.values(tries).some((left) => left.isParked);
  const over: Loop['over'] = wasParked && !isParked ? [...loop.over, 'parked'] : loop.over;
  return withLoop(register, { ...loop, tries, over });
}

/** A loop of which nothing is left is null, so that registers without one are equal. */
export function withLoop(register: Register, loop: Loop): Register {
  const isQuiet =
    loop.chain.length === 0 && !loop.isTripped && Object.keys(loop.tries).length === 0 && loop.over.length === 0;
  if (isQuiet) return register.loop === null ? register : { ...register, loop: null };
  return { ...register, loop };
}

/** The kinds of questions that are open about the loop, or still to be closed. */
export function openKinds(register: Register): readonly LoopKind[] {
  const kinds: LoopKind[] = [...(register.loop?.over ?? [])];
  if (isTripped(register)) kinds.push('tripped');
  if (parkedSides(register).length > 0) kinds.push('parked');
  return [...new Set(kinds)];
}

/** A write that left something to see: nothing is counted against the side any more. */
export function withLanded(register: Register, side: SideName): Register {
  const { loop } = register;
  if (loop === null || loop.tries[side] === undefined) return register;
  const { isParked } = loop.tries[side];
  const next = withLoop(register, { ...loop, tries: without(loop.tries, side) });
  if (!isParked || parkedSides(next).length > 0) return next;
  return withLoop(next, { ...(next.loop ?? quietLoop), over: [...loop.over, 'parked'] });
}

/** Our write of a unit was answered: what it replaced is marked. Older ones that no longer matter are forgotten. */
export function withWrote(wrote: Shadow['wrote'], unit: UnitRules, old: Json | undefined, hub: Hub): Shadow['wrote'] {
  const { answerMs, staleFormMs, replicaMs } = limitsOf(hub.rules);
  const sinceMs = hub.nowMs - Math.max(answerMs, staleFormMs, replicaMs);
  const recent = Object.entries(wrote).filter(([, { atMs }]) => atMs >= sinceMs);
  return { ...Object.fromEntries(recent), [unit.name]: { atMs: hub.nowMs, mark: markOf(unit, old ?? null) } };
}

/** A change that puts back what our write had replaced: perhaps a form that was opened before it (R9). */
export const staleForm = 'stale_form?';

/** What a change of a side says about our last write there; `atMs` is the first moment it can have been made. */
export function answerTo(
  wrote: Wrote | undefined,
  unit: UnitRules,
  raw: Json,
  { atMs, hub }: { readonly atMs: number; readonly hub: Hub },
): { readonly isAnswer: boolean; readonly isStaleForm: boolean } {
  if (wrote === undefined) return { isAnswer: false, isStaleForm: false };
  const { answerMs, staleFormMs } = limitsOf(hub.rules);
  const afterMs = atMs - wrote.atMs;
  return {
    isAnswer: afterMs <= answerMs,
    isStaleForm: afterMs <= staleFormMs && wrote.mark === markOf(unit, raw),
  };
}

/** Whether a value is the one that our last write replaced, and it was read so soon after that a copy may still show it. */
export function isBackSoon(
  wrote: Wrote,
  unit: UnitRules,
  raw: Json,
  { atMs, hub }: { readonly atMs: number; readonly hub: Hub },
): boolean {
  return atMs - wrote.atMs < limitsOf(hub.rules).replicaMs && wrote.mark === markOf(unit, raw);
}

/**
 * A number that stands for a value under a unit's equality, to recognise it again without keeping it: what a record held
 * before our write. Two values can share one; it only ever raises a flag.
 */
function markOf(unit: UnitRules, raw: Json): number {
  let mark = 0x811c9dc5;
  for (const character of canonicalText(unit.same, raw)) {
    mark = Math.imul(mark ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  }
  return mark;
}
