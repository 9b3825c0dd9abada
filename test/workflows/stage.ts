import { randomBytes } from 'node:crypto';
import { createActivities } from '../../activities/index.js';
import { type PairId, pairId } from '../../src/core/ids.js';
import { healPairs, keepHealed } from '../../src/temporal/heal.js';
import type { PairRow } from '../../src/engine/store.js';
import { createRunner, type TemporalRunner } from '../../src/temporal/runner.js';
import { runTemporalWorker } from '../../src/temporal/worker.js';
import { pairWorkflowId } from '../../workflows/messages.js';
import { silentLog } from '../support/silent-log.js';
import { type ScriptedEngine, scriptedEngine, type World } from './scripted-engine.js';

/** A pair of its own on the run's Temporal server: scripted engine, real runner, real worker. */
export type Stage = {
  readonly pair: PairId;
  readonly engine: ScriptedEngine;
  readonly world: World;
  readonly runner: TemporalRunner;
  readonly workflow: ReturnType<TemporalRunner['client']['workflow']['getHandle']>;
  /** Stops the worker; `startWorker` brings another one up. */
  stopWorker(): Promise<void>;
  startWorker(): void;
  /** Ends the workflow, the worker and the connection. */
  close(): Promise<void>;
};

export function openStage(address: string, changes: Partial<World> & { readonly healed?: boolean } = {}): Stage {
  const name = `t${randomBytes(6).toString('hex')}`;
  const pair = pairId(name);
  const settings = { variables: { TEMPORAL_ADDRESS: address }, taskQueue: name };
  const engine = scriptedEngine(changes);
  const runner = createRunner(settings);
  const workflow = runner.client.workflow.getHandle(pairWorkflowId(pair));
  let closing = new AbortController();
  let working: Promise<unknown> = Promise.resolve();
  const stage: Stage = {
    pair,
    engine,
    world: engine.world,
    runner,
    workflow,
    startWorker() {
      closing = new AbortController();
      const store = { pairs: async () => [{ pair } as PairRow] };
      const ports = { runner, store, log: silentLog };
      const activities = createActivities({
        engine,
        log: silentLog,
        heal: () => healPairs(ports, { wake: false }),
        closing: closing.signal,
      });
      working = Promise.all([
        runTemporalWorker({ settings, activities, log: silentLog, closing: closing.signal }),
        changes.healed === true ? keepHealed(ports, closing.signal) : null,
      ]);
    },
    async stopWorker() {
      closing.abort();
      await working;
    },
    async close() {
      await workflow.terminate('the test is over').catch(() => undefined);
      await stage.stopWorker();
      await runner.close();
    },
  };
  stage.startWorker();
  return stage;
}

/** Far longer than anything takes on a machine that others use too: a test says what happens, never how fast. */
const patienceMs = 240_000;

/** Waits until the condition holds; a test that waits for nothing fails with what it waited for. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`did not happen within ${patienceMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
