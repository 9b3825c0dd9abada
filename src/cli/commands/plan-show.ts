import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify';
import { type ApiClient, eachRow } from '../../contract/api/client.js';
import type { PlanItemQuery, PlanItemView } from '../../contract/api/plans.js';
import { given, positive } from '../arguments.js';
import { wrongUsage } from '../failure.js';
import { performs, type Session } from '../perform.js';
import { readPlan } from '../plan-reading.js';
import { itemLines, renderPlan } from '../render/plan.js';
import { plainValue } from '../render/value.js';

const only = ['link', 'create', 'update', 'delete', 'archive', 'unarchive', 'ask', 'left', 'blank'] as const;
type Options = { readonly full?: boolean; readonly only?: (typeof only)[number]; readonly out?: string };

export function planShow(parent: Command, session: Session): void {
  const command = parent
    .command('show')
    .description('show a plan: summary, every row, or rows of one kind')
    .argument('<plan>', 'number of the plan', positive)
    .option('--full', 'every row')
    .addOption(new Option('--only <kind>', 'only rows of this kind').choices(only))
    .option('--out <file>', 'write the rows to a new CSV file');
  performs<Options>(command, session, 'plan-show', async (context, [number], options) => {
    const api = await context.api();
    const plan = await api.plans.show(Number(given(number, 'The plan')));
    const summary = await readPlan(api, plan);
    const data = { plan, sample: summary.sample, shapes: summary.shapes };
    const rows = () => rowsOf(api, plan.id, options.only);
    if (options.out !== undefined) {
      const file = resolve(context.terminal.cwd, options.out);
      const written = await writeRows(file, rows());
      return { data: { ...data, items: null }, text: `Wrote ${written} rows to ${join(options.out)}.` };
    }
    if (options.full !== true && options.only === undefined) {
      return { data: { ...data, items: null }, text: renderPlan(summary, context.output.style) };
    }
    const items = await collected(rows());
    const lines = itemLines(items, { ...context.output.style, width: Number.POSITIVE_INFINITY });
    return { data: { ...data, items }, text: lines.length === 0 ? 'No row of this kind.' : lines.join('\n') };
  });
}

async function* rowsOf(api: ApiClient, plan: number, kind: Options['only']): AsyncGenerator<PlanItemView> {
  const query: PlanItemQuery = {
    limit: 1000,
    ...(kind === undefined ? {} : kind === 'blank' ? { blankOnly: 'true' as const } : { kind }),
  };
  yield* eachRow((page) => api.plans.items(plan, { ...query, ...page }));
}

async function collected(rows: AsyncGenerator<PlanItemView>): Promise<readonly PlanItemView[]> {
  const all: PlanItemView[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const heads = ['kind', 'side', 'key', 'record', 'field', 'before', 'after', 'rule'] as const;

/** A spreadsheet would run text that begins like a formula, so such cells are quoted with an apostrophe. */
async function writeRows(file: string, rows: AsyncGenerator<PlanItemView>): Promise<number> {
  let written = 0;
  async function* cells(): AsyncGenerator<readonly string[]> {
    for await (const { kind, side, key, label, unit, before, after, rule } of rows) {
      written += 1;
      yield [kind, side ?? '', key, label, unit ?? '', cell(before), cell(after), rule];
    }
  }
  try {
    await pipeline(
      Readable.from(cells()),
      stringify({ header: true, columns: [...heads], escape_formulas: true }),
      createWriteStream(file, { flags: 'wx' }),
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw wrongUsage(`The file ${file} is there already. It was left as it is.`);
    if (code === 'ENOENT' || code === 'EACCES') throw wrongUsage(`The file ${file} cannot be made (${code}).`);
    throw error;
  }
  return written;
}

function cell(value: PlanItemView['before']): string {
  return value === null ? '' : typeof value === 'string' ? value : plainValue(value);
}
