import { ParleyError } from '../../core/errors.js';
import type { PairId } from '../../core/ids.js';
import type { DeliveryState, DeliverySummary, PairTransaction } from '../../engine/store.js';
import type { Rows, Sql } from '../client.js';
import type { WrappingKeys } from '../wrapping-keys.js';
import { commitChanges } from './commit.js';
import { conflictRow, selectOpenConflicts } from './conflicts.js';
import { deliveryRow, selectDelivery, selectOpen, selectWrites } from './deliveries.js';
import { selectKeptApart } from './kept-apart.js';
import { selectAlike, selectTextCounts, setSimilarity } from './match-texts.js';
import { selectByMatch } from './match-values.js';
import { erasureIn, type Marker } from './erasure.js';
import { pairKeys } from './pair-keys.js';
import { lockPair, pairRow } from './pairs.js';
import { planRow, selectOpenPlan } from './plans.js';
import { selectNamed, selectOrphans } from './reference-names.js';
import { parentRows, selectReady } from './reference-waits.js';
import { selectByIds, selectByKeys, selectMovedSince } from './record-states.js';

/** The hub's clock. Not the start of the transaction: that may lie before a long wait for the lock. */
export function selectClock(sql: Sql): Rows<{ now_ms: number }> {
  return sql`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`;
}

export function pairNotFound(pair: PairId): ParleyError {
  return new ParleyError('pair.not_found', `There is no pair "${pair}". Nothing was changed.`, {
    hint: `Save its configuration first: parley plan ${pair}`,
  });
}

function idsOf(deliveries: readonly DeliverySummary[], state: DeliveryState): ReadonlySet<number> {
  return new Set(deliveries.filter((delivery) => delivery.state === state).map(({ id }) => id));
}

/** What a process knows and the database does not. */
export type StoreSecrets = { readonly marker: Marker | null; readonly wrapping: WrappingKeys };

/** Takes the pair's lock in the transaction of `sql` and hands out what may be read and written under it. */
export async function lockedPair(sql: Sql, id: PairId, secrets: StoreSecrets): Promise<PairTransaction> {
  const [[raw], [clock], open] = await Promise.all([lockPair(sql, id), selectClock(sql), selectOpen(sql, id)]);
  if (raw === undefined || clock === undefined) throw pairNotFound(id);
  const nowMs = clock.now_ms;
  const known = await pairKeys(sql, id, raw, secrets.wrapping);
  return {
    pair: pairRow(raw),
    nowMs,
    sent: idsOf(open, 'sent'),
    planned: idsOf(open, 'planned'),
    entitiesByKeys: async (side, keys) => (keys.length === 0 ? [] : selectByKeys(sql, id, side, keys)),
    entitiesByIds: async (ids) => (ids.length === 0 ? [] : selectByIds(sql, id, ids)),
    entitiesByMatch: async (values) => (values.length === 0 ? [] : selectByMatch(sql, id, values, known.digest)),
    textCounts: async (wanted) => (wanted.length === 0 ? [] : selectTextCounts(sql, id, wanted)),
    entitiesAlike: async (side, wanted) => {
      if (wanted.length === 0) return [];
      const [, found] = await Promise.all([setSimilarity(sql), selectAlike(sql, id, side, wanted)]);
      return found;
    },
    keptApart: async (names) => (names.length === 0 ? [] : selectKeptApart(sql, id, names, known.digest)),
    parents: (parent, places) => parentRows(parent, places, (statement) => statement(sql)),
    namedBy: async (parent, places) => (places.length === 0 ? [] : selectNamed(sql, parent, places)),
    orphans: async (parents, limit) => (parents.length === 0 ? [] : selectOrphans(sql, id, parents, limit)),
    readyWaits: async (limit) => (await selectReady(sql, id, limit)).map(({ entity }) => entity),
    delivery: async (delivery) => {
      const [row] = await selectDelivery(sql, id, delivery);
      return row === undefined ? null : deliveryRow(row);
    },
    writesWithin: async (places, ms) => (await selectWrites(sql, places, ms))[0]?.count ?? 0,
    openPlan: async () => {
      const [row] = await selectOpenPlan(sql, id);
      return row === undefined ? null : planRow(row);
    },
    movedSince: async (ids, tick) =>
      ids.length === 0 ? [] : (await selectMovedSince(sql, id, ids, tick)).map((row) => row.id),
    openConflicts: async (ids) => (ids.length === 0 ? [] : (await selectOpenConflicts(sql, id, ids)).map(conflictRow)),
    commit: (changes) => commitChanges(sql, nowMs, changes, known),
    ...erasureIn(sql, id, secrets.marker, known),
  };
}
