import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AwaitChangeResult } from '../activities/contract.js';
import { openDesk } from './desk.js';
import type { Life } from './life.js';
import { debugState, type SyncPairInput } from './messages.js';
import { pace } from './pace.js';
import { rest } from './rest.js';
import { takeTurn } from './turn.js';

/**
 * The life of one pair: ask Postgres what is to be done, do it, look out for more. The workflow decides nothing and
 * remembers nothing that matters, so terminating it and starting it again is always a safe repair. A problem is written
 * down and waited out; it never ends the workflow.
 */
export async function syncPair({ pair, carried }: SyncPairInput): Promise<void> {
  const life: Life = {
    pair,
    desk: openDesk(pair),
    phase: 'working',
    turns: 0,
    failures: carried?.failures ?? 0,
    problem: null,
    listedAtMs: carried?.listedAtMs ?? 0,
  };
  setHandler(debugState, () => ({
    phase: life.phase,
    turns: life.turns,
    failures: life.failures,
    problem: life.problem?.text ?? null,
  }));

  let seen: AwaitChangeResult = null;
  for (;;) {
    const done = await takeTurn(life, seen);
    life.turns += 1;
    life.problem = done.problem;
    life.failures = done.problem === null ? 0 : life.failures + 1;
    setCurrentDetails(done.problem?.text ?? 'In order.');
    if (isLong(life.turns) && (await life.desk.settle())) break;
    seen = done.again ? null : await rest(life, done);
  }
  // No wait may stand between settling and this: a request that arrived in it would be lost.
  await continueAsNew<typeof syncPair>({ pair, carried: { listedAtMs: life.listedAtMs, failures: life.failures } });
}

function isLong(turns: number): boolean {
  const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged } = workflowInfo();
  return continueAsNewSuggested || targetWorkerDeploymentVersionChanged || turns >= pace.turnsMax;
}
