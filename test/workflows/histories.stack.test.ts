import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { ParleyError } from '../../src/core/errors.js';
import { workflowBundle } from '../../src/temporal/workflow-bundle.js';
import { temporalAddress } from '../support/temporal.js';
import type { World } from './scripted-engine.js';
import { eventually, openStage, type Stage } from './stage.js';

/**
 * Histories of what a pair goes through. Each is replayed at once, which finds what is not deterministic in today's code.
 * With RECORD_HISTORIES=0.1 they are kept as test/histories/0.1-NAME.json, which finds what breaks workflows of a release.
 */
const scenarios: { name: string; changes: Partial<World>; play: (stage: Stage) => Promise<void> }[] = [
  {
    name: 'cycle',
    changes: { pages: { crm: [{ changed: 1 }, { changed: 2 }], erp: [{ changed: 1 }] }, stale: new Set([2]) },
    async play({ runner, pair, world }) {
      await runner.runNow(pair);
      world.pages['erp']?.push({ changed: 1 });
      await eventually('the lookout finds an edit', () => world.written === 4);
      await runner.poke(pair);
      await runner.runNow(pair);
    },
  },
  {
    name: 'modes',
    changes: {},
    async play({ runner, pair, world }) {
      await runner.setMode(pair, 'hold', 'ada');
      world.waiting = true;
      await runner.setMode(pair, 'resume', 'ada');
      await eventually('what waited is written', () => world.written === 1);
      await runner.setMode(pair, 'pause', 'ada');
      await runner.runNow(pair);
      world.deliveries.push({ id: 50, side: 'erp' as never });
      await runner.setMode(pair, 'drain', 'ada');
      await eventually('the pair is paused', () => world.mode === 'paused');
    },
  },
  {
    name: 'first-plan',
    changes: { mode: 'new', pages: { crm: [{ changed: 1 }], erp: [{ changed: 1 }] } },
    async play({ runner, pair, world }) {
      world.plan = { id: 1, state: 'reading' };
      await runner.poke(pair);
      await eventually('the plan is ready', () => world.plan?.state === 'ready');
      world.plan.state = 'applying';
      world.mode = 'active';
      await runner.poke(pair);
      await eventually('the plan is applied', () => world.plan?.state === 'applied');
      await runner.runNow(pair);
    },
  },
  {
    name: 'trouble',
    changes: { pages: { crm: [{ changed: 1 }], erp: [] }, doubtful: new Set([1]) },
    async play({ runner, pair, world }) {
      await runner.runNow(pair);
      await eventually('the doubt is resolved', () => world.written === 1);
      world.failing = (verb) => (verb === 'takePage' ? new ParleyError('connector.denied', 'No.') : null);
      await runner.runNow(pair);
      world.failing = () => null;
      await runner.poke(pair);
      await runner.runNow(pair);
    },
  },
];

test.for(scenarios)(
  'what a pair goes through can be replayed: $name',
  async ({ name, changes, play }, { onTestFinished }) => {
    const stage = openStage(temporalAddress(), changes);
    onTestFinished(() => stage.close());
    await stage.runner.ensure(stage.pair);
    await play(stage);
    const history = await stage.workflow.fetchHistory();
    expect(history.events?.length).toBeGreaterThan(20);
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, `pair/${stage.pair}`);

    const release = process.env['RECORD_HISTORIES'];
    if (release === undefined) return;
    const folder = fileURLToPath(new URL('../histories/', import.meta.url));
    await mkdir(folder, { recursive: true });
    // The names of this machine and of the random pair have no place in a fixture.
    const text = historyToJSON(history)
      .replaceAll(`${process.pid}@${hostname()}`, 'worker')
      .replaceAll(hostname(), 'machine')
      .replaceAll(stage.pair, 'suppliers');
    await writeFile(`${folder}${release}-${name}.json`, `${text}\n`);
  },
);
