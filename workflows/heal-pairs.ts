import { healing } from './proxies.js';

/** Started by a schedule: makes sure that every pair in Postgres has its workflow. */
export async function healPairs(): Promise<{ pairs: number }> {
  return healing.healPairs();
}
