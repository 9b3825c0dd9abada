import type { Command } from 'commander';
import { conflictId } from '../arguments.js';
import { confirmed } from '../ask.js';
import { type ChoiceFlags, requiredChoice } from '../choice.js';
import { performs, type Session } from '../perform.js';
import { renderBulk } from '../render/review.js';
import { choiceOptions, valueLike } from './review-decide.js';

type Options = ChoiceFlags & { readonly like: number; readonly dryRun?: boolean; readonly note?: string };

export function reviewBulk(parent: Command, session: Session): void {
  const command = choiceOptions(
    parent
      .command('bulk')
      .description('answer all open questions that are alike; counts first, then asks')
      .requiredOption('--like <question>', 'one of them, such as CF-41', conflictId),
  ).option('--dry-run', 'only count; nothing is decided');
  performs<Options>(command, session, 'review-bulk', async (context, _args, options) => {
    const { conflicts } = await context.api();
    const { conflict } = await conflicts.show(options.like);
    const choice = requiredChoice(options, valueLike(conflict));
    const request = { like: options.like, choice, note: options.note ?? null };
    const { style } = context.output;
    const counted = await conflicts.decideAlike({ ...request, dryRun: true });
    const same = `the same command without --dry-run`;
    if (options.dryRun === true) {
      return { data: { ...counted, dryRun: true }, text: renderBulk(counted, true, style), next: same };
    }
    if (context.output.interactive && context.flags.yes !== true) context.output.note(renderBulk(counted, true, style));
    const question = `Decide ${counted.alike - counted.leftOut} questions this way?`;
    if (!(await confirmed(context, question, 'look first with --dry-run'))) {
      return { data: { ...counted, dryRun: true }, text: 'Nothing was decided.' };
    }
    context.onInterrupt(() => 'Interrupted. What was decided stays decided: parley review list');
    const answer = await conflicts.decideAlike({ ...request, dryRun: false });
    return { data: { ...answer, dryRun: false }, text: renderBulk(answer, false, style) };
  });
}
