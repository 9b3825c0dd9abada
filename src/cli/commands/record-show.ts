import type { Command } from 'commander';
import { type Place, given, recordPlace } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderRecord } from '../render/record.js';

export function recordShow(parent: Command, session: Session): void {
  const command = parent
    .command('show')
    .description('show a record on all sides beside each other, and why each field is what it is')
    .argument('<side:key>', 'such as crm:17', recordPlace)
    .option('--vectors', 'the version vectors as well');
  performs<{ vectors?: boolean }>(command, session, 'record-show', async (context, [place], options) => {
    const { side, key } = given(place as Place | undefined, 'The record');
    const pair = await context.pair();
    const record = await (await context.api()).records.show(pair, side, key);
    const text = renderRecord(record, context.output.style, { vectors: options.vectors === true });
    return { data: record, text };
  });
}
