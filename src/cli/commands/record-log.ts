import type { Command } from 'commander';
import { type Place, given, limit, recordPlace } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderPage } from '../render/ledger.js';
import { renderDeliveries } from '../render/record.js';

export function recordLog(parent: Command, session: Session): void {
  const command = parent
    .command('log')
    .description('the history of a record, and the writes that were made for it')
    .argument('<side:key>', 'such as crm:17', recordPlace)
    .option('--limit <rows>', 'how many entries', limit);
  performs<{ limit?: number }>(command, session, 'record-log', async (context, [place], options) => {
    const pair = await context.pair();
    const record = { pair, ...given(place as Place | undefined, 'The record') };
    const { records } = await context.api();
    const [page, { rows: deliveries }] = await Promise.all([
      records.ledger(record, { limit: options.limit ?? 50 }),
      records.deliveries(record),
    ]);
    const { style } = context.output;
    const text = `${renderPage(page, style)}\n\n${renderDeliveries(deliveries, style)}`;
    return { data: { ...page, deliveries }, text };
  });
}
