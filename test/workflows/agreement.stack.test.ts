import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { pairId, revisionId } from '../../src/core/ids.js';
import { createRunner } from '../../src/temporal/runner.js';
import { runTemporalWorker } from '../../src/temporal/worker.js';
import { pairWorkflowId } from '../../workflows/messages.js';
import { key, openWorld, worldRules } from '../engine/world.js';
import { silentLog } from '../support/silent-log.js';
import { temporalAddress } from '../support/temporal.js';
import { eventually } from './stage.js';

const records = 8_000;
/** Below the share of records at which the brakes stop a run. */
const edits = 2_000;

/** The whole of it but for the connectors: workflow, activities, engine and store are the real ones. */
test('a pair is planned, applied and kept in agreement, at no more than 0.02 transitions a record', async () => {
  const taskQueue = `t${randomBytes(6).toString('hex')}`;
  const pair = pairId(taskQueue);
  const settings = { variables: { TEMPORAL_ADDRESS: temporalAddress() }, taskQueue };
  const runner = createRunner(settings);
  const rules = worldRules({
    pair,
    revision: revisionId('r1'),
    run: { everyMs: 200, verifyEveryMs: null, deleteLimit: null },
  });
  const world = await openWorld({ rules, runner, pageSize: 5_000 });
  const closing = new AbortController();
  const activities = createActivities({
    engine: world.engine,
    log: silentLog,
    heal: async () => ({ pairs: 0 }),
    closing: closing.signal,
  });
  const working = runTemporalWorker({ settings, activities, log: silentLog, closing: closing.signal });
  const workflow = runner.client.workflow.getHandle(pairWorkflowId(pair));
  const transitions = async (): Promise<number> =>
    Number((await workflow.describe()).raw.workflowExecutionInfo?.stateTransitionCount);
  onTestFinished(async () => {
    await workflow.terminate('the test is over').catch(() => undefined);
    closing.abort();
    await working;
    await runner.close();
    await world.close();
  });

  const ids = Array.from({ length: records }, (_, at) => String(at));
  world.crm.put(...ids.map((id) => ({ id, name: `Company ${id}`, phone: '1', street: 'High St', city: 'Bath' })));
  world.erp.put(...ids.map((id) => ({ id, title: `Company ${id}`, phone: '1', address: 'elsewhere' })));

  const { plan } = await world.engine.requestPlan({ pair, by: 'ada' });
  await eventually('the plan is ready', async () => (await world.store.plan(plan))?.state === 'ready');
  expect(world.erp.get(key('7'))?.fields).toMatchObject({ address: 'elsewhere' });
  await world.engine.approvePlan({ plan, by: 'ada' });
  await eventually('the plan is applied', async () => (await world.store.plan(plan))?.state === 'applied');
  expect(world.erp.get(key('7'))?.fields).toMatchObject({ address: 'High St Bath' });
  expect((await transitions()) / records).toBeLessThanOrEqual(0.02);

  await runner.runNow(pair);
  const before = await transitions();
  for (const id of ids.slice(0, edits)) world.crm.edit(key(id), { phone: '22' });
  await eventually('every edit is carried over', () =>
    ids.slice(0, edits).every((id) => world.erp.get(key(id))?.fields['phone'] === '22'),
  );
  // Including the end of the run, and a whole cycle that somebody asked for.
  await runner.runNow(pair);
  expect(((await transitions()) - before) / edits).toBeLessThanOrEqual(0.02);

  world.erp.edit(key('3'), { title: 'Company Three' });
  await eventually('an edit goes the other way', () => world.crm.get(key('3'))?.fields['name'] === 'Company Three');
  await runner.setMode(pair, 'hold', 'ada');
  world.erp.edit(key('4'), { title: 'Company Four' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(world.crm.get(key('4'))?.fields['name']).toBe('Company 4');
  await runner.setMode(pair, 'resume', 'ada');
  await eventually('what was held is written', () => world.crm.get(key('4'))?.fields['name'] === 'Company Four');

  await runner.setMode(pair, 'pause', 'ada');
  expect(await world.engine.verifyLedger({ pair })).toMatchObject({ ok: true, problems: [] });
  const history = JSON.stringify(await workflow.fetchHistory());
  expect(history).not.toMatch(/Company|High St/);
});
