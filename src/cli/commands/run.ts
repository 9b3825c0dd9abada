import type { Command } from 'commander';
import type { CycleView } from '../../contract/api/runs.js';
import type { ErrorCode } from '../../core/errors.js';
import { type ExitCode, exitOf, exits } from '../exit-codes.js';
import { counted } from '../render/value.js';
import { performs, type Session } from '../perform.js';
import { renderCycle, troubleText } from '../render/cycle.js';

export function run(program: Command, session: Session): void {
  const command = program
    .command('run')
    .description('run one cycle now and wait for it')
    .argument('[pair]', 'the pair; not needed when there is only one');
  performs(command, session, 'run', async (context, [given]) => {
    const pair = await context.pair(given);
    context.onInterrupt(() => `Interrupted. The run of ${pair} goes on: parley status ${pair}`);
    const api = await context.api();
    const cycle = await api.pairs.run(pair);
    const { setAside } = await api.pairs.show(pair);
    if (setAside > 0)
      context.output.note(`${counted(setAside, 'row is', 'rows are')} set aside: parley status ${pair}`);
    const problems = [
      ...cycle.troubles.map(({ code, ...trouble }) => ({ code, message: troubleText(trouble, context.output.style) })),
      ...(cycle.problem === null || cycle.troubles.length > 0 ? [] : [{ code: 'run.failed', message: cycle.problem }]),
      ...(cycle.halted ? [{ code: 'pair.halted', message: 'A brake stopped all writes.' }] : []),
    ];
    const exit = exitOfCycle(cycle);
    return { exit, problems, data: { pair, ...cycle }, text: renderCycle(pair, cycle, context.output.style) };
  });
}

/** Unreachable when a side could not be reached, in part when the rest of the pair was run or a side refused something. */
function exitOfCycle({ troubles, problem, halted, refused }: CycleView): ExitCode {
  if (halted) return exits.refused;
  const codes: readonly string[] = Object.keys(exitOf);
  const isAway = troubles.some(({ code }) => codes.includes(code) && exitOf[code as ErrorCode] === exits.unreachable);
  if (isAway) return exits.unreachable;
  if (troubles.length > 0) return exits.partly;
  if (problem !== null) return exits.failed;
  return refused > 0 ? exits.partly : exits.done;
}
