import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ParleyError } from '../../core/errors.js';
import { monthOf, type RetentionPlan } from '../../engine/plan-retention.js';
import type { RetainResult } from '../../engine/retain-ledger.js';
import { day, months } from '../arguments.js';
import { confirmed } from '../ask.js';
import { exits } from '../exit-codes.js';
import { wrongUsage } from '../failure.js';
import type { Retention } from '../machinery.js';
import { performs, type Session } from '../perform.js';
import { renderRetained, renderRetention } from '../render/retention.js';

type Options = {
  readonly before?: number;
  readonly keep?: number;
  readonly to: string;
  readonly values: boolean;
  readonly by: string;
  readonly plan?: boolean;
};

export function ledgerRetain(parent: Command, session: Session): void {
  const command = parent
    .command('retain')
    .description(
      'take old months of all ledgers out of the database, into files that prove themselves (needs DATABASE_OWNER_URL)',
    )
    .addOption(new Option('--before <day>', 'what was before the month of this day').argParser(day).conflicts('keep'))
    .addOption(new Option('--keep <time>', 'what is older than this, such as 24months').argParser(months))
    .requiredOption('--to <folder>', 'where the files go; it has to be there')
    .option('--no-values', 'files of commitments only: no value of what goes can be read again, by anybody')
    .option('--by <name>', 'who does it; the ledger names them', 'the owner of the database')
    .option('--plan', 'only say what would go, and what could not be answered any more');
  performs<Options>(command, session, 'ledger-retain', async (context, _args, options) => {
    const folder = resolve(context.terminal.cwd, options.to);
    const retention = await context.machinery.retention({ folder });
    try {
      const plan = await retention.plan(await momentOf(retention, options));
      const text = renderRetention(plan, options.values);
      const problems = [...plan.problems, ...plan.pairs.flatMap((pair) => pair.problems)];
      if (options.plan === true || plan.pairs.length === 0)
        return { exit: problems.length > 0 ? exits.refused : exits.done, data: dataOf(plan, folder, null), text };
      // What cannot be done is refused by the work itself; nobody is asked to approve it.
      if (problems.length === 0 && context.flags.yes !== true) {
        context.output.live.clear();
        context.terminal.stderr.write(`${text}\n`);
        if (!(await confirmed(context, 'Take these months out of the database?', 'parley ledger retain --plan')))
          throw new ParleyError('pair.not_approved', 'Nothing was taken out of the ledger.');
      }
      context.onInterrupt(() => 'Interrupted. Nothing is half done; the same command goes on where it stands.');
      const progress = (line: string): void => context.output.live.show([`  ${line}`]);
      const result = await retention.retain({
        beforeMs: plan.beforeMs,
        by: options.by,
        values: options.values,
        progress,
      });
      context.output.live.clear();
      return { data: dataOf(plan, folder, result), text: renderRetained(result, folder), next: 'parley ledger verify' };
    } finally {
      await retention.close();
    }
  });
}

async function momentOf(retention: Retention, { before, keep }: Options): Promise<number> {
  if (before !== undefined) return before;
  if (keep === undefined) throw wrongUsage('Say from when on the history stays: --before DAY, or --keep 24months.');
  const month = new Date(monthOf(await retention.nowMs()));
  return Date.UTC(month.getUTCFullYear(), month.getUTCMonth() - keep, 1);
}

function dataOf(plan: RetentionPlan, folder: string, result: RetainResult | null) {
  return {
    before: new Date(plan.beforeMs).toISOString(),
    months: [...plan.months],
    done: result !== null,
    folder,
    problems: [...plan.problems],
    pairs: plan.pairs.map(({ pair, from, cut, records, signed, problems }) => {
      const done = result?.pairs.find((one) => one.pair === pair);
      const { file = null, sha256 = null } = done ?? {};
      return { pair, from, cut, records, signed, problems: [...problems], file, sha256 };
    }),
  };
}
