import type { EntityId, PairId } from '../../core/ids.js';
import type { Page, PageRequest, ReadModel } from '../../engine/read-model.js';
import type { StoredEntry } from '../../engine/ledger-store.js';
import type { Database } from '../client.js';
import { selectEntries, storedEntry } from './ledger.js';
import { pageOf, placeAfter } from './paging.js';

/** The history, newest first, and for watchers oldest first. */
export function readLedger(database: Database): Pick<ReadModel, 'entityLedger' | 'ledger' | 'entriesSince'> {
  return {
    entityLedger: (pair, entity, request) => newestFirst(database, { pair, entity }, request),
    ledger: (pair, request) => newestFirst(database, { pair }, request),
    entriesSince: async (pair, after, limit) =>
      (await database.run((sql) => selectEntries(sql, { pair, from: after + 1, limit }))).map(storedEntry),
  };
}

async function newestFirst(
  database: Database,
  of: { readonly pair: PairId; readonly entity?: EntityId },
  request: PageRequest,
): Promise<Page<StoredEntry>> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run((sql) =>
    selectEntries(sql, { ...of, ...(after === null ? {} : { below: after[0] }), limit: request.limit + 1 }),
  );
  return pageOf(raws, request, { row: storedEntry, place: (raw) => [raw.seq] });
}
