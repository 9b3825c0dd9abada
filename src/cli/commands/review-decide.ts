import type { Command } from 'commander';
import type { ApiClient } from '../../contract/api/client.js';
import type { ChoiceInput, ConflictView } from '../../contract/api/conflicts.js';
import { hasCode, ParleyError } from '../../core/errors.js';
import { conflictId, given, recordPlace } from '../arguments.js';
import { type ChoiceFlags, choiceFrom, requiredChoice } from '../choice.js';
import { choose } from '../choose.js';
import type { Context } from '../context.js';
import { performs, type Session } from '../perform.js';
import { renderChanged, renderConflict, renderDecided } from '../render/review.js';

type Options = ChoiceFlags & { readonly note?: string; readonly vv?: string };

export function choiceOptions(command: Command): Command {
  return command
    .option('--keep <side>', 'what this side holds is right')
    .option('--value <text>', 'this value is right')
    .option('--delete', 'let the delete happen everywhere')
    .option('--restore', 'bring the record back where it was deleted')
    .option('--copy', 'copy the record to the side that lacks it')
    .option('--leave', 'leave everything as it is')
    .option('--retry', 'write once more what was refused, tripped or parked')
    .option('--link <side:key>', 'this record is the counterpart', recordPlace)
    .option('--note <text>', 'why; kept in the ledger');
}

export function reviewDecide(parent: Command, session: Session): void {
  const command = choiceOptions(
    parent
      .command('decide')
      .description('answer one question; without an answer, on a terminal, it is asked')
      .argument('<question>', 'such as CF-41', conflictId),
  ).option('--vv <version>', 'insist on the version that was looked at, as --json shows it');
  performs<Options>(command, session, 'review-decide', async (context, [given_], options) => {
    const id = Number(given(given_, 'The question'));
    const { conflicts } = await context.api();
    const detail = await conflicts.show(id);
    const before = detail.conflict;
    const choice =
      choiceFrom(options, valueLike(before)) ??
      (context.output.interactive
        ? await choose(context, before, renderConflict(detail, context.output.style))
        : requiredChoice(options, null));
    const note = options.note ?? null;
    const answer = await decided(context, conflicts, { before, choice, note, vv: options.vv ?? before.vv });
    return { data: { ...answer, before }, text: renderDecided(answer.conflict, answer.deliveries) };
  });
}

/** A value of the question, to know whether it is about one field or a group of them. */
export function valueLike({ agreed, sides }: ConflictView): ConflictView['agreed'] {
  return Object.values(sides).find(({ value }) => value !== null)?.value ?? agreed;
}

type Decision = {
  readonly before: ConflictView;
  readonly choice: ChoiceInput;
  readonly note: string | null;
  readonly vv: string;
};

/** A question that moved on is shown as it is now, so that the next answer is about that. */
async function decided({ output }: Context, conflicts: ApiClient['conflicts'], decision: Decision) {
  const { before, choice, note, vv } = decision;
  try {
    return await conflicts.decide(before.id, { vv, choice, note });
  } catch (error) {
    if (!hasCode(error, 'conflict.changed')) throw error;
    const { conflict: after } = await conflicts.show(before.id);
    output.note(renderChanged(before, after, output.style));
    throw new ParleyError('conflict.changed', error.message, { hint: `parley review show CF-${before.id}` });
  }
}
