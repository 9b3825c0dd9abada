import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanView } from '../contract/api/plans.js';
import type { Context } from './context.js';
import { progressBar } from './render/progress-bar.js';

const pollMs = 250;

/** Waits until a plan is made, or is not going to be. */
export async function untilMade(
  { api, output, interrupted, terminal }: Context,
  requested: PlanView,
): Promise<PlanView> {
  const client = await api();
  const startedMs = terminal.nowMs();
  let plan = requested;
  while (plan.state === 'reading' || plan.state === 'deciding') {
    output.event('plan', 'progress', { plan });
    const { done, total } = plan.progress ?? { done: 0, total: null };
    const elapsedMs = terminal.nowMs() - startedMs;
    const bar =
      total === null
        ? `  ${plan.state} ${done > 0 ? done : ''}`.trimEnd()
        : progressBar({ name: plan.state, done, total, elapsedMs }, output.style);
    output.live.show([bar]);
    await sleep(pollMs, undefined, { signal: interrupted });
    plan = await client.plans.show(plan.id);
  }
  output.live.clear();
  return plan;
}
