import { CommanderError } from 'commander';
import { exits } from './exit-codes.js';
import type { Machinery } from './machinery.js';
import type { Session } from './perform.js';
import { buildProgram } from './program.js';
import type { Terminal } from './terminal.js';

/**
 * Runs one command line, as it was typed after `parley`. Never throws and never ends the process.
 * @returns the exit code
 */
export async function runCli(words: readonly string[], terminal: Terminal, machinery: Machinery): Promise<number> {
  const session: Session = { terminal, machinery, exit: exits.done };
  const isJson = words.includes('--json');
  const program = buildProgram(session, { showsUsageErrors: !isJson });
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync([...words], { from: 'user' });
    return session.exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exits.done;
    if (isJson) terminal.stdout.write(`${JSON.stringify(usageProblem(error))}\n`);
    return exits.wrongUsage;
  }
}

function usageProblem(error: CommanderError) {
  const message = error.message.replace(/^error: /, '');
  return {
    schema: 'parley.usage/1',
    ok: false,
    exit: exits.wrongUsage,
    data: null,
    problems: [{ code: error.code, message }],
  };
}
