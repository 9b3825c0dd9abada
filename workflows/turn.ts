import { isCancellation } from '@temporalio/workflow';
import type { AwaitChangeResult, CycleSummary, NextStep } from '../activities/contract.js';
import { closeRun, hasWork, openWork, runCycle, type Work } from './cycle.js';
import type { Turn } from './desk.js';
import type { Done, Life } from './life.js';
import { pace } from './pace.js';
import { advancePlan } from './plan.js';
import { type Problem, problemOf } from './problem.js';
import { books, comparisons } from './proxies.js';
import { isAsleep } from './rest.js';

/** One turn: what Postgres says is to be done, once. `seen` is what the lookout found, null when it was not asked. */
export async function takeTurn(life: Life, seen: AwaitChangeResult): Promise<Done> {
  const { pair, desk } = life;
  const turn = desk.beginTurn();
  life.phase = 'working';
  let work: Work | null = null;
  try {
    const step = seen?.step ?? (await books.nextStep({ pair }));
    if (desk.interrupted()) return { step, problem: null, tried: [], again: true };
    if (isAsleep(step)) {
      turn.serve(nothing(whyAsleep(step)));
      return { step, problem: null, tried: [], again: false };
    }
    if (seen !== null && !seen.changed && !hasWork(step)) {
      if (step.verifyDue) await comparisons.verifyPair({ pair });
      return { step, problem: null, tried: [], again: false };
    }
    work = openWork(pair, step, desk.interrupted);
    if (step.plan === null) await readAndDeliver(life, work, turn, seen);
    else await advancePlan(work, step.plan);
    const done = await close(work, turn, doubt(work));
    if (step.mode === 'draining' && done.problem === null)
      return { ...done, again: done.again || (await endDrain(work)) };
    return done;
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    return giveUp(work, turn, problemOf(failure));
  }
}

async function readAndDeliver(life: Life, work: Work, turn: Turn, seen: AwaitChangeResult): Promise<void> {
  const { pair, step } = work;
  work.unbraked = seen?.changed ?? false;
  if (step.mode === 'draining') {
    await runCycle(work, { sides: [], list: false });
    return;
  }
  const list = turn.runNow || Date.now() - life.listedAtMs >= pace.listEveryMs;
  await runCycle(work, { sides: seen?.unread ?? step.sides, list });
  if (list && !work.interrupted()) life.listedAtMs = Date.now();
  if (step.verifyDue && !work.interrupted()) await comparisons.verifyPair({ pair });
}

/** A drain that has nothing left becomes a pause. Returns whether it did. */
async function endDrain({ pair, interrupted }: Work): Promise<boolean> {
  if (interrupted()) return false;
  const left = await books.nextStep({ pair });
  const isDone = left.mode === 'draining' && !left.halted && !left.waiting && left.deliveries.length === 0;
  if (!isDone || interrupted()) return false;
  await books.setMode({ pair, change: 'pause', by: 'parley' });
  return true;
}

async function close(work: Work, turn: Turn, problem: Problem | null): Promise<Done> {
  const summary = await closeRun(work, problem?.text ?? null);
  const { step } = work;
  // A plan's turn is not the cycle that somebody asked for; the next one is.
  if (step.plan === null) turn.serve(summary);
  const again = problem === null && (step.plan !== null || work.interrupted());
  return { step, problem, tried: work.tried, again };
}

/** Writes the problem down where people look, if Postgres can be reached, and answers those who wait. */
async function giveUp(work: Work | null, turn: Turn, problem: Problem): Promise<Done> {
  let summary = nothing(problem.text);
  try {
    if (work !== null) summary = await closeRun(work, problem.text);
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    // Postgres is out of reach too: the problem stays visible in the workflow's state until it is back.
  }
  turn.serve(summary);
  return { step: work?.step ?? null, problem, tried: work?.tried ?? [], again: false };
}

function doubt({ doubtful }: Work): Problem | null {
  if (doubtful === 0) return null;
  const text =
    `${doubtful} writes are in doubt: the system did not say what became of them. ` +
    `They are looked up before anything else is written.`;
  return { code: 'connector.unreachable', text, kind: 'passing' };
}

const whyAsleep = ({ mode }: NextStep): string =>
  mode === 'paused'
    ? 'The pair is paused: nothing was read or written. Resume it first.'
    : 'The pair was never approved: nothing was read or written. Make a plan and apply it first.';

const nothing = (problem: string): CycleSummary => ({
  read: 0,
  edited: 0,
  created: 0,
  deleted: 0,
  asked: 0,
  written: 0,
  refused: 0,
  setAside: 0,
  halted: false,
  problem,
});
