import type { Command } from 'commander';
import { type ModeChange, modeChanges } from '../../contract/api/pairs.js';
import { performs, type Session } from '../perform.js';

const descriptions: Readonly<Record<ModeChange, string>> = {
  hold: 'go on reading, write nothing; a batch under way is finished first',
  pause: 'neither read nor write',
  drain: 'finish what is on its way, then pause',
  resume: 'read and write again',
};
const sentences: Readonly<Record<ModeChange, string>> = {
  hold: 'is held: it is read, nothing is written.',
  pause: 'is paused: it is neither read nor written.',
  drain: 'has finished what was on its way and is paused.',
  resume: 'reads and writes again.',
};

/** `hold`, `pause`, `drain` and `resume` are one command with four names. */
export function modeChangeCommands(program: Command, session: Session): void {
  for (const change of modeChanges) {
    const command = program
      .command(change)
      .description(descriptions[change])
      .argument('[pair]', 'the pair; not needed when there is only one');
    performs(command, session, change, async (context, [given]) => {
      const pair = await context.pair(given);
      const api = await context.api();
      context.onInterrupt(() => `Interrupted. The request stands: parley status ${pair}`);
      const view = await api.pairs.change(pair, change);
      return {
        data: view,
        text: `${pair} ${sentences[change]}`,
        ...(change === 'resume' ? {} : { next: `parley resume ${pair}` }),
      };
    });
  }
}
