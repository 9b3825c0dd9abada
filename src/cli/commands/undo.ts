import { InvalidArgumentError, type Command } from 'commander';
import type { UndoRequest } from '../../contract/api/plans.js';
import { conflictId, position, recordPlace } from '../arguments.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { readPlan } from '../plan-reading.js';
import { untilMade } from '../plan-waiting.js';
import { renderPlan } from '../render/plan.js';

type Target = Omit<UndoRequest, 'pair' | 'note'>;
type Options = { readonly to?: number; readonly note?: string };

/** `CF-41`, `entry-17`, `run-118`, or `crm:17`. */
function target(text: string): Target {
  const numbered = /^(cf|entry|run)-(\d{1,15})$/i.exec(text);
  const number = Number(numbered?.[2]);
  switch (numbered?.[1]?.toLowerCase()) {
    case 'cf':
      return { conflict: conflictId(text) };
    case 'entry':
      return { entry: number };
    case 'run':
      return { run: number };
    default:
      if (text.includes(':')) return { record: recordPlace(text) };
      throw new InvalidArgumentError('It must be CF-41, entry-17, run-118 or a record such as crm:17.');
  }
}

export function undo(program: Command, session: Session): void {
  const command = program
    .command('undo')
    .description('plan to take back a decision, an entry, a run, or the last change of a record; writes nothing')
    .argument('<what>', 'CF-41, entry-17, run-118, or crm:17', target)
    .option('--to <entry>', 'a record: back to what it was after this entry of the ledger', position)
    .option('--note <text>', 'why; the ledger keeps it');
  performs<Options>(command, session, 'undo', async (context, [what], { to, note }) => {
    const pair = await context.pair();
    const api = await context.api();
    const asked = what as unknown as Target;
    const record = asked.record === undefined || to === undefined ? {} : { record: { ...asked.record, to } };
    context.onInterrupt(() => 'Interrupted. The plan goes on being made: parley plan list');
    const requested = await api.plans.undo({ pair, ...asked, ...record, note: note ?? null });
    const plan = await untilMade(context, requested);
    const summary = await readPlan(api, plan);
    const isReady = plan.state === 'ready';
    return {
      exit: isReady ? exits.done : exits.failed,
      problems: isReady ? [] : [{ code: 'plan.not_ready', message: plan.problem ?? `The plan is ${plan.state}.` }],
      data: { plan, sample: summary.sample, shapes: summary.shapes },
      text: renderPlan(summary, context.output.style),
      ...(isReady ? { next: `parley apply ${plan.id}` } : {}),
    };
  });
}
