import { join, vectorText, type Vector } from '../clock/version-vector.js';
import type { EntityId, SideName, UnitName } from '../ids.js';
import { canonicalJson, type Json } from '../json.js';
import { applyPatch } from '../patch.js';
import { contextOf, registerOf, without } from '../register.js';
import type { EntityState } from '../state.js';
import type { LedgerEntry, LedgerPayload } from './entry.js';

/** What the ledger says about one entity: agreed values, their vectors, contexts and keys. */
export type Folded = {
  readonly values: { readonly [unit: UnitName]: Json };
  readonly vv: { readonly [unit: UnitName]: Vector };
  readonly ctx: { readonly [unit: UnitName]: { readonly [side: SideName]: Vector } };
  readonly keys: { readonly [side: SideName]: string };
};

export const emptyFold: Folded = { values: {}, vv: {}, ctx: {}, keys: {} };

/** One record's part of a `delivered` entry. */
export type Receipt = {
  readonly entity: EntityId;
  /** Only where the delivery made the record: otherwise its link is known. */
  readonly key?: string;
  readonly units: { readonly [unit: UnitName]: Vector };
  /** How long an edit there could have been overwritten unseen, in milliseconds; only where a write had no precondition. */
  readonly exposedMs?: number;
};

/**
 * Takes one entry into what is known of its entity (SPEC I17). The patch must fit the values folded so far and agree
 * with the effects; the answer then is the new fold. A sentence instead of a fold says what does not fit.
 */
export function foldEntry(folded: Folded, entry: LedgerEntry, payload: LedgerPayload): Folded | string {
  const values: { [unit: UnitName]: Json } = { ...folded.values };
  const vv: { [unit: UnitName]: Vector } = { ...folded.vv };
  const ctx: { [unit: UnitName]: { readonly [side: SideName]: Vector } } = { ...folded.ctx };
  for (const effect of payload.effects) {
    if (vectorText(vv[effect.unit] ?? {}) !== vectorText(effect.vvBefore))
      return `unit ${effect.unit}: the vector before the entry does not follow from earlier entries`;
    if (Object.keys(effect.vvAfter).length > 0) values[effect.unit] = effect.after;
    vv[effect.unit] = effect.vvAfter;
    ctx[effect.unit] = raised(ctx[effect.unit] ?? {}, effect.ctx);
  }
  let patched: Json;
  try {
    patched = applyPatch(folded.values, payload.patch);
  } catch {
    return 'the patch does not apply to the values before it';
  }
  if (canonicalJson(patched) !== canonicalJson(values)) return 'the patch and the effects disagree';
  const next = { values, vv, ctx, keys: keysAfter(folded.keys, entry, payload.detail) };
  const { unlinked } = payload.detail;
  return typeof unlinked === 'string' ? withoutSide(next, unlinked as SideName) : next;
}

/** A record that was found to be another one: what it had received is nothing that a later one there has received. */
function withoutSide(folded: Folded, side: SideName): Folded {
  const ctx = Object.entries(folded.ctx).map(([unit, contexts]) => [unit, without(contexts, side)] as const);
  return { ...folded, ctx: Object.fromEntries(ctx), keys: without(folded.keys, side) };
}

function keysAfter(
  keys: Folded['keys'],
  { kind, side }: LedgerEntry,
  { key, into }: LedgerPayload['detail'],
): Folded['keys'] {
  if (side === null) return keys;
  if (kind === 'merged' && typeof into === 'string') return { ...keys, [side]: into };
  if (kind === 'deleted') return without(keys, side);
  return kind === 'linked' && typeof key === 'string' ? { ...keys, [side]: key } : keys;
}

/** Takes one receipt of a delivery into the entity's fold: contexts rise and the side has the record. */
export function foldReceipt(folded: Folded, side: SideName, receipt: Receipt): Folded {
  const ctx: { [unit: UnitName]: { readonly [side: SideName]: Vector } } = { ...folded.ctx };
  for (const unit of Object.keys(receipt.units) as UnitName[]) {
    ctx[unit] = raised(ctx[unit] ?? {}, { [side]: receipt.units[unit] as Vector });
  }
  const keys = receipt.key === undefined ? folded.keys : { ...folded.keys, [side]: receipt.key };
  return { ...folded, ctx, keys };
}

/** Where the fold and the stored state of an entity differ; an empty list is the proof that they agree. */
export function differences(folded: Folded, state: EntityState): readonly string[] {
  const found: string[] = [];
  for (const unit of namesIn(state.units, folded.vv) as UnitName[]) {
    const register = registerOf(state, unit);
    if (canonicalJson(folded.values[unit] ?? null) !== canonicalJson(register.value))
      found.push(`unit ${unit}: the agreed value differs`);
    if (vectorText(folded.vv[unit] ?? {}) !== vectorText(register.vv)) found.push(`unit ${unit}: the vector differs`);
    for (const side of namesIn(register.delivered, folded.ctx[unit] ?? {}) as SideName[]) {
      const known = folded.ctx[unit]?.[side] ?? {};
      if (vectorText(known) !== vectorText(contextOf(register, side)))
        found.push(`unit ${unit}: the context of ${side} differs`);
    }
  }
  // An alias gave its records to the entity that it stands for.
  if (state.presence.kind === 'alias') return found;
  for (const side of namesIn(state.sides, folded.keys) as SideName[]) {
    const shadow = state.sides[side];
    const isThere = shadow === undefined || shadow.presence === 'present';
    if (isThere && folded.keys[side] !== shadow?.key) found.push(`the link to ${side} differs`);
  }
  return found;
}

function namesIn(left: object, right: object): readonly string[] {
  return [...new Set([...Object.keys(left), ...Object.keys(right)])];
}

function raised(
  contexts: { readonly [side: SideName]: Vector },
  by: { readonly [side: SideName]: Vector },
): { readonly [side: SideName]: Vector } {
  const joined: { [side: SideName]: Vector } = { ...contexts };
  for (const side of Object.keys(by) as SideName[]) joined[side] = join(joined[side] ?? {}, by[side] as Vector);
  return joined;
}
