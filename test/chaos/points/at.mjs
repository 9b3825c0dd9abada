import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const armed = process.env.PARLEY_TEST_ARMED ?? '';

/**
 * Called at a named point. When a file of its name says that somebody is to die here, the first process that takes the
 * file away kills: itself, or the process that the file names.
 */
export function at(point) {
  const file = join(armed, point);
  let order;
  try {
    order = JSON.parse(readFileSync(file, 'utf8'));
    renameSync(file, `${file}.${order.id}`);
  } catch {
    // Nothing is armed, or another process was first.
    return;
  }
  const taken = `${file}.${order.id}`;
  if (order.victim === undefined) {
    renameSync(taken, `${taken}.done`);
    process.kill(process.pid, 'SIGKILL');
  }
  try {
    process.kill(order.victim, 'SIGKILL');
    renameSync(taken, `${taken}.done`);
  } catch {
    // It had died by itself; whoever armed this hears nothing, and nobody is counted.
  }
}

/** While work is under way and its answer has not been taken in. */
export async function during(point, work) {
  // Until it is awaited below, nobody hears it fail, and that would end the worker for no fault of its own.
  work.catch(() => undefined);
  await new Promise((wake) => setTimeout(wake, 2));
  at(point);
  return work;
}
