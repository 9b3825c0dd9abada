import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts the built API under plain Node, with neither Postgres nor Temporal within reach, asks whether it is alive and
 * stops it. Proves that everything it imports loads outside the test runner, and that it starts and ends by itself.
 */
const startTimeoutMs = 30_000;
const stopTimeoutMs = 15_000;

const port = await freePort();
const nowhere = await freePort();
const server = spawn(process.execPath, [join('dist', 'src', 'main', 'cli.js'), 'serve', 'api'], {
  cwd: join(import.meta.dirname, '..'),
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    DATABASE_URL: `postgres://parley_app:none@127.0.0.1:${nowhere}/parley`,
    TEMPORAL_ADDRESS: `127.0.0.1:${nowhere}`,
    PARLEY_HOST: '127.0.0.1',
    PARLEY_PORT: String(port),
    PARLEY_CONFIG: join('examples', 'suppliers'),
  },
});
const ended = once(server, 'exit');

try {
  const status = await firstAnswer(`http://127.0.0.1:${port}/health`);
  console.log(`GET /health answered ${status}`);
  if (status !== 200) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

server.kill('SIGTERM');
const stopped = await Promise.race([ended, sleep(stopTimeoutMs, null, { ref: false })]);
if (stopped === null) {
  server.kill('SIGKILL');
  console.error(`The API did not stop within ${stopTimeoutMs / 1000} s of SIGTERM.`);
  process.exitCode = 1;
} else if (server.exitCode !== 0) {
  console.error(`The API ended with ${server.exitCode ?? server.signalCode} instead of 0.`);
  process.exitCode = 1;
}

async function firstAnswer(url: string): Promise<number> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`The API ended with ${server.exitCode} before it answered.`);
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) return answer.status;
    await sleep(100);
  }
  throw new Error(`The API did not answer within ${startTimeoutMs / 1000} s.`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
