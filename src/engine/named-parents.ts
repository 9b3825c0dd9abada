import { heldByChildren, type Named } from '../core/children.js';
import type { EntityId } from '../core/ids.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState } from '../core/state.js';
import type { NamedRow, ParentPlace, ParentReads, WaitRow } from './reference-store.js';

/** A record that is to be deleted, with what names it there. */
export type NamedParent = { readonly entity: EntityId; readonly rows: readonly NamedRow[] };

/** Which of these deletes are of records that others still name; a statement, for pairs that others refer to. */
export async function namedParents(
  reads: Pick<ParentReads, 'namedBy'>,
  rules: PairRules,
  deletes: readonly (ParentPlace & { readonly entity: EntityId })[],
): Promise<readonly NamedParent[]> {
  const children = new Set((rules.children ?? []).map(({ pair }) => pair));
  if (children.size === 0 || deletes.length === 0) return [];
  const rows = (await reads.namedBy(rules.pair, deletes)).filter(({ pair }) => children.has(pair));
  const entities = [...new Set(deletes.map(({ entity }) => entity))];
  return entities.flatMap((entity): NamedParent[] => {
    const own = deletes.filter((one) => one.entity === entity);
    const named = rows.filter(({ side, key }) => own.some((one) => one.side === side && one.key === key));
    return named.length === 0 ? [] : [{ entity, rows: named }];
  });
}

/** The step that holds such a delete; none of one that a person wants for a single record. */
export function namedStep(
  state: EntityState | undefined,
  rules: PairRules,
  named: readonly Named[],
): ReturnType<typeof heldByChildren> | null {
  return state?.presence.kind === 'tombstone' ? heldByChildren(state, rules, named) : null;
}

/** What tells that the parent is to be looked at again: some of its children, all of which have to go before it can. */
export function watchRows({ entity, rows }: NamedParent): readonly WaitRow[] {
  return rows.flatMap(({ pair, side, keys, tick }) =>
    keys.map(
      (key): WaitRow => ({ entity, unit: noUnit, side, parent: pair, parentSide: side, parentKey: key, seen: tick }),
    ),
  );
}

const noUnit = '' as WaitRow['unit'];
