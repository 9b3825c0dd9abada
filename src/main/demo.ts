import { join } from 'node:path';
import type { DemoWish } from '../cli/machinery.js';
import { type DemoResult, runDemo } from '../dev/demo/demo.js';
import { createLog } from '../telemetry/log.js';
import { stepOf } from './dev.js';

/** `parley demo`: Ctrl-C stops everything in order; a second one ends this process, and with it what it started. */
export async function runDemoHere(wish: DemoWish): Promise<DemoResult> {
  const stopping = new AbortController();
  let presses = 0;
  const heard = (): void => {
    presses += 1;
    wish.onStopping(presses);
    if (presses > 1) process.exit(130);
    stopping.abort();
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  try {
    return await runDemo({
      folder: wish.folder,
      once: wish.once,
      log: createLog({ level: 'info', name: 'demo', file: join(wish.folder, '.parley', 'logs', 'demo.log') }),
      say: wish.say,
      onEvent(event) {
        if (event.kind !== 'plan') return wish.onStep(stepOf(event));
        const { id, state, progress } = event.plan;
        wish.onStep({ part: 'plan', state, detail: progress === null ? `plan ${id}` : `plan ${id}: ${progress.done}` });
      },
      onUp: wish.onUp,
      signal: stopping.signal,
    });
  } finally {
    process.removeListener('SIGINT', heard);
    process.removeListener('SIGTERM', heard);
  }
}
