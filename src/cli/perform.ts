import type { Command } from 'commander';
import { type Context, type GlobalFlags, openContext } from './context.js';
import { type ExitCode, exitOf, exits } from './exit-codes.js';
import { asFailure, problemOf, renderFailure } from './failure.js';
import type { CommandName } from './json-schemas.js';
import type { Machinery } from './machinery.js';
import { type Outcome, report } from './output.js';
import type { Terminal } from './terminal.js';

/** One run of the command line: where it happens, and how it ends. */
export type Session = { readonly terminal: Terminal; readonly machinery: Machinery; exit: number };

export type Action<Options> = (
  context: Context,
  args: readonly (string | undefined)[],
  options: Options & GlobalFlags,
) => Promise<Outcome>;

/** Makes an action of a command: opens its context, reports what it came to or why it failed, keeps the exit code. */
export function performs<Options = object>(
  command: Command,
  session: Session,
  name: CommandName,
  action: Action<Options>,
): Command {
  return command.action(async (...given: unknown[]) => {
    const called = given.at(-1) as Command;
    const options = called.optsWithGlobals<Options & GlobalFlags>();
    const args = called.processedArgs as (string | undefined)[];
    const { context, close } = await openContext(session.terminal, session.machinery, options);
    const came = await action(context, args, options).then(
      (outcome) => () => report(context.output, name, outcome),
      (error: unknown) => () => fail(context, name, error),
    );
    const sentence = close();
    session.exit = sentence === null ? came() : interrupt(context, name, sentence);
  });
}

/** The one place that shows an error. */
function fail({ output, terminal }: Context, name: CommandName, error: unknown): ExitCode {
  const failure = asFailure(error);
  const exit = exitOf[failure.code];
  const debug = (terminal.env['PARLEY_DEBUG'] ?? '') !== '';
  if (output.json) report(output, name, { exit, data: null, text: '', problems: [problemOf(failure)] });
  else {
    output.live.clear();
    terminal.stderr.write(`${renderFailure(failure, output.style, debug)}\n`);
  }
  return exit;
}

function interrupt({ output, terminal }: Context, name: CommandName, sentence: string): ExitCode {
  const exit = exits.interrupted;
  output.live.clear();
  if (output.json)
    report(output, name, { exit, data: null, text: '', problems: [{ code: 'interrupted', message: sentence }] });
  else terminal.stderr.write(`${sentence}\n`);
  return exit;
}
