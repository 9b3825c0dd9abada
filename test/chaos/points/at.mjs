import { readFileSync, renameSync } from 'node:fs';

const armed = process.env.PARLEY_TEST_ARMED ?? '';

/**
 * Called at a named point. When the file says that somebody is to die here, the first process that takes the file
 * away kills: itself, or the process that the file names.
 */
export function at(point) {
  let order;
  try {
    order = JSON.parse(readFileSync(armed, 'utf8'));
    if (order.point !== point) return;
    renameSync(armed, `${armed}.${order.id}`);
  } catch {
    // Nothing is armed, or another process was first.
    return;
  }
  process.kill(order.victim ?? process.pid, 'SIGKILL');
}

/** While work is under way and its answer has not been taken in. */
export async function during(point, work) {
  await new Promise((wake) => setTimeout(wake, 2));
  at(point);
  return work;
}
