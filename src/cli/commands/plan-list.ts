import type { Command } from 'commander';
import { limit } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderPlans } from '../render/plan.js';

export function planList(parent: Command, session: Session): void {
  const command = parent
    .command('list')
    .description('list plans, newest first')
    .argument('[pair]', 'only plans of this pair')
    .option('--limit <rows>', 'how many', limit);
  performs<{ limit?: number }>(command, session, 'plan-list', async (context, [pair], options) => {
    const wanted = pair ?? context.flags.pair;
    const page = await (await context.api()).plans.list({
      limit: options.limit ?? 20,
      ...(wanted === undefined ? {} : { pair: wanted }),
    });
    return { data: page, text: renderPlans(page.rows, context.output.style) };
  });
}
