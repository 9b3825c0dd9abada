import type { EntityId } from '../core/ids.js';
import { limitsOf, type PairRules } from '../core/rules.js';
import type { EnginePorts } from './engine.js';
import type { Page } from './page.js';
import type { PairTransaction, SavedRevision } from './store.js';

/** Records that a budget of writes held back: their hour may be over (semantics §1.8). */
export async function pacedNow(
  { store }: Pick<EnginePorts, 'store'>,
  active: SavedRevision | null,
  limit: number,
): Promise<readonly EntityId[]> {
  if (active === null || limitsOf(active.rules).unitWritesPerHour === null) return [];
  const paced = await store.entities(active.pair, { after: null, limit, standings: ['paced'] });
  return paced.map(({ id }) => id);
}

/** Records that wait for records of other pairs, to name them or for them to go, where something was committed about these (SPEC I14). */
export async function readyWaits(
  transaction: Pick<PairTransaction, 'readyWaits'>,
  { units, children = [] }: PairRules,
  limit: number,
): Promise<readonly EntityId[]> {
  const isRelated = children.length > 0 || units.some(({ as }) => as === 'reference');
  return isRelated ? transaction.readyWaits(limit) : [];
}

/** A record that waited for its children to go may go now, unless others name it still. */
export function lookedAtAgain(page: Page, id: EntityId): EntityId {
  const state = page.state(id);
  if (state?.hold?.kind === 'children') page.take(id, { state: { ...state, hold: null } });
  return id;
}
