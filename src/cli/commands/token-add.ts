import { Option, type Command } from 'commander';
import { performs, type Session } from '../perform.js';

const roles = ['viewer', 'operator', 'owner'] as const;

export function tokenAdd(token: Command, session: Session): void {
  const command = token
    .command('add')
    .description('let somebody use the API: makes a token, keeps its hash, shows the token once (needs DATABASE_URL)')
    .argument('<name>', 'who it is for; the ledger names them')
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('viewer'));
  performs<{ role: (typeof roles)[number] }>(command, session, 'token-add', async (context, [name], { role }) => {
    const added = await context.machinery.addToken({ name: name as string, role });
    return {
      data: { name: name as string, role, token: added },
      text: added,
      next: 'PARLEY_TOKEN takes it. It is shown only now; adding the same name again makes another one.',
    };
  });
}
