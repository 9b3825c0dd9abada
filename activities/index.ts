import type { Engine } from '../src/engine/engine.js';
import type { Log } from '../src/engine/ports.js';
import { attempt } from './attempt.js';
import { awaitChange } from './await-change.js';
import type { Activities, AwaitChangeInput, DirectVerb, HealPairsResult } from './contract.js';
import { listKeys } from './list-keys.js';
import { setMode } from './set-mode.js';
import { verifyPair } from './verify-pair.js';
import { Watches } from './watches.js';

export type ActivityPorts = {
  readonly engine: Engine;
  readonly log: Log;
  /** Makes sure that every pair has its workflow. */
  readonly heal: () => Promise<HealPairsResult>;
  /** Raised when the worker is asked to stop: lookouts end at once, batches are finished. */
  readonly closing: AbortSignal;
};

/** The verbs of a worker, by the names that workflows call them. */
export function createActivities({ engine, log, heal, closing }: ActivityPorts): Activities {
  const watches = new Watches();
  const ports = { log, watches };
  const direct = <Verb extends DirectVerb>(verb: Verb): Activities[Verb] =>
    attempt(ports, verb, (input: never) => engine[verb](input) as Promise<unknown>) as Activities[Verb];

  return {
    nextStep: direct('nextStep'),
    takePage: direct('takePage'),
    checkBrakes: direct('checkBrakes'),
    planWaiting: direct('planWaiting'),
    endRun: direct('endRun'),
    decidePlanPage: direct('decidePlanPage'),
    readyPlan: direct('readyPlan'),
    failPlan: direct('failPlan'),
    applyPlanPage: direct('applyPlanPage'),
    finishPlan: direct('finishPlan'),
    deliverBatch: attempt(ports, 'deliverBatch', (input, signal) => engine.deliverBatch(input, signal)),
    setMode: attempt(ports, 'setMode', (input) => setMode(engine, input)),
    listKeys: attempt(ports, 'listKeys', (input, signal) => listKeys(engine, input, signal)),
    awaitChange: attempt(ports, 'awaitChange', (input: AwaitChangeInput, cancelled) =>
      watches.run(input.pair, [cancelled, closing], (signal) => awaitChange(engine, input, signal)),
    ),
    verifyPair: attempt(ports, 'verifyPair', (input) => verifyPair(engine, input)),
    healPairs: attempt(ports, 'healPairs', heal) as Activities['healPairs'],
  };
}
