import type { PairId } from '../../core/ids.js';
import type { Page, PageRequest, PlanItemFilter, ReadModel, RunRow } from '../../engine/read-model.js';
import type { PlanRow } from '../../engine/plan-rows.js';
import type { Database } from '../client.js';
import { pageOf, placeAfter } from './paging.js';
import { planColumns, planItem, planRow, type RawPlan, type RawPlanItem } from './plans.js';
import { type RawRun, runColumns, runRow } from './runs.js';

/** Runs and plans, newest first. */
export function readRuns(database: Database): Pick<ReadModel, 'runs' | 'plans' | 'planItems'> {
  return {
    runs: (pair, request) => selectRuns(database, pair, request),
    plans: (pair, request) => selectPlans(database, pair, request),
    planItems: (plan, filter, request) => selectPlanItems(database, plan, filter, request),
  };
}

/** By start and not by id: ids count within a pair. */
async function selectRuns(database: Database, pair: PairId | null, request: PageRequest): Promise<Page<RunRow>> {
  const after = placeAfter(request, [0, '', 0] as const);
  const raws = await database.run(
    (sql) => sql<RawRun[]>`
      select ${runColumns(sql)} from runs
      where true
        ${pair === null ? sql`` : sql`and pair = ${pair}`}
        ${
          after === null
            ? sql``
            : sql`and (started_at, pair, id) <
                (to_timestamp(${after[0]}::float8 / 1000), ${after[1]}, ${after[2]}::bigint)`
        }
      order by runs.started_at desc, runs.pair desc, runs.id desc limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, { row: runRow, place: (raw) => [raw.started_at_ms, raw.pair, raw.id] });
}

async function selectPlans(database: Database, pair: PairId | null, request: PageRequest): Promise<Page<PlanRow>> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run(
    (sql) => sql<RawPlan[]>`
      select ${planColumns(sql)} from plans
      where true
        ${pair === null ? sql`` : sql`and pair = ${pair}`}
        ${after === null ? sql`` : sql`and id < ${after[0]}`}
      order by id desc limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, { row: planRow, place: (raw) => [raw.id] });
}

async function selectPlanItems(
  database: Database,
  plan: number,
  filter: PlanItemFilter,
  request: PageRequest,
): ReturnType<ReadModel['planItems']> {
  const after = placeAfter(request, [0] as const);
  const raws = await database.run(
    (sql) => sql<RawPlanItem[]>`
      select seq, entity, kind, side, key, label, unit, before, after, shape, rule from plan_items
      where plan = ${plan}
        ${filter.kind === null ? sql`` : sql`and kind = ${filter.kind}`}
        ${filter.unit === null ? sql`` : sql`and unit = ${filter.unit}`}
        ${filter.blankOnly ? sql`and blank` : sql``}
        ${after === null ? sql`` : sql`and seq > ${after[0]}`}
      order by seq limit ${request.limit + 1}`,
  );
  return pageOf(raws, request, { row: planItem, place: (raw) => [raw.seq] });
}
