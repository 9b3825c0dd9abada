import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exits } from '../exit-codes.js';
import { performs, type Session } from '../perform.js';
import { padded } from '../render/text-width.js';

/** Where the demo plays when no folder is named. */
const usualFolder = 'parley-demo';

export function demo(program: Command, session: Session): void {
  const command = program
    .command('demo')
    .description('two real systems, a pair between them, and edits on both sides; everything on this machine')
    .option('--once', 'end when the story is told, instead of staying up');
  performs<{ once?: boolean }>(command, session, 'demo', async (context, _args, options) => {
    const { machinery, terminal, output, flags } = context;
    const { ok, interrupted } = await machinery.demo({
      folder: resolve(terminal.cwd, flags.folder ?? usualFolder),
      once: options.once === true,
      say(text) {
        output.event('demo', 'said', { text });
        output.live.clear();
        if (!output.json) output.data(text);
      },
      onStep(step) {
        output.event('demo', 'step', step);
        output.live.show([`  ${padded(step.part, 10)}  ${step.state}  ${step.detail}`]);
      },
      onUp(url) {
        output.event('demo', 'up', { url });
        output.note('Ctrl-C stops everything in order; the data stay.');
      },
      onStopping(count) {
        output.live.clear();
        output.event('demo', 'stopping', { count });
        output.note(count === 1 ? 'Stopping in order; once more to stop at once.' : 'Stopping at once.');
      },
    });
    const problems = ok ? [] : [{ code: 'demo.not_proven', message: 'Something did not hold: see above.' }];
    const isCut = interrupted && options.once === true;
    return { exit: isCut ? exits.interrupted : ok ? exits.done : exits.failed, data: null, problems, text: '' };
  });
}
