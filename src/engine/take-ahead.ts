import type { Absence } from '../core/absence.js';
import { observe } from '../core/observe.js';
import type { Snapshot } from '../core/record.js';
import type { RecordKey, SideName } from '../core/ids.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import type { Page } from './page.js';
import type { PairTransaction } from './store.js';

/** A page that a plan reads under rules which do not decide yet. */
export type Ahead = {
  readonly transaction: PairTransaction;
  readonly page: Page;
  readonly side: SideName;
  readonly records: readonly Snapshot[];
  readonly deleted: readonly RecordKey[];
  /** Keys of which the feed says something else than that they are deleted. */
  readonly absent: readonly Absence[];
  readonly readTick: number;
  readonly beganAtMs: number;
  readonly active: PairRules;
  readonly next: PairRules;
};

/**
 * Takes from a page that was read for a plan with other rules only what the deciding rules know nothing of: fields that
 * the file maps only now. It was read without the fields that the file drops, and from other places where it maps them
 * anew; so what changed since the last poll is read again under the rules that decide, and nothing of it is lost or
 * written before the plan is approved.
 */
export async function takeAhead({ transaction, page, side, active, next, ...read }: Ahead): Promise<void> {
  const stored = await transaction.entitiesByKeys(side, [...read.records.map(({ key }) => key), ...read.deleted]);
  page.load(stored);
  const entities = new Map(stored.map(({ key, id }) => [key, id]));
  const units = next.units.filter((unit) => !active.units.some(({ name }) => name === unit.name));
  const made = new Map(next.sides.map((one) => [one.name, one.made]));
  // A mark is no value: it says nothing under rules that do not name it, and is known when these decide.
  const sides = active.sides.map((one) => {
    const { made: own, ...rest } = one;
    const field = made.get(one.name) ?? own;
    return field === undefined ? rest : { ...rest, made: field };
  });
  const hub = { ...page.hub, rules: { ...active, units, sides } };
  for (const snapshot of read.records) {
    const entity = entities.get(snapshot.key);
    const state = entity === undefined ? undefined : page.state(entity);
    if (entity === undefined || state === undefined || !isAsKnown(page, state, side, snapshot)) {
      page.rereads.push({ side, key: snapshot.key });
      continue;
    }
    // The token is left out: a reading of some fields is not the reading that the token would then stand for.
    const token = state.sides[side]?.token ?? null;
    const times = { readTick: read.readTick, readAtMs: transaction.nowMs, beganAtMs: read.beganAtMs };
    const reading = { snapshot: { ...snapshot, token }, ...times, complete: null };
    const seen = observe(entity, state, hub, side, reading);
    if (seen.kind === 'changed') page.take(entity, { state: seen.state, facts: seen.facts });
  }
  for (const key of [...read.deleted, ...read.absent.map(({ key: one }) => one)]) page.rereads.push({ side, key });
}

/** Nobody changed the record since it was last read, and no write to it is under way. */
function isAsKnown(page: Page, state: EntityState, side: SideName, { key, token }: Snapshot): boolean {
  const shadow = state.sides[side];
  if (shadow?.presence !== 'present' || shadow.key !== key || token === null || token !== shadow.token) return false;
  return shadow.intent === null || !page.hub.sent.has(shadow.intent.delivery);
}
