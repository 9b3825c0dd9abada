import type { EntityId, SideName } from '../core/ids.js';
import { getValue } from '../core/mapping/mapping.js';
import { referenceParts } from '../core/reference.js';
import type { PairRules } from '../core/rules.js';
import type { EntityState, Shadow } from '../core/state.js';
import type { NameRow, ReferenceChanges } from './reference-store.js';

type Name = Omit<NameRow, 'entity'>;

/**
 * Keeps what the records of a page name up to date, so that a parent finds its children. What counts is what sides hold, as
 * their own foreign keys would see it; of a record whose names did not change nothing is written.
 */
export class ChildNames {
  readonly #rules: PairRules;
  /** What entities of the page named before it, as text. */
  readonly #before = new Map<EntityId, string>();

  constructor(rules: PairRules) {
    this.#rules = rules;
  }

  /** Remembers what an entity named when the page met it first. */
  note(entity: EntityId, before: EntityState | undefined): void {
    if (this.#before.has(entity) || this.#rules.units.every(({ as }) => as !== 'reference')) return;
    this.#before.set(entity, before === undefined ? '[]' : JSON.stringify(this.#namesIn(before)));
  }

  changes(stateOf: (entity: EntityId) => EntityState | undefined): NonNullable<ReferenceChanges['names']> {
    const of: EntityId[] = [];
    const rows: NameRow[] = [];
    for (const [entity, before] of this.#before) {
      const state = stateOf(entity);
      const names = state === undefined ? [] : this.#namesIn(state);
      if (JSON.stringify(names) === before) continue;
      of.push(entity);
      rows.push(...names.map((name) => ({ entity, ...name })));
    }
    return { of, rows };
  }

  #namesIn({ sides }: EntityState): readonly Name[] {
    return this.#rules.units.flatMap((unit) =>
      Object.entries(sides).flatMap(([name, shadow]): Name[] => {
        const raw = shadow.raws[unit.name];
        if (unit.reference === undefined || raw === undefined || !isThere(shadow)) return [];
        const parts = referenceParts(getValue(unit, name as SideName, raw));
        return parts === null ? [] : [{ parent: unit.reference.pair, ...parts }];
      }),
    );
  }
}

function isThere({ presence }: Shadow): boolean {
  return presence !== 'awaited' && presence !== 'gone';
}
