import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog, type LogLevel } from '../../src/telemetry/log.js';

async function logged(
  level: LogLevel,
  write: (log: ReturnType<typeof createLog>) => void,
): Promise<{ [name: string]: unknown }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-log-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'logs', 'worker.log');
  write(createLog({ level, name: 'worker', file }));
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as { [name: string]: unknown });
}

test('a line says when, which process, how grave, and the fields it was given', async () => {
  const [line] = await logged('info', (log) => log.warn({ pair: 'suppliers', count: 3 }, 'Something happened.'));
  expect(line).toMatchObject({
    level: 'warn',
    process: 'worker',
    pid: process.pid,
    pair: 'suppliers',
    count: 3,
    msg: 'Something happened.',
  });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('what is less grave than the level is not written', async () => {
  const lines = await logged('warn', (log) => {
    log.info({}, 'quiet');
    log.error({}, 'loud');
  });
  expect(lines.map(({ msg }) => msg)).toEqual(['loud']);
});

test('secrets are hidden, by name and inside of addresses', async () => {
  const lines = await logged('info', (log) => {
    log.info({ password: 'hunter2', token: 'hunter2', url: 'postgres://a:hunter2@db/x' }, 'by name');
    log.info(
      { error: 'cannot reach postgres://app:hunter2@db:5432/parley' },
      'connect postgres://app:hunter2@db failed',
    );
  });
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines[1]?.['error']).toBe('cannot reach postgres://app:[hidden]@db:5432/parley');
});
