import { afterEach, describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/core/errors.js';
import { temporalAddress } from '../support/temporal.js';
import type { World } from './scripted-engine.js';
import { eventually, openStage, type Stage } from './stage.js';

const stages: Stage[] = [];
function stage(changes: Partial<World> = {}): Stage {
  const opened = openStage(temporalAddress(), changes);
  stages.push(opened);
  return opened;
}
afterEach(async () => {
  await Promise.all(stages.splice(0).map((opened) => opened.close()));
});

const page = { changed: 1 };

describe('a cycle', () => {
  test('reads both sides, asks the brakes, delivers and ends the run', async () => {
    const { engine, runner, pair, world } = stage({ pages: { crm: [page, page], erp: [page] } });
    const summary = await runner.runNow(pair);
    expect(summary).toMatchObject({ written: 3, problem: null });
    expect(engine.calls.slice(0, 5)).toEqual([
      'takePage crm',
      'takePage crm',
      'takePage erp',
      'listMissing crm',
      'checkBrakes',
    ]);
    expect(engine.calls.slice(5, 8).toSorted()).toEqual(['deliverBatch 1', 'deliverBatch 2', 'deliverBatch 3']);
    expect(engine.calls.at(8)).toBe('endRun');
    expect(world.deliveries).toEqual([]);
  });

  test('delivers to both sides at the same time, and to one side one delivery after the other', async () => {
    const { engine, runner, pair } = stage({
      pages: { crm: [page, page], erp: [page, page] },
      slow: (verb) => (verb === 'deliverBatch' ? 100 : 0),
    });
    await runner.runNow(pair);
    expect(engine.count('deliverBatch')).toBe(4);
    expect(engine.crowd['deliverBatch']).toBe(2);
  });

  test('reads again when a write met something newer', async () => {
    const { engine, runner, pair } = stage({ pages: { crm: [page], erp: [] }, stale: new Set([1]) });
    const summary = await runner.runNow(pair);
    expect(summary.written).toBe(1);
    expect(engine.calls.filter((call) => call.startsWith('deliverBatch'))).toEqual([
      'deliverBatch 1',
      'deliverBatch 2',
    ]);
  });

  test('delivers nothing that the brakes have stopped, and goes on reading', async () => {
    const { engine, runner, pair, world } = stage({ brake: true, pages: { crm: [page], erp: [] } });
    expect(await runner.runNow(pair)).toMatchObject({ halted: true, written: 0 });
    world.pages['erp']?.push(page);
    await eventually('the edit of a halted pair is read', () => engine.count('takePage erp') > 0);
    expect(world.written).toBe(0);
  });

  test('a side that cannot be read does not keep the other one from being read; nothing is sent to it', async () => {
    const failing: World['failing'] = (verb, detail) =>
      verb === 'takePage' && detail === 'crm' ? new ParleyError('connector.denied', 'crm lets nobody in.') : null;
    const { engine, runner, pair } = stage({ pages: { crm: [], erp: [page] }, failing });
    expect(await runner.runNow(pair)).toMatchObject({ written: 0, problem: 'crm lets nobody in.' });
    expect([engine.count('takePage erp') > 0, engine.count('deliverBatch')]).toEqual([true, 0]);
  });

  test('what an interrupted worker left open is delivered first, after the brakes', async () => {
    const { engine, runner, pair, world } = stage();
    world.deliveries.push({ id: 77, side: 'erp' as never });
    await runner.runNow(pair);
    expect(engine.calls.slice(0, 2)).toEqual(['checkBrakes', 'deliverBatch 77']);
  });
});

describe('modes', () => {
  test('a held pair reads and does not write; leaving hold writes what waited', async () => {
    const { engine, runner, pair, world } = stage();
    await runner.setMode(pair, 'hold', 'ada');
    world.pages['crm']?.push(page);
    await eventually('the edit is read', () => engine.count('takePage crm') > 0);
    world.deliveries = [];
    world.waiting = true;
    expect(engine.count('deliverBatch')).toBe(0);
    await runner.setMode(pair, 'resume', 'ada');
    await eventually('what waited is written', () => world.written === 1);
    expect(engine.calls).toContain('setMode active ada');
    expect(engine.count('planWaiting')).toBe(1);
  });

  test('a pause holds when it answers: the batch under way is finished and nothing follows', async () => {
    const pages = Array.from({ length: 50 }, () => page);
    const { engine, runner, pair } = stage({
      pages: { crm: pages, erp: [] },
      slow: (verb) => (verb === 'takePage' ? 50 : 0),
    });
    await runner.ensure(pair);
    await eventually('reading has begun', () => engine.count('takePage') > 2);
    await runner.setMode(pair, 'pause', 'ada');
    const calls = engine.calls.length;
    expect(engine.count('takePage')).toBeLessThan(50);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(engine.calls).toHaveLength(calls);
    const summary = await runner.runNow(pair);
    expect(summary.problem).toMatch(/paused/);
  });

  test('a drain delivers what is open, reads nothing new and becomes a pause', async () => {
    const { engine, runner, pair, world } = stage();
    await runner.setMode(pair, 'pause', 'ada');
    world.deliveries.push({ id: 5, side: 'erp' as never }, { id: 6, side: 'crm' as never });
    world.waiting = true;
    world.pages['crm']?.push(page);
    await runner.setMode(pair, 'drain', 'ada');
    await eventually('the pair is paused again', () => world.mode === 'paused');
    expect(world.written).toBe(3);
    expect(world.deliveries).toEqual([]);
    expect(engine.count('takePage')).toBe(0);
  });

  test('a refusal of the engine comes back with its code and hint', async () => {
    const { runner, pair } = stage({
      mode: 'new',
      failing: (verb) =>
        verb === 'setMode'
          ? new ParleyError('pair.not_approved', 'The pair was never approved.', { hint: 'Make a plan.' })
          : null,
    });
    await expect(runner.setMode(pair, 'resume', 'ada')).rejects.toMatchObject({
      code: 'pair.not_approved',
      message: 'The pair was never approved.',
      hint: 'Make a plan.',
    });
  });
});

describe('plans', () => {
  test('a pair that was never approved only plans, and its first plan is applied before anything else', async () => {
    const { engine, runner, pair, world } = stage({ mode: 'new', pages: { crm: [page, page], erp: [page] } });
    expect((await runner.runNow(pair)).problem).toMatch(/never approved/);
    expect(engine.count('takePage')).toBe(0);

    world.plan = { id: 9, state: 'reading' };
    await runner.poke(pair);
    await eventually('the plan is ready', () => world.plan?.state === 'ready');
    expect(engine.calls.filter((call) => call.startsWith('takePage'))).toEqual([
      'takePage crm',
      'takePage crm',
      'takePage erp',
    ]);
    expect(engine.count('decidePlanPage')).toBe(3);
    expect(engine.count('deliverBatch')).toBe(0);

    world.plan.state = 'applying';
    world.mode = 'active';
    await runner.poke(pair);
    await eventually('the plan is applied', () => world.plan?.state === 'applied');
    expect(world.written).toBe(3);
    const [applied, delivered, finished] = ['applyPlanPage', 'deliverBatch 3', 'finishPlan'].map((call) =>
      engine.calls.lastIndexOf(call),
    );
    expect([applied, delivered, finished]).toEqual(
      [applied, delivered, finished].toSorted((a, b) => Number(a) - Number(b)),
    );
  });

  test('a plan that cannot be made says why, and the pair goes on', async () => {
    const { engine, runner, pair, world } = stage({
      mode: 'new',
      plan: { id: 3, state: 'reading' },
      failing: (verb) =>
        verb === 'takePage' ? new ParleyError('connector.denied', 'The account may not read this.') : null,
    });
    await runner.ensure(pair);
    await eventually('the plan has failed', () => world.plan?.state === 'failed');
    expect(engine.calls).toContain('failPlan The account may not read this.');
    expect((await runner.runNow(pair)).problem).toMatch(/never approved/);
  });

  test('an approved plan is finished even when a side cannot be written, and that write stays open', async () => {
    const { engine, runner, pair, world } = stage({
      mode: 'active',
      plan: { id: 3, state: 'applying' },
      failing: (verb, detail) =>
        verb === 'deliverBatch' && detail === '1' ? new ParleyError('connector.denied', 'No.') : null,
    });
    await runner.ensure(pair);
    await eventually('the problem is written down', () => world.problems.includes('No.'));
    expect(world.plan?.state).toBe('applied');
    expect(engine.count('failPlan')).toBe(0);
    expect(world.deliveries.map(({ id }) => id)).toEqual([1, 2, 3]);
  });
});
