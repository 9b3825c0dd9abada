import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.js';

/**
 * One proxy per class of work. Retries are capped, so that after a minute or so the loop gets control back, records the
 * problem and notices what people asked meanwhile. A worker that was killed is noticed by its missing heartbeats.
 */
const retry = {
  initialInterval: '500 milliseconds',
  backoffCoefficient: 2,
  maximumInterval: '10 seconds',
  maximumAttempts: 6,
} as const;

/** A short transaction in Postgres. */
export const books = proxyActivities<
  Pick<Activities, 'nextStep' | 'checkBrakes' | 'endRun' | 'setMode' | 'readyPlan' | 'failPlan' | 'finishPlan'>
>({ startToCloseTimeout: '15 seconds', retry });

/** A page: reading it again is harmless. */
export const pages = proxyActivities<
  Pick<Activities, 'takePage' | 'listKeys' | 'planWaiting' | 'decidePlanPage' | 'applyPlanPage'>
>({ startToCloseTimeout: '2 minutes', heartbeatTimeout: '8 seconds', retry });

/** Writes to a system. A repeated attempt looks first at what the earlier one did. */
export const writes = proxyActivities<Pick<Activities, 'deliverBatch'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '8 seconds',
  retry,
});

/** Whole comparisons, which only read. */
export const comparisons = proxyActivities<Pick<Activities, 'verifyPair'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '20 seconds',
  retry: { ...retry, maximumAttempts: 2 },
});

/** The idle pair's lookout. It is left behind at once when there is work: the worker stops it before it starts that work. */
export const lookout = proxyActivities<Pick<Activities, 'awaitChange'>>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { ...retry, maximumAttempts: 3 },
});

export const healing = proxyActivities<Pick<Activities, 'healPairs'>>({
  startToCloseTimeout: '1 minute',
  retry: { ...retry, maximumAttempts: 3 },
});
