import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { AwaitChangeInput, AwaitChangeResult, NextStep } from '../activities/contract.js';
import type { Done, Life } from './life.js';
import { backoffMs, pace } from './pace.js';
import { lookout } from './proxies.js';

/**
 * Waits until there is something to do: a request, a change in a system, a change in Postgres, or the end of a pause.
 * Returns what the lookout saw, or null when the next turn should ask Postgres itself.
 */
export async function rest(life: Life, done: Done): Promise<AwaitChangeResult> {
  const { desk } = life;
  if (done.problem !== null || done.step === null) {
    life.phase = 'backing off';
    await condition(desk.wanted, backoffMs(Math.max(life.failures, 1), done.problem?.kind ?? 'passing'));
    return null;
  }
  if (isAsleep(done.step)) {
    life.phase = 'waiting';
    await condition(desk.wanted, pace.lookMs);
    return null;
  }
  const { everyMs } = done.step;
  const isRare = everyMs > pace.watchEveryMaxMs;
  life.phase = isRare ? 'waiting' : 'watching';
  if (isRare && (await condition(desk.wanted, everyMs))) return null;
  const list = done.step.mode !== 'draining' && Date.now() - life.listedAtMs >= pace.listEveryMs;
  const seen = await watch(life, {
    pair: life.pair,
    everyMs: isRare ? 0 : everyMs,
    forMs: isRare ? 0 : pace.watchForMs,
    list,
    tried: done.tried,
  });
  if (seen?.listed === true) life.listedAtMs = Date.now();
  return seen;
}

/** Neither read nor written until somebody says so. */
export const isAsleep = (step: NextStep): boolean =>
  step.mode === 'paused' || (step.mode === 'new' && step.plan === null);

/** The lookout, left behind as soon as somebody asks for something. */
async function watch({ desk }: Life, input: AwaitChangeInput): Promise<AwaitChangeResult> {
  if (desk.wanted()) return null;
  const scope = new CancellationScope();
  // A lookout that fails has met what the next turn will meet too; that turn writes it down.
  const seen = scope.run(() => lookout.awaitChange(input)).catch((failure: unknown) => leave(failure));
  const asked = scope.run(() => condition(desk.wanted)).then(() => null, leave);
  const result = await Promise.race([seen, asked]);
  scope.cancel();
  return desk.wanted() ? null : result;

  function leave(failure: unknown): null {
    // The workflow itself was cancelled, not only this watch.
    if (isCancellation(failure) && CancellationScope.current().consideredCancelled) throw failure;
    return null;
  }
}
