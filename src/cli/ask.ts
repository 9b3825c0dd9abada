import { ParleyError } from '../core/errors.js';
import type { Context } from './context.js';

/**
 * Asks a person yes or no. `--yes` answers it; without a terminal and without `--yes` nobody can be asked.
 * @throws ParleyError `pair.not_approved` then, naming the command that says it outright
 */
export async function confirmed({ output, flags }: Context, question: string, outright: string): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!output.interactive) {
    throw new ParleyError('pair.not_approved', 'This needs a yes, and there is nobody to ask. Nothing was written.', {
      hint: `${outright}, or add --yes`,
    });
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false });
  return !isCancel(answer) && answer;
}
