import type { EntityId } from '../core/ids.js';
import type { EntityState } from '../core/state.js';
import type { LedgerProblem } from './check-entry.js';
import type { StoredEntry } from './ledger-store.js';

/** Tells values that were erased, and say so in the ledger, from values that are gone (SPEC I19). */
export class Erasures {
  readonly #entities = new Set<EntityId>();
  readonly #restated = new Set<number>();
  readonly #missing: { readonly seq: number; readonly entity: EntityId | null }[] = [];

  see({ entry, payload }: StoredEntry): void {
    const { kind, entity, seq } = entry;
    if (payload === null) this.#missing.push({ seq, entity });
    if (kind !== 'erased' || entity === null) return;
    this.#entities.add(entity);
    for (const restated of (payload?.detail['restated'] ?? []) as readonly number[]) this.#restated.add(restated);
  }

  has(entity: EntityId): boolean {
    return this.#entities.has(entity);
  }

  /** Entries without values that no erasure accounts for. */
  unexplained(): readonly LedgerProblem[] {
    return this.#missing
      .filter(({ seq, entity }) => !this.#restated.has(seq) && (entity === null || !this.has(entity)))
      .map(({ seq, entity }) => ({ seq, entity, what: 'the values of this entry are gone' }));
  }

  /** What is still kept of an entity that was erased. */
  leftIn(entity: EntityId, state: EntityState): readonly LedgerProblem[] {
    const isBlank = Object.keys(state.units).length === 0 && Object.keys(state.sides).length === 0;
    return isBlank ? [] : [{ seq: null, entity, what: 'values of a record that was erased are still kept' }];
  }
}
