import { existsSync, watch } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { type CheckResult, checkFolder } from '../check-folder.js';
import { checkJson, renderGithub, renderProblems } from '../check-render.js';
import type { Context } from '../context.js';
import type { Outcome } from '../output.js';
import { performs, type Session } from '../perform.js';

type Options = { readonly format?: 'text' | 'github'; readonly watch?: boolean };
const settleMs = 50;

export function check(program: Command, session: Session): void {
  const command = program
    .command('check')
    .description('check the configuration: language, meaning, discovered fields; contacts nothing')
    .addOption(new Option('--format <format>', 'how problems are printed').choices(['text', 'github']))
    .option('--watch', 'check again whenever a file is saved, until Ctrl-C');
  performs<Options>(command, session, 'check', async (context, _args, options) => {
    if (options.watch === true) await checkOnSave(context, options);
    return outcomeOf(context, await checkFolder(context.folder), options);
  });
}

function outcomeOf({ output, folder, terminal }: Context, result: CheckResult, { format }: Options): Outcome {
  const { data, problems, exit } = checkJson(result);
  const below = relative(terminal.cwd, folder).replaceAll('\\', '/');
  const prefix = below === '' || below.startsWith('..') ? '' : `${below}/`;
  const text =
    format === 'github'
      ? renderGithub(result.problems, prefix)
      : renderProblems(result.problems, result.sources, { color: output.style.color });
  if (!output.json) for (const note of result.notes) output.note(note);
  return { exit: exit === 0 ? 0 : 3, data, problems, text };
}

/** Editors save in several steps, so a moment of quiet is waited for. Ends with Ctrl-C. */
async function checkOnSave(context: Context, options: Options): Promise<void> {
  const { folder, output, interrupted } = context;
  context.onInterrupt(() => 'Stopped watching.');
  const show = async (): Promise<void> => {
    const { text, data, problems } = outcomeOf(context, await checkFolder(folder), options);
    if (output.json) output.event('check', 'checked', { data, problems });
    else output.data(text);
  };
  await show();
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const changed = (_event: string, name: string | null): void => {
      if (name !== null && !/\.ya?ml$/.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void show(), settleMs);
    };
    const watchers = watchedFolders(folder).map((place) => watch(place, changed));
    const end = (): void => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      resolve();
    };
    if (interrupted.aborted) end();
    else interrupted.addEventListener('abort', end, { once: true });
  });
}

function watchedFolders(folder: string): readonly string[] {
  return [folder, join(folder, 'pairs')].filter((place) => existsSync(place));
}
