import { cascaded, nullified } from '../core/children.js';
import type { EntityId, SideName } from '../core/ids.js';
import { getValue } from '../core/mapping/mapping.js';
import { unpack } from '../core/pack.js';
import { referenceText } from '../core/reference.js';
import type { PairRules, UnitRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import type { Page } from './page.js';
import type { OrphanRow } from './reference-store.js';
import type { PairTransaction } from './store.js';

/**
 * Records of this pair that name one whose delete waits for them: their references are blanked, or they are deleted, as the
 * file says. Their parent is looked at again when they were written. A statement a page, for pairs with such a reference.
 */
export async function takeOrphans(
  transaction: PairTransaction,
  page: Page,
  rules: PairRules,
  limit: number,
): Promise<readonly EntityId[]> {
  const units = rules.units.filter(({ reference }) => (reference?.parentDeleted ?? 'restrict') !== 'restrict');
  const parents = [...new Set(units.flatMap(({ reference }) => reference?.pair ?? []))];
  if (parents.length === 0) return [];
  const rows = await transaction.orphans(parents, limit);
  await page.fetch(rows.map(({ entity }) => entity));
  const moved = new Set<EntityId>();
  for (const row of rows) {
    const parent = unpack(row.state);
    const deleter = deleterOf(parent, rules);
    if (parent.hold?.kind !== 'children' || deleter === null) continue;
    for (const unit of units) {
      const state = page.state(row.entity);
      if (state === undefined || unit.reference?.pair !== row.parent || !names(state, unit, parent)) continue;
      if (orphan(page, row, unit, { state, deleter })) moved.add(row.entity);
    }
  }
  return [...moved];
}

function orphan(
  page: Page,
  { entity }: OrphanRow,
  unit: UnitRules,
  { state, deleter }: { readonly state: EntityState; readonly deleter: SideName },
): boolean {
  const subject = { entity, state, hub: page.hub };
  if (unit.reference?.parentDeleted === 'nullify') {
    const blanked = nullified(subject, unit);
    if (blanked !== null) page.take(entity, { state: blanked.state, facts: [blanked.fact] });
    return blanked !== null;
  }
  const gone = cascaded(subject, unit, deleter);
  if (gone !== null) page.take(entity, { state: gone.state, facts: [gone.fact], questions: gone.questions });
  return gone !== null;
}

/** Whether a side's record holds the key that the parent has there. */
function names({ sides }: EntityState, unit: UnitRules, parent: EntityState): boolean {
  return Object.entries(sides).some(([name, shadow]) => {
    const side = name as SideName;
    const raw = shadow.raws[unit.name];
    const key = parent.sides[side]?.key;
    return raw !== undefined && key !== undefined && getValue(unit, side, raw) === referenceText(side, key);
  });
}

/** The side on which the parent was deleted; when a person decided it, the first that the two pairs share. */
function deleterOf({ sides, presence }: EntityState, rules: PairRules): SideName | null {
  if (presence.kind !== 'tombstone') return null;
  const shared = rules.sides.map(({ name }) => name).filter((name) => sides[name] !== undefined);
  return shared.find((name) => sides[name]?.presence === 'gone') ?? shared[0] ?? null;
}
