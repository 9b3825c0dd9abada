import type { PairId, RevisionId, UnitName } from '../../core/ids.js';
import type { ConflictFilter, ConflictGroup, Page, PageRequest, ReadModel } from '../../engine/read-model.js';
import type { ConflictKind, ConflictRow } from '../../engine/store.js';
import type { Database, Sql } from '../client.js';
import { conflictColumns, conflictRow, type RawConflict } from './conflicts.js';
import { pageOf, placeAfter } from './paging.js';

const entityConflictsMax = 50;

type RawGroup = {
  pair: PairId;
  kind: ConflictKind;
  unit: UnitName | null;
  shape: string;
  label: string;
  count: number;
  example_id: number;
  oldest_at_ms: number;
  revision: RevisionId;
};

/** Questions: in groups of one shape, the largest first, and one by one in the order in which they were asked. */
export function readConflicts(
  database: Database,
): Pick<ReadModel, 'conflictGroups' | 'conflicts' | 'conflict' | 'entityConflicts'> {
  return {
    conflictGroups: (filter, request) => selectGroups(database, filter, request),
    conflicts: (filter, request) => selectConflicts(database, filter, request),
    async entityConflicts(pair, entity) {
      const raws = await database.run(
        (sql) => sql<RawConflict[]>`
          select ${conflictColumns(sql)} from conflicts where pair = ${pair} and entity = ${entity}
          order by state <> 'open', ended_at desc, id limit ${entityConflictsMax}`,
      );
      return raws.map(conflictRow);
    },
    async conflict(id) {
      const [raw] = await database.run(
        (sql) => sql<RawConflict[]>`select ${conflictColumns(sql)} from conflicts where id = ${id}`,
      );
      return raw === undefined ? null : conflictRow(raw);
    },
  };
}

function matching(sql: Sql, filter: ConflictFilter) {
  return sql`
    true
    ${filter.pair === null ? sql`` : sql`and pair = ${filter.pair}`}
    ${filter.state === null ? sql`` : filter.state === 'open' ? sql`and state = 'open'` : sql`and state = ${filter.state}`}
    ${filter.kind === null ? sql`` : sql`and kind = ${filter.kind}`}
    ${filter.unit === null ? sql`` : sql`and unit = ${filter.unit}`}
    ${filter.shape === null ? sql`` : sql`and shape = ${filter.shape}`}`;
}

/** The example is the oldest of the group; ids rise with time, so it also breaks ties of the order. */
async function selectGroups(
  database: Database,
  filter: ConflictFilter,
  request: PageRequest,
): Promise<Page<ConflictGroup>> {
  const after = placeAfter(request, [0, 0, 0] as const);
  const raws = await database.run(
    (sql) => sql<RawGroup[]>`
      with groups as (
        select
          pair, kind, unit, shape, count(*) as count, min(id) as example_id, max(id) as newest_id,
          (extract(epoch from min(opened_at)) * 1000)::bigint as oldest_at_ms
        from conflicts where ${matching(sql, filter)}
        group by pair, kind, unit, shape
      )
      select
        groups.pair, groups.kind, groups.unit, groups.shape, example.label, groups.count, groups.example_id,
        groups.oldest_at_ms, newest.revision
      from groups
      join conflicts example on example.id = groups.example_id
      join conflicts newest on newest.id = groups.newest_id
      where ${
        after === null
          ? sql`true`
          : sql`
        (-groups.count, groups.oldest_at_ms, groups.example_id) > (-${after[0]}::bigint, ${after[1]}::bigint, ${after[2]}::bigint)`
      }
      order by -groups.count, groups.oldest_at_ms, groups.example_id limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, {
    row: ({ example_id: exampleId, oldest_at_ms: oldestAtMs, ...rest }) => ({ ...rest, exampleId, oldestAtMs }),
    place: (raw) => [raw.count, raw.oldest_at_ms, raw.example_id],
  });
}

async function selectConflicts(
  database: Database,
  filter: ConflictFilter,
  request: PageRequest,
): Promise<Page<ConflictRow>> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run(
    (sql) => sql<RawConflict[]>`
      select ${conflictColumns(sql)} from conflicts
      where ${matching(sql, filter)} ${after === null ? sql`` : sql`and id > ${after[0]}`}
      order by id limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, { row: conflictRow, place: (raw) => [raw.id] });
}
