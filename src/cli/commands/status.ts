import type { Command } from 'commander';
import type { PairView } from '../../contract/api/pairs.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderStatus, renderStatuses } from '../render/status.js';

export function status(program: Command, session: Session): void {
  const command = program
    .command('status')
    .description('how the pairs are, in one line each; with a pair, everything about it')
    .argument('[pair]', 'one pair in full')
    .option('--detailed-exitcode', 'exit with 2 when something waits for a person or is not as it should be');
  performs<{ detailedExitcode?: boolean }>(command, session, 'status', async (context, [given], options) => {
    const api = await context.api();
    const pair = given ?? context.flags.pair;
    const rows = pair === undefined ? (await api.pairs.list()).rows : [await api.pairs.show(pair)];
    const { style } = context.output;
    const [only] = rows;
    const isOpen = options.detailedExitcode === true && rows.some(needsLooking);
    return {
      exit: isOpen ? exits.somethingOpen : exits.done,
      data: { rows },
      text: pair !== undefined && only !== undefined ? renderStatus(only, style) : renderStatuses(rows, style),
    };
  });
}

function needsLooking({ state, openConflictsTotal }: PairView): boolean {
  return openConflictsTotal > 0 || ['Stopped', 'Needs you', 'Refusing', 'Late'].includes(state);
}
