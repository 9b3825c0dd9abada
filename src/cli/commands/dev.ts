import { type Command, InvalidArgumentError } from 'commander';
import { exits } from '../exit-codes.js';
import type { DevUp } from '../machinery.js';
import { performs, type Session } from '../perform.js';
import { paint, type Style } from '../render/style.js';
import { padded } from '../render/text-width.js';

export function dev(program: Command, session: Session): void {
  const command = program
    .command('dev')
    .description('start everything on this machine: database, Temporal, API and worker; stays until Ctrl-C')
    .option('--port <port>', 'port of the API', port);
  performs<{ port?: number }>(command, session, 'dev', async ({ machinery, folder, output }, _args, options) => {
    const ended = await machinery.dev({
      folder,
      apiPort: options.port ?? null,
      onStep(step) {
        output.event('dev', 'step', step);
        if (!output.json) output.note(`  ${padded(step.part, 10)}  ${padded(step.state, 8)}  ${step.detail}`);
      },
      onUp(up) {
        output.event('dev', 'up', up);
        if (!output.json) output.data(renderUp(up, output.style));
        output.note('Next: parley plan     Ctrl-C stops everything in order; the data stay.');
      },
      onStopping(count) {
        output.event('dev', 'stopping', { count });
        output.note(count === 1 ? 'Stopping in order; once more to stop at once.' : 'Stopping at once.');
      },
    });
    return { exit: ended === 'interrupted' ? exits.interrupted : exits.done, data: null, text: '' };
  });
}

function port(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number > 0 && number < 65_536) return number;
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

function renderUp(up: DevUp, style: Style): string {
  const line = (name: string, text: string): string => `  ${padded(name, 9)} ${text}`;
  return [
    paint(style, 'bold', 'Parley runs.'),
    line('API', up.url),
    line('token', up.token),
    line('Temporal', up.temporal),
    line('data', up.dataFolder),
    line('logs', up.logs),
  ].join('\n');
}
