import { describe, expect, test, type TestContext } from 'vitest';
import { ParleyError } from '../../src/core/errors.js';
import { temporalAddress } from '../support/temporal.js';
import type { World } from './scripted-engine.js';
import { eventually, openStage, type Stage } from './stage.js';

/** Side by side, since most of their time is waiting. */
describe.concurrent('over time', () => {
  test('a pair that looks ten times a second costs at most 12 events and 20 transitions a minute while nothing happens', async ({
    onTestFinished,
  }) => {
    const { engine, runner, pair, workflow } = stage(onTestFinished, { everyMs: 100 });
    await runner.runNow(pair);
    const before = await costOf(workflow);
    const looksBefore = engine.looks();
    await sleep(62_000);
    const after = await costOf(workflow);
    expect(engine.looks() - looksBefore).toBeGreaterThan(500);
    expect(after.events - before.events).toBeLessThanOrEqual(12);
    expect(after.transitions - before.transitions).toBeLessThanOrEqual(20);
    // The window of the lookout ended in this time: this is the whole price of a minute, not of a pause within it.
    expect(after.events).toBeGreaterThan(before.events);
  });

  test('a pair hands over to its next run and answers on', async ({ onTestFinished }) => {
    const { runner, pair, workflow } = stage(onTestFinished, {});
    await runner.runNow(pair);
    const first = (await workflow.describe()).runId;
    let runId = first;
    for (let asked = 0; runId === first && asked < 205; asked += 1) {
      expect(await runner.runNow(pair)).toMatchObject({ problem: null });
      ({ runId } = await workflow.describe());
    }
    expect(runId).not.toBe(first);
    expect(await runner.runNow(pair)).toMatchObject({ problem: null });
    expect((await costOf(workflow)).events).toBeLessThan(200);
  });

  test('a poke wakes a pair that looks once an hour, and its answer is soon there', async ({ onTestFinished }) => {
    const { engine, runner, pair, world } = stage(onTestFinished, { everyMs: 3_600_000 });
    await runner.runNow(pair);
    world.pages['crm']?.push({ changed: 1 });
    await runner.poke(pair);
    await eventually('the hint is followed', () => world.written === 1);
    await eventually('the run ends', () => engine.count('endRun') === 2);
    expect(world.written).toBe(1);
  });

  test('a poke interrupts a lookout between its looks', async ({ onTestFinished }) => {
    const { runner, pair, world } = stage(onTestFinished, { everyMs: 20_000 });
    await runner.runNow(pair);
    await sleep(500);
    world.deliveries.push({ id: 40, side: 'erp' as never });
    const sinceMs = Date.now();
    await runner.poke(pair);
    await eventually('the decision is delivered', () => world.written === 1);
    // The next look would come after 20 s.
    expect(Date.now() - sinceMs).toBeLessThan(15_000);
  });

  test('a change that nobody poked about is found by the next look', async ({ onTestFinished }) => {
    const { runner, pair, world } = stage(onTestFinished, { everyMs: 200 });
    await runner.runNow(pair);
    world.pages['erp']?.push({ changed: 1 });
    await eventually('the edit is delivered', () => world.written === 1);
    world.deliveries.push({ id: 41, side: 'crm' as never });
    await eventually('so is a decision whose poke was lost', () => world.written === 2);
    expect(world.deliveries).toEqual([]);
  });

  test('a system that is down is written down and waited for; the pair never ends', async ({ onTestFinished }) => {
    const { runner, pair, world, workflow } = stage(onTestFinished, { pages: { crm: [], erp: [] } });
    world.failing = (verb, detail) =>
      verb === 'takePage' && detail === 'erp'
        ? new ParleyError('connector.denied', 'The account may not read suppliers.')
        : null;
    const summary = await runner.runNow(pair);
    expect(summary.problem).toBe('The account may not read suppliers.');
    expect(world.problems).toEqual(['The account may not read suppliers.']);
    expect(await workflow.query('debugState')).toMatchObject({ phase: 'backing off', failures: 1 });
    // People can still pause it, and it works on as soon as the system is back.
    await runner.setMode(pair, 'pause', 'ada');
    await runner.setMode(pair, 'resume', 'ada');
    world.failing = () => null;
    expect(await runner.runNow(pair)).toMatchObject({ problem: null });
    expect(await workflow.query('debugState')).toMatchObject({ failures: 0, problem: null });
    expect((await workflow.describe()).status.name).toBe('RUNNING');
  });

  test('a failure that passes is tried again without anybody noticing', async ({ onTestFinished }) => {
    const { runner, pair, world } = stage(onTestFinished, { pages: { crm: [{ changed: 1 }], erp: [] } });
    let failures = 2;
    world.failing = (verb) => {
      if (verb !== 'deliverBatch' || failures === 0) return null;
      failures -= 1;
      return new ParleyError('connector.unreachable', 'Nobody answered.');
    };
    expect(await runner.runNow(pair)).toMatchObject({ written: 1, problem: null });
  });

  test('an error that nobody foresaw tells its name and not its message', async ({ onTestFinished }) => {
    const { runner, pair, world, workflow } = stage(onTestFinished, {});
    world.failing = (verb) => (verb === 'takePage' ? new TypeError('cannot read "4111 1111" of customer') : null);
    const summary = await runner.runNow(pair);
    expect(summary.problem).toMatch(/TypeError/);
    const history = JSON.stringify(await workflow.fetchHistory());
    expect(history).not.toContain('customer');
  });

  test('writes in doubt are looked up before the pair goes on', async ({ onTestFinished }) => {
    const { engine, runner, pair } = stage(onTestFinished, {
      pages: { crm: [{ changed: 1 }], erp: [] },
      doubtful: new Set([1]),
    });
    expect((await runner.runNow(pair)).problem).toMatch(/in doubt/);
    await eventually('the delivery is acknowledged', () => engine.world.written === 1);
    expect(engine.count('deliverBatch')).toBe(2);
  });

  test('a worker that stops finishes its batch, and another one goes on', async ({ onTestFinished }) => {
    const opened = stage(onTestFinished, {
      pages: { crm: Array.from({ length: 6 }, () => ({ changed: 1 })), erp: [] },
      slow: (verb) => (verb === 'takePage' ? 200 : 0),
    });
    await opened.runner.ensure(opened.pair);
    await eventually('reading has begun', () => opened.engine.count('takePage') === 2);
    await opened.stopWorker();
    const read = opened.engine.count('takePage');
    expect(read).toBeLessThan(6);
    opened.startWorker();
    await eventually('everything is delivered', () => opened.world.written === 6);
    expect(opened.engine.count('takePage')).toBe(6);
  });

  test('terminating the workflow and starting it again loses nothing', async ({ onTestFinished }) => {
    const { runner, pair, world, workflow } = stage(onTestFinished, {
      pages: { crm: [{ changed: 1 }, { changed: 1 }], erp: [] },
      slow: (verb) => (verb === 'takePage' ? 300 : 0),
    });
    await runner.ensure(pair);
    await sleep(400);
    await workflow.terminate('on purpose');
    await runner.ensure(pair);
    await eventually('everything is delivered', () => world.written === 2);
    expect(world.deliveries).toEqual([]);
  });
});

/** Tests run side by side, so each says itself when it is over. */
function stage(onTestFinished: TestContext['onTestFinished'], changes: Partial<World>): Stage {
  const opened = openStage(temporalAddress(), changes);
  onTestFinished(() => opened.close());
  return opened;
}

async function costOf(workflow: Stage['workflow']): Promise<{ events: number; transitions: number }> {
  const { historyLength, raw } = await workflow.describe();
  return { events: historyLength, transitions: Number(raw.workflowExecutionInfo?.stateTransitionCount ?? 0) };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
