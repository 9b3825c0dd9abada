import { Command, Option } from 'commander';
import { apply } from './commands/apply.js';
import { check } from './commands/check.js';
import { demo } from './commands/demo.js';
import { dev } from './commands/dev.js';
import { discover } from './commands/discover.js';
import { doctor } from './commands/doctor.js';
import { init } from './commands/init.js';
import { keysRotate } from './commands/keys-rotate.js';
import { ledgerExport } from './commands/ledger-export.js';
import { ledgerList } from './commands/ledger-list.js';
import { ledgerRetain } from './commands/ledger-retain.js';
import { ledgerShow } from './commands/ledger-show.js';
import { ledgerVerify } from './commands/ledger-verify.js';
import { modeChangeCommands } from './commands/mode-change.js';
import { planList } from './commands/plan-list.js';
import { planMake } from './commands/plan-make.js';
import { planShow } from './commands/plan-show.js';
import { recordBlame } from './commands/record-blame.js';
import { recordErase } from './commands/record-erase.js';
import { recordList } from './commands/record-list.js';
import { recordLog } from './commands/record-log.js';
import { recordShow } from './commands/record-show.js';
import { recordLink } from './commands/record-link.js';
import { recordUnlink } from './commands/record-unlink.js';
import { reviewBulk } from './commands/review-bulk.js';
import { reviewDecide } from './commands/review-decide.js';
import { reviewList } from './commands/review-list.js';
import { reviewShow } from './commands/review-show.js';
import { run } from './commands/run.js';
import { serve } from './commands/serve.js';
import { status } from './commands/status.js';
import { tokenAdd } from './commands/token-add.js';
import { undo } from './commands/undo.js';
import { verify } from './commands/verify.js';
import { watch } from './commands/watch.js';
import type { Session } from './perform.js';

const examples = `
Examples:
  parley demo                                   see it work, with everything on this machine
  parley init --from demo && parley check       begin with a configuration that is right
  parley plan && parley apply                   look first, then write exactly that
  parley status suppliers                       how a pair is, and why
  parley review && parley review show CF-41     what waits for a person
  parley record show crm:17                     all sides of one record, and where each value comes from

A server is found through PARLEY_URL and PARLEY_TOKEN, else through the stack that parley dev runs for this folder.
Exit codes: 0 done, 1 failed, 2 open items (--detailed-exitcode), 3 configuration invalid, 4 refused for safety,
5 partly done, 6 not reachable, 64 wrong usage, 130 interrupted and safe to run again.
`;

/** The whole command line. The session receives the exit code of the command that ran. */
export function buildProgram(session: Session, options: { readonly showsUsageErrors: boolean }): Command {
  const { terminal, machinery } = session;
  const program = new Command('parley')
    .description('Keeps records in agreement across business systems, in both directions, and can prove what it did.')
    .version(machinery.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      // Programs get errors of usage as JSON instead.
      writeErr: (text) => void (options.showsUsageErrors && terminal.stderr.write(text)),
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
    })
    .option('--json', 'print one JSON object, or one a line where a command takes a while')
    .option('--quiet', 'no progress, no hints')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']))
    .option('--ascii', 'no signs beyond ASCII')
    .option('--yes', 'answer questions with yes')
    .option('--pair <name>', 'the pair that is meant, where there is more than one')
    .option('--folder <path>', 'the folder of connections.yaml; this one or the nearest above when not given')
    .addHelpText('after', examples);

  for (const add of [demo, dev, serve, doctor, init, discover, check]) add(program, session);
  const plan = program.command('plan').description('read both systems and list what would be written; writes nothing');
  planMake(plan, session);
  for (const add of [planShow, planList]) add(plan, session);
  for (const add of [apply, undo, run, status, watch, verify, modeChangeCommands]) add(program, session);
  addReview(program, session);
  addRecord(program, session);
  addLedger(program, session);
  keysRotate(program.command('keys').description('the keys that encrypt the values of the history'), session);
  tokenAdd(program.command('token').description('who may use the API'), session);
  return program;
}

function addReview(program: Command, session: Session): void {
  const review = program.command('review').description('what waits for a person, and the answers');
  reviewList(review, session);
  reviewList(review.command('list').description('list open questions by shape, or one by one'), session);
  for (const add of [reviewShow, reviewDecide, reviewBulk]) add(review, session);
}

function addRecord(program: Command, session: Session): void {
  const record = program.command('record').description('single records: what they are and why');
  for (const add of [recordShow, recordBlame, recordLog, recordList, recordLink, recordUnlink, recordErase])
    add(record, session);
}

function addLedger(program: Command, session: Session): void {
  const ledger = program.command('ledger').description('the history that proves itself');
  ledgerList(ledger, session);
  ledgerList(ledger.command('list').description('list entries, newest first'), session);
  for (const add of [ledgerShow, ledgerVerify, ledgerExport, ledgerRetain]) add(ledger, session);
}
