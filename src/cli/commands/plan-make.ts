import type { Command } from 'commander';
import type { PlanView } from '../../contract/api/plans.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { readPlan } from '../plan-reading.js';
import { untilMade } from '../plan-waiting.js';
import { renderPlan } from '../render/plan.js';

export function planMake(parent: Command, session: Session): void {
  const command = parent
    .argument('[pair]', 'the pair; not needed when there is only one')
    .option('--detailed-exitcode', 'exit with 2 when the plan would change or ask something');
  performs<{ detailedExitcode?: boolean }>(command, session, 'plan', async (context, [given], options) => {
    const pair = await context.pair(given);
    const api = await context.api();
    context.onInterrupt(() => 'Interrupted. The plan goes on being made: parley plan list');
    const requested = await api.plans.request(pair);
    const plan = await untilMade(context, requested);
    const summary = await readPlan(api, plan);
    const exit =
      plan.state !== 'ready'
        ? exits.failed
        : options.detailedExitcode === true && changesAnything(plan)
          ? exits.somethingOpen
          : exits.done;
    const problems =
      plan.state === 'failed' ? [{ code: 'plan.not_ready', message: plan.problem ?? 'The plan failed.' }] : [];
    return {
      exit,
      problems,
      data: { plan, sample: summary.sample, shapes: summary.shapes },
      text: renderPlan(summary, context.output.style),
      ...(plan.state === 'ready' ? { next: `parley apply ${plan.id}` } : {}),
    };
  });
}

function changesAnything({ counts }: PlanView): boolean {
  if (counts === null) return false;
  const writes = Object.values(counts.sides).some((side) => side.create + side.update + side.delete > 0);
  return writes || Object.values(counts.ask).some((asked) => asked > 0);
}
