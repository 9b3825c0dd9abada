import type { EntityId, PairId, RecordKey, RevisionId, SideName, UnitName } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import { isBlank } from '../../core/mapping/equality.js';
import type { Store } from '../../engine/store.js';
import type { PlanCounts, PlanItem, PlanRow, PlanState } from '../../engine/plan-rows.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { withoutNul } from './nul.js';

export type RawPlan = {
  id: number;
  pair: PairId;
  revision: RevisionId;
  state: PlanState;
  counts: string | null;
  tick: number | null;
  as_of: string | null;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number | null;
  approved_by: string | null;
  progress: string | null;
  problem: string | null;
  undo: string | null;
};

export const planColumns = (sql: Sql) => sql`
  id, pair, revision, state, counts, tick, as_of, (extract(epoch from created_at) * 1000)::bigint as created_at_ms,
  created_by, (extract(epoch from expires_at) * 1000)::bigint as expires_at_ms, approved_by, progress, problem, undo`;

/** States in which a workflow has work to do for the plan. */
export const openPlanStates = (sql: Sql) => sql`state in ('reading', 'deciding', 'applying')`;

export function planRow(raw: RawPlan): PlanRow {
  return {
    id: raw.id,
    pair: raw.pair,
    revision: raw.revision,
    state: raw.state,
    counts: parsed(raw.counts) as PlanCounts | null,
    tick: raw.tick,
    asOf: parsed(raw.as_of) as PlanRow['asOf'],
    createdAtMs: raw.created_at_ms,
    createdBy: raw.created_by,
    expiresAtMs: raw.expires_at_ms,
    approvedBy: raw.approved_by,
    progress: parsed(raw.progress) as PlanRow['progress'],
    problem: raw.problem,
    undo: parsed(raw.undo) as PlanRow['undo'],
  };
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** An undo reads no side: it begins with deciding. */
export function insertPlan(sql: Sql, plan: Parameters<Store['createPlan']>[0]): Rows<{ id: number }> {
  return sql`
    insert into plans (pair, revision, state, created_by, undo)
    values (
      ${plan.pair}, ${plan.revision}, ${plan.undo === undefined ? 'reading' : 'deciding'}, ${plan.by},
      ${plan.undo === undefined ? null : JSON.stringify(plan.undo)})
    returning id`;
}

export function selectPlan(sql: Sql, id: number): Rows<RawPlan> {
  return sql`select ${planColumns(sql)} from plans where id = ${id}`;
}

export function selectOpenPlan(sql: Sql, pair: PairId): Rows<RawPlan> {
  return sql`select ${planColumns(sql)} from plans where pair = ${pair} and ${openPlanStates(sql)} order by id desc limit 1`;
}

type PlanChanges = Partial<
  Pick<PlanRow, 'state' | 'counts' | 'tick' | 'expiresAtMs' | 'approvedBy' | 'progress' | 'problem' | 'asOf'>
>;

/** Changes what is mentioned; null is a value, a missing name means: leave it. */
export function updatePlan(sql: Sql, id: number, changes: PlanChanges): Rows<{ id: number }> {
  const text = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value));
  const set = (name: keyof PlanChanges) => changes[name] !== undefined;
  return sql`
    update plans set
      state = coalesce(${changes.state ?? null}, state),
      counts = case when ${set('counts')}::boolean then ${text(changes.counts)} else counts end,
      tick = case when ${set('tick')}::boolean then ${changes.tick ?? null} else tick end,
      as_of = case when ${set('asOf')}::boolean then ${text(changes.asOf)} else as_of end,
      expires_at = case when ${set('expiresAtMs')}::boolean
        then to_timestamp(${changes.expiresAtMs ?? null}::float8 / 1000) else expires_at end,
      approved_by = case when ${set('approvedBy')}::boolean then ${changes.approvedBy ?? null} else approved_by end,
      progress = case when ${set('progress')}::boolean then ${text(changes.progress)} else progress end,
      problem = case when ${set('problem')}::boolean then ${changes.problem ?? null} else problem end
    where id = ${id} returning id`;
}

/** Forgets what was saved for these entities, so that a page that is saved twice stands once. */
export function deletePlanItems(sql: Sql, plan: number, items: readonly PlanItem[]): Rows<object> {
  return sql`delete from plan_items where plan = ${plan} and entity = any(${numbers(items.map((item) => item.entity))}::bigint[])`;
}

export function insertPlanItems(sql: Sql, plan: number, items: readonly PlanItem[]): Rows<object> {
  return sql`
    insert into plan_items (plan, entity, kind, side, key, label, unit, before, after, blank, shape, rule)
    select ${plan}, entity, kind, side, key, label, unit, before, after, blank = 1, shape, rule
    from unnest(
      ${numbers(items.map((item) => item.entity))}::bigint[],
      ${texts(items.map((item) => item.kind))}::text[],
      ${texts(items.map((item) => item.side))}::text[],
      ${texts(items.map((item) => item.key))}::text[],
      ${texts(items.map((item) => withoutNul(item.label)))}::text[],
      ${texts(items.map((item) => item.unit))}::text[],
      ${texts(items.map((item) => JSON.stringify(item.before)))}::text[],
      ${texts(items.map((item) => JSON.stringify(item.after)))}::text[],
      ${numbers(items.map((item) => (item.kind === 'update' && isBlank(item.after) ? 1 : 0)))}::integer[],
      ${texts(items.map((item) => item.shape))}::text[],
      ${texts(items.map((item) => item.rule))}::text[])
      with ordinality as list (entity, kind, side, key, label, unit, before, after, blank, shape, rule, place)
    order by place`;
}

export type RawPlanItem = {
  seq: number;
  entity: EntityId;
  kind: PlanItem['kind'];
  side: SideName | null;
  key: RecordKey;
  label: string;
  unit: UnitName | null;
  before: string;
  after: string;
  shape: string | null;
  rule: string;
};

export function planItem(raw: RawPlanItem): PlanItem & { readonly seq: number } {
  return { ...raw, before: JSON.parse(raw.before) as Json, after: JSON.parse(raw.after) as Json };
}

export function countShapes(sql: Sql, plan: number): Rows<{ count: number }> {
  return sql`select count(distinct shape) from plan_items where plan = ${plan} and kind = 'ask'`;
}
