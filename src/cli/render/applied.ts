import type { PlanView } from '../../contract/api/plans.js';
import { duration } from './moment.js';
import { count } from './value.js';

export type AppliedCounts = { readonly written: number; readonly refused: number; readonly stale: number };

/** `Applied plan 7 in 1 min 12 s: 568 written, 2 refused, 1 moved on (re-planned).` */
export function renderApplied(plan: PlanView, { written, refused, stale }: AppliedCounts, ms: number): string {
  const moved = (plan.counts?.movedOn ?? 0) + stale;
  const parts = [
    `${count(written)} written`,
    `${count(refused)} refused`,
    ...(moved === 0 ? [] : [`${count(moved)} moved on (re-planned)`]),
  ];
  return `Applied plan ${plan.id} in ${duration(ms)}: ${parts.join(', ')}.`;
}
