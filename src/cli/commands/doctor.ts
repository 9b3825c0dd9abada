import type { Command } from 'commander';
import { type ExitCode, exits } from '../exit-codes.js';
import type { Check } from '../machinery.js';
import { performs, type Session } from '../perform.js';
import { renderChecks } from '../render/doctor.js';
import { counted } from '../render/value.js';

/** What is wrong with these is that something does not answer. */
const reachable: ReadonlySet<string> = new Set(['postgres', 'temporal', 'api', 'worker', 'temporal program']);

export function doctor(program: Command, session: Session): void {
  const command = program
    .command('doctor')
    .description('look at everything that is needed, and say how to mend what is not right; changes nothing');
  performs(command, session, 'doctor', async ({ machinery, folder, output }) => {
    const checks = await machinery.examine({ folder, checkConfig });
    const failing = checks.filter(({ ok }) => !ok);
    return {
      exit: exitFor(failing),
      data: { checks },
      problems: failing.map(({ name, detail, fix }) => ({
        code: `doctor.${name.replaceAll(' ', '_')}`,
        message: detail,
        ...(fix === null ? {} : { hint: fix }),
      })),
      text: renderChecks(checks, output.style),
    };
  });
}

function exitFor(failing: readonly Check[]): ExitCode {
  if (failing.length === 0) return exits.done;
  return failing.every(({ name }) => reachable.has(name)) ? exits.unreachable : exits.failed;
}

async function checkConfig(folder: string): Promise<Omit<Check, 'name'>> {
  const { checkFolder } = await import('../check-folder.js');
  const { ok, config, problems } = await checkFolder(folder);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (!ok)
    return { ok, detail: `${counted(errors, 'error')} in ${folder}`, fix: 'Run parley check: it names every place.' };
  const warnings = problems.length === 0 ? '' : `, ${counted(problems.length, 'warning')}`;
  return { ok, detail: `${counted(config.pairs.length, 'pair')}, no error${warnings}`, fix: null };
}
