import type { Command } from 'commander';
import { errorOfProblem } from '../../contract/api/transport.js';
import { ParleyError } from '../../core/errors.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderVerification } from '../render/ledger.js';
import { progressBar } from '../render/progress-bar.js';

export function verify(program: Command, session: Session): void {
  const command = program
    .command('verify')
    .description('compare both systems in full with what was agreed; reads only')
    .argument('[pair]', 'the pair; not needed when there is only one');
  performs(command, session, 'verify', async (context, [given]) => {
    const { output, terminal } = context;
    const pair = await context.pair(given);
    const api = await context.api();
    const { standings } = await api.pairs.show(pair);
    const total = Object.values(standings).reduce((sum, number) => sum + number, 0);
    const startedMs = terminal.nowMs();
    for await (const event of api.pairs.verify(pair)) {
      if (event.event === 'problem') throw errorOfProblem(event.problem);
      if (event.event === 'progress') {
        output.event('verify', 'progress', { done: event.done });
        const elapsedMs = terminal.nowMs() - startedMs;
        output.live.show([progressBar({ name: 'compared', done: event.done, total, elapsedMs }, output.style)]);
        continue;
      }
      const { result } = event;
      const problems = result.ok
        ? []
        : [{ code: 'verify.unexplained', message: `${result.unexplained.length} differences have no reason.` }];
      const text = renderVerification(result, output.style);
      return { exit: result.ok ? exits.done : exits.failed, data: result, problems, text };
    }
    throw new ParleyError('api.unreachable', 'The server ended before the comparison did. Nothing was changed.', {
      hint: `parley verify ${pair}`,
    });
  });
}
