import type { Command } from 'commander';
import { limit } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderPage } from '../render/ledger.js';

/** `parley ledger` and `parley ledger list` are the same. */
export function ledgerList(command: Command, session: Session): void {
  command
    .argument('[pair]', 'the pair; not needed when there is only one')
    .option('--limit <rows>', 'how many entries, newest first', limit)
    .option('--after <position>', '`next` of the page before, as --json shows it');
  performs<{ limit?: number; after?: string }>(command, session, 'ledger-list', async (context, [given], options) => {
    const pair = await context.pair(given);
    const page = await (await context.api()).pairs.ledger(pair, {
      limit: options.limit ?? 50,
      ...(options.after === undefined ? {} : { after: options.after }),
    });
    return { data: page, text: renderPage(page, context.output.style) };
  });
}
