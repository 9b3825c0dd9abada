import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Context } from '../context.js';
import { wrongUsage } from '../failure.js';
import { performs, type Session } from '../perform.js';
import { checkedName, copyNew, newFiles, type NewPair, sideFrom, writeNew } from '../scaffold.js';

type Options = { readonly from?: 'demo'; readonly left?: string; readonly right?: string; readonly owner?: string };

export function init(program: Command, session: Session): void {
  const command = program
    .command('init')
    .description('write connections.yaml and the first pair; asks on a terminal, never overwrites')
    .argument('[name]', 'name of the pair')
    .addOption(new Option('--from <example>', 'copy the configuration of the demo').choices(['demo']))
    .option('--left <side>', 'NAME=CONNECTOR:OBJECT:KEY, such as crm=postgres:public.accounts:id')
    .option('--right <side>', 'the other side, such as erp=csv:suppliers.csv:id')
    .option('--owner <who>', 'the person or team that answers for the pair');
  performs<Options>(command, session, 'init', async (context, [name], options) => {
    const folder = resolve(context.terminal.cwd, context.flags.folder ?? '.');
    const written =
      options.from === 'demo'
        ? await copyNew(folder, context.machinery.example('suppliers'))
        : await writeNew(folder, newFiles(await pairFrom(context, name ?? context.flags.pair, options)));
    return {
      data: { folder, written },
      text: written.map((path) => `wrote ${path}`).join('\n'),
      next: 'parley check',
    };
  });
}

async function pairFrom({ output }: Context, name: string | undefined, options: Options): Promise<NewPair> {
  const { left, right, owner } = options;
  if (name !== undefined && left !== undefined && right !== undefined) {
    return {
      name: checkedName(name, 'pair'),
      owner: owner ?? 'me',
      sides: [sideFrom(left), sideFrom(right)],
    };
  }
  // Prompts are loaded only where somebody can answer them.
  if (output.interactive) return (await import('../ask-pair.js')).askForPair({ name, owner });
  throw wrongUsage(
    'A name and two sides are needed. Nothing was written.',
    'parley init customers --left crm=postgres:public.accounts:id --right erp=csv:customers.csv:id, or --from demo',
  );
}
