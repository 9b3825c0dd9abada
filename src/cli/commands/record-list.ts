import { type Command, Option } from 'commander';
import type { RecordQuery } from '../../contract/api/records.js';
import { limit } from '../arguments.js';
import { performs, type Session } from '../perform.js';
import { renderRecords, standingWords } from '../render/record.js';

type Options = { readonly standing?: RecordQuery['standing']; readonly key?: string; readonly limit?: number };
const limitDefault = 50;

export function recordList(parent: Command, session: Session): void {
  const command = parent
    .command('list')
    .description('list records by where they stand and how their keys begin')
    .argument('[pair]', 'the pair; not needed when there is only one')
    .addOption(new Option('--standing <word>', 'only records that stand so').choices(Object.keys(standingWords)))
    .option('--key <beginning>', 'only records whose key begins so, on any side')
    .option('--limit <rows>', 'how many', limit);
  performs<Options>(command, session, 'record-list', async (context, [given], options) => {
    const pair = await context.pair(given);
    const page = await (await context.api()).records.list(pair, {
      limit: options.limit ?? limitDefault,
      ...(options.standing === undefined ? {} : { standing: options.standing }),
      ...(options.key === undefined ? {} : { key: options.key }),
    });
    const more = page.next === null ? '' : '\nThere are more: --limit, --key or --standing.';
    return { data: page, text: `${renderRecords(page.rows, context.output.style)}${more}` };
  });
}
