import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal-server.js';
import { healScheduleId, pairAttribute } from '../../workflows/messages.js';
import { silentLog } from '../support/silent-log.js';
import { eventually, openStage } from './stage.js';

test('a server that is lost and comes back without its database costs nothing: pairs, schedule and attribute are made again', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-server-loss-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  let server = await startEmpty(folder);
  const port = server.port;
  const stage = openStage(server.address, { healed: true });
  onTestFinished(async () => {
    await stage.close();
    await server.stop();
  });
  const { engine, pair, runner, world, workflow } = stage;
  const inOrder = async (): Promise<void> => {
    const before = world.written;
    world.pages['crm']?.push({ changed: 1 });
    await eventually('an edit is delivered', () => world.written > before);
    await eventually('the pair is found by its attribute', async () => {
      const found = [];
      for await (const { workflowId } of runner.client.workflow.list({
        query: `${pairAttribute} = "${pair}" AND ExecutionStatus = "Running"`,
      }))
        found.push(workflowId);
      return found.length === 1;
    });
    expect((await runner.client.schedule.getHandle(healScheduleId).describe()).scheduleId).toBe(healScheduleId);
  };
  await inOrder();
  const first = (await workflow.describe()).runId;

  await server.stop();
  await expect(runner.poke(pair)).rejects.toMatchObject({ code: 'runner.unreachable' });
  server = await startEmpty(folder, port);
  expect(server.port).toBe(port);

  await inOrder();
  expect((await workflow.describe()).runId).not.toBe(first);
  // A run ends after what it writes has landed: the first one may have been lost with the server before its end.
  const ended = engine.count('endRun');
  world.pages['crm']?.push({ changed: 1 });
  await eventually('a run of the new server ends', () => engine.count('endRun') > ended);
});

/** A server that keeps nothing: the one that comes after it has an empty database. */
async function startEmpty(folder: string, port = 0): Promise<TemporalServer> {
  const program = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined } });
  if (program.kind === 'server') throw new Error('this test needs a server of its own');
  return startTemporal({ folder, program, port, log: silentLog, keep: false });
}
