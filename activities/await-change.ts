import { setTimeout as sleep } from 'node:timers/promises';
import type { PairId, RecordKey, SideName } from '../src/core/ids.js';
import type { Engine, NextStep } from '../src/engine/engine.js';
import type { AwaitChangeInput, AwaitChangeResult } from './contract.js';
import { listKeys } from './list-keys.js';

/**
 * The lookout of an idle pair: looks every `everyMs` and returns when a page changed something, when Postgres holds new
 * work, when `forMs` has passed, or null when its signal is raised. A pair that looks each second costs one activity a
 * minute this way.
 */
export async function awaitChange(
  engine: Engine,
  input: AwaitChangeInput,
  signal: AbortSignal,
): Promise<AwaitChangeResult> {
  const { pair, everyMs, forMs } = input;
  const untilMs = performance.now() + forMs;
  const first = await engine.nextStep({ pair });
  if (isUrgent(first, input.tried)) return { step: first, changed: false, unread: [], listed: false };
  const known = workMark(first);
  let list = input.list;
  for (;;) {
    if (!(await pause(everyMs, signal))) return null;
    const step = await engine.nextStep({ pair });
    const result = { step, changed: false, unread: [], listed: input.list && !list };
    if (workMark(step) !== known) return result;
    const look = await lookOnce(engine, { pair, step, list }, signal);
    if (signal.aborted) return null;
    list = false;
    if (look.changed || look.unread.length > 0) return { ...result, ...look, listed: input.list };
    if (performance.now() + everyMs > untilMs) return { ...result, listed: input.list };
  }
}

type Look = { readonly pair: PairId; readonly step: NextStep; readonly list: boolean };

/** One page of each side, and the key listings when they are due. */
async function lookOnce(engine: Engine, { pair, step, list }: Look, signal: AbortSignal) {
  const unread: SideName[] = [];
  let changed = false;
  if (step.mode === 'paused' || step.mode === 'draining' || step.mode === 'new') return { changed, unread };
  for (const side of step.sides) {
    if (signal.aborted) break;
    const page = await engine.takePage({ pair, side, run: step.run, plan: null });
    changed ||= page.changed > 0;
    if (page.more) unread.push(side);
  }
  for (const side of list ? step.listings : []) {
    let after: RecordKey | null = null;
    do {
      const listed = await listKeys(engine, { pair, side, run: step.run, after }, signal);
      changed ||= listed.deleted > 0;
      after = listed.next;
    } while (after !== null && !signal.aborted);
  }
  return { changed, unread };
}

/** Work that arrived between the last turn and this look, and whose poke may have been lost. */
function isUrgent({ plan, deliveries }: NextStep, tried: readonly number[]): boolean {
  return plan !== null || deliveries.some(({ id }) => !tried.includes(id));
}

/** Two steps with the same mark ask for the same work. */
function workMark({ mode, halted, deliveries, plan, waiting, verifyDue }: NextStep): string {
  return JSON.stringify([mode, halted, deliveries.map(({ id }) => id), plan, waiting, verifyDue]);
}

/** False when the signal was raised before or during the pause. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
