import type { Command } from 'commander';
import { type ApiClient, eachRow } from '../../contract/api/client.js';
import type { PairView, SetAsideView } from '../../contract/api/pairs.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderStatus, renderStatuses } from '../render/status.js';

export function status(program: Command, session: Session): void {
  const command = program
    .command('status')
    .description('how the pairs are, in one line each; with a pair, everything about it')
    .argument('[pair]', 'one pair in full')
    .option('--set-aside', 'also every row that could not be read as a record: where it stands and why')
    .option('--detailed-exitcode', 'exit with 2 when something waits for a person or is not as it should be');
  performs<{ detailedExitcode?: boolean; setAside?: boolean }>(
    command,
    session,
    'status',
    async (context, [given], options) => {
      const api = await context.api();
      const pair = given ?? (options.setAside === true ? await context.pair() : context.flags.pair);
      const rows = pair === undefined ? (await api.pairs.list()).rows : [await api.pairs.show(pair)];
      const { style } = context.output;
      const [only] = rows;
      const asides =
        only === undefined || pair === undefined ? [] : await setAsideOf(api, only, options.setAside === true);
      const isOpen = options.detailedExitcode === true && rows.some(needsLooking);
      return {
        exit: isOpen ? exits.somethingOpen : exits.done,
        data: { rows, ...(pair === undefined ? {} : { setAside: asides }) },
        text:
          pair !== undefined && only !== undefined ? renderStatus(only, style, asides) : renderStatuses(rows, style),
      };
    },
  );
}

function needsLooking({ state, openConflictsTotal }: PairView): boolean {
  return openConflictsTotal > 0 || ['Stopped', 'Needs you', 'Refusing', 'Late'].includes(state);
}

const shownFirst = 3;

/** The rows that are set aside: all of them when they were asked for, else the first few. */
async function setAsideOf(
  api: ApiClient,
  { pair, setAside }: PairView,
  all: boolean,
): Promise<readonly SetAsideView[]> {
  if (setAside === 0) return [];
  if (!all) return (await api.pairs.setAside(pair, { limit: shownFirst })).rows;
  const rows: SetAsideView[] = [];
  for await (const row of eachRow((page) => api.pairs.setAside(pair, { limit: 1000, ...page }))) rows.push(row);
  return rows;
}
