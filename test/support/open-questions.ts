import type { PairId } from '../../src/core/ids.js';
import type { PostgresStore } from '../../src/db/postgres-store.js';
import type { ConflictKind, ConflictRow } from '../../src/engine/store.js';

/** What people are asked now about a pair: of one kind or of all. */
export async function openQuestions(
  { store, pair }: { readonly store: PostgresStore; readonly pair: PairId },
  kind: ConflictKind | null = null,
): Promise<readonly ConflictRow[]> {
  const filter = { pair, state: 'open', kind, unit: null, shape: null } as const;
  return (await store.readModel.conflicts(filter, { after: null, limit: 100 })).rows;
}
