import type { WorldPlan } from './generate.js';
import type { Outcome } from './outcome.js';
import { Play } from './play.js';
import type { WorldSetting } from './world.js';

/**
 * Plays a world to its end; the first broken promise ends it. Steps that name what is not there are left out.
 * `say` hears what each step did.
 */
export async function play(
  { options, steps }: WorldPlan,
  { say, place = {} }: { readonly say?: (line: string) => void; readonly place?: WorldSetting } = {},
): Promise<Outcome> {
  const game = new Play(options, place);
  if (say !== undefined) game.listen(say);
  await game.start();
  for (const step of steps) {
    if (game.violation !== null) break;
    if ('side' in step && !options.sides.some(({ name }) => name === step.side)) continue;
    await game.step('worker' in step ? { ...step, worker: step.worker % options.workers } : step);
  }
  return game.violation === null ? game.finish() : game.outcome();
}
