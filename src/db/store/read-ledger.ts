import type { EntityId, PairId } from '../../core/ids.js';
import type { Page, PageRequest, ReadModel } from '../../engine/read-model.js';
import type { StoredEntry } from '../../engine/ledger-store.js';
import type { Database } from '../client.js';
import type { WrappingKeys } from '../wrapping-keys.js';
import { entryReader, selectEntries } from './ledger.js';
import { pageOf, placeAfter } from './paging.js';

/** The history, newest first, and for watchers oldest first. */
export function readLedger(
  database: Database,
  wrapping: WrappingKeys,
): Pick<ReadModel, 'entityLedger' | 'ledger' | 'entriesSince'> {
  return {
    entityLedger: (pair, entity, request) => newestFirst({ database, wrapping }, { pair, entity }, request),
    ledger: (pair, request) => newestFirst({ database, wrapping }, { pair }, request),
    entriesSince: async (pair, after, limit) =>
      (await database.run((sql) => selectEntries(sql, { pair, from: after + 1, limit }))).map(entryReader(wrapping)),
  };
}

async function newestFirst(
  { database, wrapping }: { readonly database: Database; readonly wrapping: WrappingKeys },
  of: { readonly pair: PairId; readonly entity?: EntityId },
  request: PageRequest,
): Promise<Page<StoredEntry>> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run((sql) =>
    selectEntries(sql, { ...of, ...(after === null ? {} : { below: after[0] }), limit: request.limit + 1 }),
  );
  return pageOf(raws, request, { row: entryReader(wrapping), place: (raw) => [raw.seq] });
}
