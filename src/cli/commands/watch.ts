import type { Command } from 'commander';
import type { PairView } from '../../contract/api/pairs.js';
import { errorOfProblem } from '../../contract/api/transport.js';
import { position } from '../arguments.js';
import type { Context } from '../context.js';
import { performs, type Session } from '../perform.js';
import { watchHead, watchLine } from '../render/watch.js';

export function watch(program: Command, session: Session): void {
  const command = program
    .command('watch')
    .description('show what happens to a pair as it happens, one line a change')
    .argument('[pair]', 'the pair; not needed when there is only one')
    .option('--since <seq>', 'begin with this entry of the ledger instead of now', position);
  performs<{ since?: number }>(command, session, 'watch', async (context, [given], options) => {
    const pair = await context.pair(given);
    context.onInterrupt(() => `Stopped watching. ${pair} goes on: parley status ${pair}`);
    await follow(context, pair, options.since);
    return { data: null, text: '' };
  });
}

async function follow(context: Context, pair: string, since: number | undefined): Promise<void> {
  const { output, terminal } = context;
  const api = await context.api();
  let status: PairView | null = null;
  let head = '';
  for await (const event of api.pairs.events(pair, since === undefined ? {} : { after: since - 1 })) {
    const { event: name, ...rest } = event;
    output.event('watch', name, rest);
    if (event.event === 'problem') throw errorOfProblem(event.problem);
    if (output.json || event.event === 'alive') continue;
    const style = { ...output.style, nowMs: terminal.nowMs() };
    if (event.event === 'status') {
      status = event.status;
      const said = `${status.state}: ${status.reason}`;
      // Without a screen to repaint, the head is one line that is printed when its words change.
      if (terminal.stderr.isTTY !== true && said !== head) output.note(`${pair}  ${said}`);
      head = said;
    } else {
      const sides = status?.sides.map((side) => side.name) ?? [];
      const line = watchLine(event.entry, sides, style);
      output.live.clear();
      if (line !== null) output.data(line);
    }
    if (status !== null) output.live.show(['', ...watchHead(status, style).split('\n')]);
  }
}
