import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { ParleyError } from '../../core/errors.js';
import { given, type Place, recordPlace } from '../arguments.js';
import { confirmed } from '../ask.js';
import { performs, type Session } from '../perform.js';
import { place as shownPlace } from '../render/value.js';

const pollMs = 500;
type Options = { readonly reason: string; readonly systems: 'delete' | 'leave' };

export function recordErase(parent: Command, session: Session): void {
  const command = parent
    .command('erase')
    .description('forget a record for good, with all its history; cannot be taken back')
    .argument('<side:key>', 'such as crm:17', recordPlace)
    .requiredOption('--reason <text>', 'why; the ledger keeps it, so name no person')
    .addOption(
      new Option('--systems <what>', 'whether the systems delete the record first, or keep it')
        .choices(['delete', 'leave'])
        .makeOptionMandatory(),
    );
  performs<Options>(command, session, 'record-erase', async (context, [record], { reason, systems }) => {
    const { side, key } = given(record as Place | undefined, 'The record');
    const pair = await context.pair();
    const name = shownPlace(side, key);
    const what =
      systems === 'delete'
        ? `Delete ${name} in all systems and erase it`
        : `Erase ${name}, and leave it in its systems`;
    if (!(await confirmed(context, `${what}? This cannot be taken back.`, `parley record erase ${side}:${key}`)))
      throw new ParleyError('pair.not_approved', `${name} was not erased.`);
    const api = await context.api();
    const request = { confirm: `${side}:${key}`, reason, systems };
    context.onInterrupt(() => 'Interrupted before it was erased. The same command goes on where it stands.');
    let answer = await api.records.erase({ pair, side, key }, request);
    while (answer.state === 'deleting') {
      context.output.live.show(['  the systems delete it']);
      await sleep(pollMs, undefined, { signal: context.interrupted });
      answer = await api.records.erase({ pair, side, key }, request);
    }
    context.output.live.clear();
    const left = systems === 'leave' ? ' Its systems still have it; it is not read from them any more.' : '';
    return { data: answer, text: `Erased record ${answer.entity} of ${pair}.${left} The ledger keeps that it was.` };
  });
}
