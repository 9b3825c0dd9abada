import type { ApiClient } from '../contract/api/client.js';
import type { PlanItemQuery, PlanItemView, PlanView } from '../contract/api/plans.js';
import { ParleyError } from '../core/errors.js';
import type { PlanSummary, Shape } from './render/plan.js';

const samplePerKind = 3;
/** Questions that are grouped by shape; a plan with more says so by its count. */
const groupedPages = 20;

/** A plan with a few of its rows and its questions by shape. */
export async function readPlan(api: ApiClient, plan: PlanView): Promise<PlanSummary> {
  const pair = await api.pairs.show(plan.pair).catch((error: unknown) => {
    if (error instanceof ParleyError && error.code === 'pair.not_found') return null;
    throw error;
  });
  if (plan.counts === null) return { plan, pair, sample: [], shapes: [] };
  const sample: PlanItemView[] = [];
  for (const kind of ['create', 'update', 'delete', 'archive', 'unarchive', 'left'] as const) {
    sample.push(...(await api.plans.items(plan.id, { kind, limit: samplePerKind })).rows);
  }
  return { plan, pair, sample, shapes: await shapesOf(api, plan) };
}

async function shapesOf(api: ApiClient, plan: PlanView): Promise<readonly Shape[]> {
  const shapes = new Map<string, { unit: string | null; label: string; count: number }>();
  let after: string | null = null;
  for (let page = 0; page < groupedPages; page += 1) {
    const query: PlanItemQuery = { kind: 'ask', limit: 1000, ...(after === null ? {} : { after }) };
    const { rows, next } = await api.plans.items(plan.id, query);
    for (const { shape, unit, label } of rows) {
      const known = shapes.get(shape ?? label);
      if (known === undefined) shapes.set(shape ?? label, { unit, label, count: 1 });
      else known.count += 1;
    }
    after = next;
    if (after === null) break;
  }
  return [...shapes.values()].sort((a, b) => b.count - a.count);
}
