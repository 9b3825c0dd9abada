import type { EntityId, SideName, UnitName } from '../ids.js';
import { sameJson, type Json } from '../json.js';
import type { Effect, Fact, LedgerEntry, LedgerPayload } from './entry.js';
import { emptyFold, foldEntry, foldReceipt, type Folded, type Receipt } from './fold.js';

/** The entry that gave a value: who, when, and by which rule. */
export type Blame = Pick<LedgerEntry, 'seq' | 'atMs' | 'side' | 'actor' | 'rule' | 'lo' | 'hi'>;

/** What a record's history comes to: the fold, the sides that lost it, what is asked, and who gave each agreed value. */
export type History = {
  readonly folded: Folded;
  readonly gone: readonly SideName[];
  readonly asked: readonly UnitName[];
  readonly from: { readonly [unit: UnitName]: Blame };
};

export const emptyHistory: History = { folded: emptyFold, gone: [], asked: [], from: {} };

/**
 * Takes one entry of a record into its history; a sentence instead says what does not fit. An entry `kept` repeats what entries
 * before it came to, so that those may be retired, and changes nothing where it stands.
 */
export function takeEntry(history: History, entry: LedgerEntry, payload: LedgerPayload): History | string {
  if (entry.kind === 'kept') return history;
  const folded = foldEntry(history.folded, entry, payload);
  if (typeof folded === 'string') return folded;
  let { gone, from, asked } = history;
  const { side } = entry;
  if (entry.kind === 'deleted' && side !== null && !gone.includes(side)) gone = [...gone, side];
  if (entry.kind === 'linked' && side !== null) gone = gone.filter((one) => one !== side);
  for (const { unit, before, after, vvBefore } of payload.effects) {
    const isFirst = Object.keys(vvBefore).length === 0;
    if (isFirst || !sameJson(before, after)) from = { ...from, [unit]: blameOf(entry) };
    asked = asked.filter((one) => one !== unit);
    if (entry.kind === 'asked') asked = [...asked, unit];
  }
  return { folded, gone, asked, from };
}

/** Takes one receipt of a delivery: the side has the record, and what was written there. */
export function takeReceipt(history: History, side: SideName, receipt: Receipt): History {
  return { ...history, folded: foldReceipt(history.folded, side, receipt) };
}

export function blameOf({ seq, atMs, side, actor, rule, lo, hi }: LedgerEntry): Blame {
  return { seq, atMs, side, actor, rule, lo, hi };
}

/** Where a ledger was cut: entries below `cut` were made before `beforeMs`, and may be retired once they are kept forward. */
export type Cut = { readonly cut: number; readonly beforeMs: number };

/** The fact that keeps a record's history up to a cut forward (semantics §6, Retention). Law: `keptIn` gives it back. */
export function keptFact(entity: EntityId, { cut, beforeMs }: Cut, history: History): Fact {
  const { values, vv, ctx, keys } = history.folded;
  const units = [...new Set([...Object.keys(vv), ...Object.keys(ctx)])] as UnitName[];
  const effects = units.map((unit): Effect => {
    const [value, vector] = [values[unit] ?? null, vv[unit] ?? {}];
    return { unit, before: value, after: value, vvBefore: vector, vvAfter: vector, ctx: ctx[unit] ?? {} };
  });
  const { gone, asked, from } = history;
  return {
    kind: 'kept',
    entity,
    side: null,
    actor: { kind: 'rule' },
    rule: `kept of the history before ${new Date(beforeMs).toISOString().slice(0, 10)}`,
    dot: null,
    effects,
    detail: { cut, keys, gone, asked, from },
    lo: null,
    hi: null,
  };
}

/** The cut that an entry keeps a record's history up to; null for any other entry. */
export function cutOf({ kind }: LedgerEntry, { detail }: LedgerPayload): number | null {
  const { cut } = detail;
  return kind === 'kept' && typeof cut === 'number' ? cut : null;
}

/** The history that an entry `kept` repeats. */
export function keptIn({ effects, detail }: LedgerPayload): History {
  const values: { [unit: UnitName]: Json } = {};
  const vv: { [unit: UnitName]: Effect['vvAfter'] } = {};
  const ctx: { [unit: UnitName]: Effect['ctx'] } = {};
  for (const effect of effects) {
    if (Object.keys(effect.vvAfter).length > 0) values[effect.unit] = effect.after;
    vv[effect.unit] = effect.vvAfter;
    ctx[effect.unit] = effect.ctx;
  }
  const { keys, gone, asked, from } = detail as unknown as Pick<History, 'gone' | 'asked' | 'from'> & {
    readonly keys: Folded['keys'];
  };
  return { folded: { values, vv, ctx, keys }, gone, asked, from };
}
