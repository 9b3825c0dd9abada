import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test, vi } from 'vitest';
import { createActivities } from '../../activities/index.js';
import type { AwaitChangeResult } from '../../activities/contract.js';
import { ParleyError } from '../../src/core/errors.js';
import { pairId, sideName } from '../../src/core/ids.js';
import type { Log } from '../../src/engine/ports.js';
import { installRuntime } from '../../src/temporal/sdk-log.js';
import { silentLog } from '../support/silent-log.js';
import { type ScriptedEngine, scriptedEngine } from '../workflows/scripted-engine.js';

installRuntime(silentLog);

const pair = pairId('suppliers');
const everyHour = { pair, everyMs: 3_600_000, forMs: 3_600_000, list: false, tried: [] };

function verbs(engine: ScriptedEngine, options: { log?: Log; closing?: AbortSignal } = {}) {
  const { log = silentLog, closing = new AbortController().signal } = options;
  return createActivities({ engine, log, closing, heal: async () => ({ pairs: 0 }) });
}

test('work on a pair ends its lookout first, at once and without a word from the server', async () => {
  const engine = scriptedEngine({ pages: { crm: [{ changed: 1 }], erp: [] } });
  const activities = verbs(engine);
  const watching: Promise<AwaitChangeResult> = new MockActivityEnvironment().run(activities.awaitChange, everyHour);
  await vi.waitUntil(() => engine.looks() > 0);
  const page: unknown = await new MockActivityEnvironment().run(activities.takePage, {
    pair,
    side: sideName('crm'),
    run: 1,
    plan: null,
  });
  expect(page).toMatchObject({ changed: 1 });
  expect(await watching).toBeNull();
});

test('the lookout of one pair is not ended by work on another', async () => {
  const engine = scriptedEngine();
  const activities = verbs(engine);
  let ended = false;
  const watching = new MockActivityEnvironment().run(activities.awaitChange, everyHour).then(() => {
    ended = true;
  });
  await vi.waitUntil(() => engine.looks() > 0);
  await new MockActivityEnvironment().run(activities.nextStep, { pair: pairId('customers') });
  expect(ended).toBe(false);
  await new MockActivityEnvironment().run(activities.nextStep, { pair });
  await watching;
});

test('a worker that closes ends its lookouts and leaves the rest to the next one', async () => {
  const closing = new AbortController();
  const engine = scriptedEngine();
  const watching = new MockActivityEnvironment().run(verbs(engine, { closing: closing.signal }).awaitChange, everyHour);
  await vi.waitUntil(() => engine.looks() > 0);
  closing.abort();
  expect(await watching).toBeNull();
});

test('a long batch gives signs of life', async () => {
  const engine = scriptedEngine({ deliveries: [{ id: 1, side: sideName('crm') }], slow: () => 2_300 });
  const environment = new MockActivityEnvironment();
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  await environment.run(verbs(engine).deliverBatch, { pair, delivery: 1 });
  expect(heartbeats).toEqual([undefined]);
});

test('errors leave as failures; the log learns where an unforeseen one arose, and not what it said', async () => {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => {
    lines.push(JSON.stringify({ ...fields, message }));
  };
  const engine = scriptedEngine({
    failing: (verb) =>
      verb === 'takePage' ? new TypeError('Ada owes 300') : new ParleyError('store.unreachable', 'Away.'),
  });
  const activities = verbs(engine, { log: { info: write, warn: write, error: write } });
  const input = { pair, side: sideName('crm'), run: 1, plan: null };
  await expect(new MockActivityEnvironment().run(activities.takePage, input)).rejects.toBeInstanceOf(
    ApplicationFailure,
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('takePage');
  expect(lines[0]).toContain('scripted-engine');
  expect(lines[0]).not.toContain('Ada');
  await expect(
    new MockActivityEnvironment().run(activities.endRun, { pair, run: 1, problem: null }),
  ).rejects.toMatchObject({
    type: 'store.unreachable',
    nonRetryable: false,
  });
  expect(lines).toHaveLength(1);
});
