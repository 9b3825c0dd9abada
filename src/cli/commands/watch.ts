import type { Command } from 'commander';
import type { PairView } from '../../contract/api/pairs.js';
import { errorOfProblem } from '../../contract/api/transport.js';
import { position } from '../arguments.js';
import type { Context } from '../context.js';
import { performs, type Session } from '../perform.js';
import { paint } from '../render/style.js';
import { watchHead, watchLine } from '../render/watch.js';
import { WatchScreen } from '../watch-screen.js';

export function watch(program: Command, session: Session): void {
  const command = program
    .command('watch')
    .description('show what happens to a pair as it happens, one line a change; on a terminal: q, space, /')
    .argument('[pair]', 'the pair; not needed when there is only one')
    .option('--since <seq>', 'begin with this entry of the ledger instead of now', position);
  performs<{ since?: number }>(command, session, 'watch', async (context, [given], options) => {
    const pair = await context.pair(given);
    context.onInterrupt(() => `Stopped watching. ${pair} goes on: parley status ${pair}`);
    const quitting = new AbortController();
    try {
      await follow(context, pair, { since: options.since, quitting });
    } catch (error) {
      if (!quitting.signal.aborted) throw error;
    }
    if (quitting.signal.aborted) {
      context.output.live.clear();
      context.output.note(`Stopped watching. ${pair} goes on: parley status ${pair}`);
    }
    return { data: null, text: '' };
  });
}

type Following = { readonly since: number | undefined; readonly quitting: AbortController };

async function follow(context: Context, pair: string, { since, quitting }: Following): Promise<void> {
  const { output, terminal } = context;
  const api = await context.api(quitting.signal);
  let status: PairView | null = null;
  let head = '';
  const isKeyed = output.interactive && terminal.onKey !== undefined;
  const style = () => ({ ...output.style, nowMs: terminal.nowMs() });
  const repaint = (): void => {
    if (status === null) return;
    const keys = isKeyed ? [paint(output.style, 'dim', screen.line())] : [];
    output.live.show(['', ...watchHead(status, style()).split('\n'), ...keys]);
  };
  const print = (line: string): void => {
    output.live.clear();
    output.data(line);
  };
  const screen = new WatchScreen({ print, repaint, quit: () => quitting.abort() });
  const leaveKeys = isKeyed ? terminal.onKey?.((keys) => screen.press(keys)) : undefined;
  try {
    for await (const event of api.pairs.events(pair, since === undefined ? {} : { after: since - 1 })) {
      const { event: name, ...rest } = event;
      output.event('watch', name, rest);
      if (event.event === 'problem') throw errorOfProblem(event.problem);
      if (output.json || event.event === 'alive') continue;
      if (event.event === 'status') {
        status = event.status;
        const said = `${status.state}: ${status.reason}`;
        // Without a screen to repaint, the head is one line that is printed when its words change.
        if (terminal.stderr.isTTY !== true && said !== head) output.note(`${pair}  ${said}`);
        head = said;
      } else {
        const line = watchLine(event.entry, status?.sides.map((side) => side.name) ?? [], style());
        if (line !== null) screen.take(line);
      }
      repaint();
    }
  } finally {
    leaveKeys?.();
  }
}
