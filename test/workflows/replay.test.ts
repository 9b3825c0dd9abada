import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { installRuntime } from '../../src/temporal/sdk-log.js';
import { workflowBundle } from '../../src/temporal/workflow-bundle.js';
import { silentLog } from '../support/silent-log.js';

installRuntime(silentLog);

/** Recorded by histories.stack.test.ts; one set for every release whose workflows may still run. */
const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

type Recorded = {
  events: {
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
    workflowTaskCompletedEventAttributes?: { sdkMetadata?: { coreUsedFlags?: number[] } };
  }[];
};
const recorded = (name: string): Recorded => JSON.parse(readFileSync(folder + name, 'utf8')) as Recorded;
const replay = async (history: unknown): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, 'pair/suppliers');

test('there are histories of every kind of day', () => {
  expect(names.filter((name) => name.startsWith('0.1-')).toSorted()).toEqual([
    '0.1-cycle.json',
    '0.1-first-plan.json',
    '0.1-modes.json',
    '0.1-trouble.json',
  ]);
});

describe.each(names)('%s', (name) => {
  test('is replayed by the workflow of today', async () => {
    await expect(replay(recorded(name))).resolves.toBeUndefined();
  });

  test('carries the flags without which a replay would compare nothing', () => {
    const flags = recorded(name).events.flatMap(
      (event) => event.workflowTaskCompletedEventAttributes?.sdkMetadata?.coreUsedFlags ?? [],
    );
    expect(flags).toEqual(expect.arrayContaining([1, 2, 3]));
  });

  test('is not replayed when it says another activity than the workflow asks for', async () => {
    const history = recorded(name);
    const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []).at(-1);
    if (scheduled === undefined) throw new Error('no activity in this history');
    scheduled.activityType.name = 'sellTheCompany';
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });

  test('names no machine and holds ids and counts only', () => {
    const text = readFileSync(folder + name, 'utf8');
    expect(text).not.toMatch(/\d+@|node_modules/);
    const payloads = [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]*)"/g)].map(([, data]) =>
      Buffer.from(data as string, 'base64').toString('utf8'),
    );
    expect(payloads.length).toBeGreaterThan(20);
    for (const payload of payloads) expect(payload.length).toBeLessThan(1_000);
  });
});
