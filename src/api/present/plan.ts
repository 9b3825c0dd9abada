import type { PlanItemView, PlanView } from '../../contract/api/plans.js';
import { isExpired } from '../../engine/plan.js';
import type { PlanItem, PlanRow } from '../../engine/plan-rows.js';
import { moment, momentOrNull } from './moment.js';

/** A plan as people see it: one that is past its time is shown as expired, whether or not anybody has marked it. */
export function planView(row: PlanRow, nowMs: number): PlanView {
  const asOf =
    row.asOf === null ? null : Object.fromEntries(Object.entries(row.asOf).map(([s, ms]) => [s, moment(ms)]));
  return {
    id: row.id,
    pair: row.pair,
    revision: row.revision,
    state: isExpired(row, nowMs) ? 'expired' : row.state,
    counts: row.counts,
    asOf,
    createdAt: moment(row.createdAtMs),
    createdBy: row.createdBy,
    expiresAt: momentOrNull(row.expiresAtMs),
    approvedBy: row.approvedBy,
    progress: row.progress,
    problem: row.problem,
    undo: row.undo === null ? null : { what: row.undo.what, note: row.undo.note },
  };
}

export function planItemView(item: PlanItem & { readonly seq: number }): PlanItemView {
  return {
    seq: item.seq,
    entity: item.entity,
    kind: item.kind,
    side: item.side,
    key: item.key,
    label: item.label,
    unit: item.unit,
    before: item.before,
    after: item.after,
    rule: item.rule,
    shape: item.shape,
  };
}
