import type { EntityId } from '../../../src/core/ids.js';
import { unpack } from '../../../src/core/pack.js';
import { emptyState } from '../../../src/core/register.js';
import type { EntityState } from '../../../src/core/state.js';
import type { Tables } from '../store/tables.js';

const unpacked = new Map<string, EntityState>();

/** What the hub has stored of an entity; the same value for the same text. */
export function stateIn({ entities }: Tables, id: EntityId): EntityState {
  const text = entities.get(id)?.state;
  if (text === undefined) return emptyState;
  const known = unpacked.get(text) ?? unpack(text);
  if (unpacked.size > 5_000) unpacked.clear();
  unpacked.set(text, known);
  return known;
}
