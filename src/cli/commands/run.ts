import type { Command } from 'commander';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderCycle } from '../render/cycle.js';

export function run(program: Command, session: Session): void {
  const command = program
    .command('run')
    .description('run one cycle now and wait for it')
    .argument('[pair]', 'the pair; not needed when there is only one');
  performs(command, session, 'run', async (context, [given]) => {
    const pair = await context.pair(given);
    context.onInterrupt(() => `Interrupted. The run of ${pair} goes on: parley status ${pair}`);
    const cycle = await (await context.api()).pairs.run(pair);
    const exit =
      cycle.problem !== null
        ? exits.failed
        : cycle.halted
          ? exits.refused
          : cycle.refused > 0
            ? exits.partly
            : exits.done;
    const problems = [
      ...(cycle.problem === null ? [] : [{ code: 'run.failed', message: cycle.problem }]),
      ...(cycle.halted ? [{ code: 'pair.halted', message: 'A brake stopped all writes.' }] : []),
    ];
    return { exit, problems, data: { pair, ...cycle }, text: renderCycle(pair, cycle, context.output.style) };
  });
}
