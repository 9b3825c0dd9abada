import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Application } from '../arena.js';

const lookEveryMs = 250;

/**
 * For products that do not say when they are at rest: both tables have not changed for a while. What never comes to
 * rest is judged as it stands after `patienceMs`.
 */
export async function untilStill(
  applications: () => readonly Application[],
  { quietMs, patienceMs }: { readonly quietMs: number; readonly patienceMs: number },
): Promise<void> {
  let [last, since] = ['', Date.now()];
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(lookEveryMs)) {
    const now = await digest(applications());
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since >= quietMs) return;
  }
}

async function digest(applications: readonly Application[]): Promise<string> {
  const hash = createHash('sha256');
  for (const application of applications) {
    const sorted = [...(await application.rows()).values()].sort((left, right) => Number(left.id) - Number(right.id));
    hash.update(JSON.stringify(sorted));
  }
  return hash.digest('hex');
}
