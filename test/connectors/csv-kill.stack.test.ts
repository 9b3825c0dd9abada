import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { recordKey } from '../../src/core/ids.js';
import { pass } from './conformance-steps.js';
import { csvWorld, fileName } from './csv-world.js';

const rowCount = 5_000;
const killCount = 20;

test('whenever the writing process is killed, the file is one whole version, and the next process goes on', async () => {
  const header = 'id,name,note';
  const rows = Array.from({ length: rowCount }, (_, at) => ({ id: `k${at}`, note: `"not, ours ${at}"` }));
  const fileOf = (name: string): string =>
    `${[header, ...rows.map(({ id, note }) => `${id},${name},${note}`)].join('\n')}\n`;
  const world = await csvWorld(['id'], fileOf('version 0'));
  onTestFinished(() => world.close());
  const env = {
    ...process.env,
    PARLEY_TEST_SETTINGS: JSON.stringify(world.settings),
    PARLEY_TEST_KEYS: rows.map(({ id }) => id).join(','),
  };
  let insideWrites = 0;
  let last = 0;
  for (let kill = 0; kill < killCount; kill += 1) {
    const program = join(import.meta.dirname, 'csv-child.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program, 'on'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    // Every other kill waits until a new version is being written and then strikes at one of its steps.
    if (kill % 2 === 0) await wait(kill * 10);
    else await untilWriting(world.folder, kill);
    child.kill('SIGKILL');
    await ended;
    const text = await world.text();
    const version = /,(version \d+),/.exec(text)?.[1] ?? 'no version';
    expect(text === fileOf(version)).toBe(true);
    last = Math.max(last, Number(version.slice('version '.length)));
    if ((await readdir(world.folder)).some((name) => name.startsWith(`.${fileName}.`))) insideWrites += 1;
  }
  expect(last).toBeGreaterThan(0);
  // If no kill ever fell between the first byte of a new version and its end, this test has shown nothing.
  expect(insideWrites).toBeGreaterThan(0);
  const connector = await world.make();
  expect((await readdir(world.folder)).sort()).toEqual([fileName, 'work']);
  const fields = { name: 'after' };
  const next = { kind: 'update', key: recordKey('k7'), fields, expect: {}, token: null, idempotencyKey: '' } as const;
  expect(await connector.write([next])).toMatchObject([{ kind: 'accepted' }]);
  expect((await pass(connector, null)).records.length).toBe(rowCount);
}, 180_000);

async function untilWriting(folder: string, extraMs: number): Promise<void> {
  while (!(await readdir(folder)).some((name) => name.startsWith(`.${fileName}.`))) await wait(1);
  await wait(extraMs / 2);
}
