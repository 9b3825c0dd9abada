import type { Command } from 'commander';
import { conflictId, given } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderConflict } from '../render/review.js';

export function reviewShow(parent: Command, session: Session): void {
  const command = parent
    .command('show')
    .description('show one question with everything that is needed to decide it')
    .argument('<question>', 'such as CF-41', conflictId);
  performs(command, session, 'review-show', async (context, [id]) => {
    const detail = await (await context.api()).conflicts.show(Number(given(id, 'The question')));
    return { data: detail, text: renderConflict(detail, context.output.style) };
  });
}
