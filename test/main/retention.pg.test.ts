import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEnvironment } from '../../src/main/environment.js';
import { openRetentionHere } from '../../src/main/retention.js';
import { monthMs, RetentionWorld } from '../engine/retention-world.js';

const program = fileURLToPath(new URL('./retain-program.ts', import.meta.url));

let opened: RetentionWorld;
beforeEach(async () => {
  // By the clock of the machine the last of the three months is the present one.
  opened = await RetentionWorld.open({}, -2);
});
afterEach(() => opened.close());

/** Runs it as a process of its own, ended by SIGKILL when it has said a line that begins so; returns its last line. */
async function retaining(endAt: string | null): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, opened.folder, String(monthMs(0))], {
    env: { PATH: process.env['PATH'], ...opened.variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = once(child, 'close');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (endAt !== null && line.includes(endAt)) child.kill('SIGKILL');
  }
  await over;
  return last;
}

// SPEC I17: ended anywhere, nothing is half done.
test('killed while it exports, keeps forward, and takes the months away, the same command goes on to the end', async () => {
  for (const endAt of ['exporting', 'keeping forward', 'taking the months away']) {
    await retaining(endAt);
    expect(await opened.problems()).toEqual([]);
  }
  expect(await retaining(null)).toMatch(/^retired [01]$/);
  expect(await opened.problems()).toEqual([]);
  const { world } = opened;
  const retirement = await world.store.retirement(world.pair);
  expect(await opened.file(retirement?.file ?? '')).toMatchObject({ ok: true, problems: [] });
  expect((await world.store.ledger(world.pair, 0, 1))[0]?.entry.seq).toBe(retirement?.cut);
});

test('without the owner of the database it says whose right it needs, and why', async () => {
  const { DATABASE_OWNER_URL: _owner, ...variables } = opened.variables;
  await expect(openRetentionHere(readEnvironment(variables), opened.folder)).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('only its owner may take months of it away'),
  });
});
