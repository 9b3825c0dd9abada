import { type Command, Argument } from 'commander';
import { type ServePart, serveParts } from '../machinery.js';
import { performs, type Session } from '../perform.js';

export function serve(program: Command, session: Session): void {
  const command = program
    .command('serve')
    .description('run one part of a server in this process, as the environment says (production)')
    .addArgument(new Argument('<part>', 'what to run').choices(serveParts));
  performs(command, session, 'serve', async (context, [part]) => {
    await context.machinery.serve(part as ServePart);
    return { data: null, text: '' };
  });
}
