import type { Command } from 'commander';
import { type PastMoment, pastMoment, type Place, given, recordPlace } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderRecord } from '../render/record.js';
import { renderRecordAsOf } from '../render/record-as-of.js';

export function recordShow(parent: Command, session: Session): void {
  const command = parent
    .command('show')
    .description('show a record on all sides beside each other, and why each field is what it is')
    .argument('<side:key>', 'such as crm:17', recordPlace)
    .option('--vectors', 'the version vectors as well')
    .option('--as-of <time or entry>', 'as it was: 2026-11-21T10:00Z, or a position in the ledger', pastMoment);
  performs<{ vectors?: boolean; asOf?: PastMoment }>(
    command,
    session,
    'record-show',
    async (context, [place], options) => {
      const { side, key } = given(place as Place | undefined, 'The record');
      const pair = await context.pair();
      if (options.asOf !== undefined) {
        const was = await (await context.api()).records.asOf({ pair, side, key }, options.asOf);
        return { data: was, text: renderRecordAsOf(was, context.output.style) };
      }
      const record = await (await context.api()).records.show(pair, side, key);
      const text = renderRecord(record, context.output.style, { vectors: options.vectors === true });
      return { data: record, text };
    },
  );
}
