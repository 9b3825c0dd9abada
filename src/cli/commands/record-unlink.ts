import type { Command } from 'commander';
import type { UnlinkAnswer } from '../../contract/api/records.js';
import { ParleyError } from '../../core/errors.js';
import { given, type Place, recordPlace } from '../arguments.js';
import { confirmed } from '../ask.js';
import { performs, type Session } from '../perform.js';
import { place as shownPlace, quotedValue } from '../render/value.js';
import type { Style } from '../render/style.js';

export function recordUnlink(parent: Command, session: Session): void {
  const command = parent
    .command('unlink')
    .description('take a link back: the record stands for itself again, and both get back what they held before')
    .argument('<side:key>', 'the record that leaves, such as crm:17', recordPlace)
    .option('--dry-run', 'only say what would go back')
    .option('--note <text>', 'why; the ledger keeps it');
  performs<{ note?: string; dryRun?: boolean }>(
    command,
    session,
    'record-unlink',
    async (context, [record], options) => {
      const { side, key } = given(record as Place | undefined, 'The record');
      const pair = await context.pair();
      const name = shownPlace(side, key);
      const api = await context.api();
      const request = { note: options.note ?? null, dryRun: true };
      const planned = await api.records.unlink({ pair, side, key }, request);
      const { style } = context.output;
      if (options.dryRun === true) {
        const text = [...linesOf(planned, style), 'Nothing was changed.'].join('\n');
        return { data: planned, text, next: `parley record unlink ${side}:${key}` };
      }
      for (const line of linesOf(planned, style)) context.output.note(line);
      if (!(await confirmed(context, `Unlink ${name} from its counterpart?`, `parley record unlink ${side}:${key}`)))
        throw new ParleyError('pair.not_approved', `${name} was not unlinked.`);
      const answer = await api.records.unlink({ pair, side, key }, { ...request, dryRun: false });
      const text = `${name} stands for itself now (record ${answer.own ?? '?'}), apart from record ${answer.entity}.`;
      return { data: answer, text: [...linesOf(answer, style), text].join('\n') };
    },
  );
}

function linesOf({ restored, left }: UnlinkAnswer, style: Style): readonly string[] {
  return [
    ...restored.map(
      ({ side, unit, from, to }) => `  ${side} ${unit}: ${quotedValue(from, style)} back to ${quotedValue(to, style)}`,
    ),
    ...left.map(({ side, unit, why }) => `  ${side} ${unit}: stays as it is, ${why}`),
  ];
}
