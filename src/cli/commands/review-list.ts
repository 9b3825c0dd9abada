import { type Command, Option } from 'commander';
import type { ConflictQuery } from '../../contract/api/conflicts.js';
import { conflictKindSchema } from '../../contract/api/values.js';
import { limit } from '../arguments.js';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { renderConflicts, renderGroups } from '../render/review.js';

type Options = {
  readonly groups?: boolean;
  readonly kind?: ConflictQuery['kind'];
  readonly field?: string;
  readonly shape?: string;
  readonly state?: ConflictQuery['state'];
  readonly limit?: number;
  readonly detailedExitcode?: boolean;
};

const shapesDefault = 20;
const rowsDefault = 50;

/** `parley review` and `parley review list` are the same. */
export function reviewList(command: Command, session: Session): void {
  command
    .argument('[pair]', 'only questions of this pair')
    .option('--groups', 'by shape, the largest group first (the default)')
    .option('--no-groups', 'one by one')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(conflictKindSchema.options))
    .option('--field <name>', 'only this field')
    .option('--shape <shape>', 'only this shape, as --json shows it')
    .addOption(new Option('--state <state>', 'open ones when not given').choices(['open', 'decided', 'closed', 'all']))
    .option('--limit <rows>', 'how many', limit)
    .option('--detailed-exitcode', 'exit with 2 when anything is open');
  performs<Options>(command, session, 'review-list', async (context, [given], options) => {
    const { conflicts } = await context.api();
    const query = queryOf(given ?? context.flags.pair, options);
    const { style } = context.output;
    const exit = (rows: readonly unknown[]) =>
      options.detailedExitcode === true && rows.length > 0 ? exits.somethingOpen : exits.done;
    if (options.groups === false || options.shape !== undefined) {
      const page = await conflicts.list(query);
      return { exit: exit(page.rows), data: page, text: renderConflicts(page.rows, style) };
    }
    const page = await conflicts.groups(query);
    const [first] = page.rows;
    return {
      exit: exit(page.rows),
      data: page,
      text: renderGroups(page.rows, page.next !== null, style),
      ...(first === undefined ? {} : { next: `parley review show CF-${first.exampleId}` }),
    };
  });
}

function queryOf(pair: string | undefined, options: Options): ConflictQuery {
  const isByShape = options.groups !== false && options.shape === undefined;
  return {
    limit: options.limit ?? (isByShape ? shapesDefault : rowsDefault),
    ...(pair === undefined ? {} : { pair }),
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    ...(options.field === undefined ? {} : { unit: options.field }),
    ...(options.shape === undefined ? {} : { shape: options.shape }),
  };
}
