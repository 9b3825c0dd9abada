import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markOf, type ProcessMark, stillRuns } from '../../src/dev/process-mark.js';
import {
  type Child,
  type ChildEvent,
  killAll,
  type Stoppable,
  stopInOrder,
  supervise,
} from '../../src/dev/processes.js';

const nodeFlags = ['--import', 'tsx', '--import', new URL('../../src/dev/end-with-parent.ts', import.meta.url).href];
const quick = { firstMs: 30, mostMs: 120, healthyMs: 5_000 };
let folder: string;
let children: Child[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-processes-'));
  children = [];
});
afterEach(async () => {
  await killAll(children);
  await rm(folder, { recursive: true, force: true });
});

type Run = { readonly child: Child; readonly events: ChildEvent[]; readonly log: () => Promise<string> };

async function run(code: string, options: { graceMs?: number; env?: NodeJS.ProcessEnv } = {}): Promise<Run> {
  const script = join(folder, `child-${children.length}.mjs`);
  await writeFile(script, code);
  const events: ChildEvent[] = [];
  const logFile = join(folder, 'logs', `child-${children.length}.log`);
  const child = await supervise({
    name: 'worker',
    args: [script],
    env: { ...process.env, ...options.env },
    logFile,
    graceMs: options.graceMs ?? 5_000,
    onEvent: (event) => events.push(event),
    backoff: quick,
    nodeFlags,
  });
  children.push(child);
  return { child, events, log: async () => readFile(logFile, 'utf8') };
}

const forever = `console.log('up'); process.on('SIGTERM', () => { console.log('down'); process.exit(0); }); setInterval(() => {}, 1000);`;
const patient = { timeout: 10_000 };

test('a process is asked to end, says goodbye, and is not started again', async () => {
  const { child, events, log } = await run(forever);
  await expect.poll(log, patient).toContain('up');
  await child.stop();
  expect(await log()).toBe('up\ndown\n');
  expect(events.map(({ kind }) => kind)).toEqual(['started', 'stopped']);
  expect(child.pid()).toBeUndefined();
});

test('one that dies is started again, after longer and longer waits up to a limit', async () => {
  const { child, events } = await run('process.exit(7)');
  await expect.poll(() => events.filter(({ kind }) => kind === 'died').length, patient).toBeGreaterThanOrEqual(4);
  await child.stop();
  const deaths = events.filter((event) => event.kind === 'died');
  expect(deaths.slice(0, 4).map(({ restartInMs }) => restartInMs)).toEqual([30, 60, 120, 120]);
  expect(deaths[0]).toMatchObject({ how: 'exit code 7', deaths: 1 });
  const before = events.length;
  await new Promise((wake) => setTimeout(wake, 300));
  expect(events).toHaveLength(before);
});

test('one that was killed by somebody else comes back as another process', async () => {
  const { child, events, log } = await run(forever);
  await expect.poll(log, patient).toContain('up');
  const first = child.pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await expect.poll(() => events.filter(({ kind }) => kind === 'started').length, patient).toBe(2);
  expect(child.pid()).not.toBe(first);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'died', how: 'signal SIGKILL' }));
});

test('one that does not listen is ended when its time is up', async () => {
  const { child, log } = await run(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);`, {
    graceMs: 300,
  });
  await expect.poll(log, patient).toContain('up');
  const startedAtMs = Date.now();
  await child.stop();
  expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(290);
  expect(child.pid()).toBeUndefined();
});

test('an order to stop that comes right after the order to start is obeyed', async () => {
  const { child } = await run(forever);
  await child.stop();
  expect(child.pid()).toBeUndefined();
});

test.runIf(process.platform === 'linux')(
  'it is not in our process group: Ctrl-C in the terminal is ours alone to pass on',
  async () => {
    const { child, log } = await run(forever);
    await expect.poll(log, patient).toContain('up');
    const pid = child.pid() ?? 0;
    const group = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[2];
    expect(Number(group)).toBe(pid);
  },
);

test('a process ends when its supervisor is killed', async () => {
  const script = join(folder, 'orphan.mjs');
  await writeFile(script, forever);
  const supervisor = join(folder, 'supervisor.mts');
  await writeFile(
    supervisor,
    `import { supervise } from ${JSON.stringify(new URL('../../src/dev/processes.ts', import.meta.url).href)};
     await supervise({ name: 'worker', args: [${JSON.stringify(script)}], env: process.env, graceMs: 1000,
       logFile: ${JSON.stringify(join(folder, 'orphan.log'))}, nodeFlags: ${JSON.stringify(nodeFlags)},
       onEvent: (event) => event.kind === 'started' && console.log(event.pid) });`,
  );
  const parent = spawn(process.execPath, ['--import', 'tsx', supervisor], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const orphan = (await markOf(Number(line.toString()))) as ProcessMark;
  await expect.poll(async () => readFile(join(folder, 'orphan.log'), 'utf8'), patient).toContain('up');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await expect.poll(async () => stillRuns(orphan), patient).toBe(false);
  expect(await readFile(join(folder, 'orphan.log'), 'utf8')).toBe('up\ndown\n');
});

test('threads inherit the watch for the supervisor and do not mistake their own input for it', async () => {
  const { child, events, log } = await run(
    `import { Worker } from 'node:worker_threads';
     const worker = new Worker("setTimeout(() => {}, 600)", { eval: true });
     worker.once('exit', () => console.log('thread done'));
     setInterval(() => {}, 1000);`,
  );
  await expect.poll(log, patient).toContain('thread done');
  await new Promise((wake) => setTimeout(wake, 200));
  expect(child.pid()).toBeDefined();
  expect(events.map(({ kind }) => kind)).toEqual(['started']);
});

test('parts are stopped in order, each after the one before, and a failure keeps none of the others running', async () => {
  const told: string[] = [];
  const part = (name: string, failure?: Error): Stoppable => ({
    name,
    async stop() {
      told.push(`${name} asked`);
      await new Promise((wake) => setTimeout(wake, 20));
      told.push(`${name} gone`);
      if (failure !== undefined) throw failure;
    },
    kill: () => Promise.resolve(),
  });
  const failure = new Error('worker does not end');
  const stopping = stopInOrder([part('api'), part('worker', failure), part('temporal'), part('postgres')]);
  await expect(stopping).rejects.toBe(failure);
  expect(told).toEqual(['api', 'worker', 'temporal', 'postgres'].flatMap((name) => [`${name} asked`, `${name} gone`]));
});

test('the first Ctrl-C stops, the second kills', async () => {
  const script = join(folder, 'signals.mts');
  await writeFile(
    script,
    `import { stopOnSignal } from ${JSON.stringify(new URL('../../src/dev/processes.ts', import.meta.url).href)};
     const keep = setInterval(() => {}, 1000);
     const parts = { stop: () => new Promise(() => {}), kill: async () => {} };
     console.log('up');
     const over = await stopOnSignal(parts, (signal, count) => console.log(signal, count));
     console.log(JSON.stringify(over));
     clearInterval(keep);`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    said += part.toString();
  });
  const exited = once(child, 'exit');
  await expect.poll(() => said, patient).toContain('up');
  child.kill('SIGINT');
  await expect.poll(() => said, patient).toContain('SIGINT 1');
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(said).toBe('up\nSIGINT 1\nSIGINT 2\n{"signal":"SIGINT","forced":true}\n');
});
