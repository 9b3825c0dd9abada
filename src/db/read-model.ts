import type { RecordKey, SideName } from '../core/ids.js';
import type { ReadModel } from '../engine/read-model.js';
import type { Database } from './client.js';
import type { WrappingKeys } from './wrapping-keys.js';
import { pageOf, placeAfter } from './store/paging.js';
import { countWorkersAlive } from './store/presence.js';
import { readConflicts } from './store/read-conflicts.js';
import { selectEntityDeliveries } from './store/read-deliveries.js';
import { readLedger } from './store/read-ledger.js';
import { selectStatuses } from './store/read-pairs.js';
import { readRecords } from './store/read-records.js';
import { readRuns } from './store/read-runs.js';
import { pairNotFound } from './store/transaction.js';

type RawSetAside = { side: SideName; place: string; reason: string; key: RecordKey | null; at_ms: number };

/** The ReadModel on Postgres; every list is read along an index. */
export function openReadModel(database: Database, wrapping: WrappingKeys): ReadModel {
  return {
    ...readRuns(database),
    ...readRecords(database),
    ...readLedger(database, wrapping),
    ...readConflicts(database),
    async pairStatus(pair) {
      const [status] = await selectStatuses(database, pair);
      if (status === undefined) throw pairNotFound(pair);
      return status;
    },
    pairStatuses: () => selectStatuses(database, null),
    entityDeliveries: (pair, entity, limit) => selectEntityDeliveries(database, pair, entity, limit),
    async setAside(pair, request) {
      const after = placeAfter(request, ['', ''] as const);
      const raws = await database.run(
        (sql) => sql<RawSetAside[]>`
          select side, place, reason, key, (extract(epoch from at) * 1000)::bigint as at_ms from set_aside_rows
          where pair = ${pair} ${after === null ? sql`` : sql`and (side, place) > (${after[0]}, ${after[1]})`}
          order by side, place limit ${request.limit + 1}`,
      );
      const row = ({ at_ms: atMs, ...rest }: RawSetAside) => ({ ...rest, atMs });
      return pageOf(raws, request, { row, place: (raw) => [raw.side, raw.place] });
    },
    async workersAlive() {
      const [row] = await database.run(countWorkersAlive);
      return row?.count ?? 0;
    },
  };
}
