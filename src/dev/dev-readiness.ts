import { join } from 'node:path';
import { ParleyError } from '../core/errors.js';
import { apiReadiness, apiVersion } from './api-probe.js';
import type { DevFile } from './dev-file.js';

const apiAnswerMs = 60_000;
const workerSeenMs = 60_000;
const pollMs = 150;

type Waiting = {
  readonly signal?: AbortSignal;
  readonly onReady: (part: 'api' | 'worker', detail: string) => void;
};

/** Waits until the API answers and has seen a worker. Throws `dev.process_failed`, or the signal's reason. */
export async function untilTheyAnswer(file: DevFile, { signal, onReady }: Waiting): Promise<void> {
  const { url } = file.api;
  await within(apiAnswerMs, signal, async () => (await apiVersion(url)) !== undefined, {
    problem: `The API did not answer on ${url} within ${apiAnswerMs / 1_000} s.`,
    hint: `What it said: ${join(file.logs, 'api.log')}`,
  });
  onReady('api', url);
  const workerSeen = async (): Promise<boolean> =>
    (await apiReadiness(url))?.checks.some(({ name, ok }) => name === 'workers' && ok) ?? false;
  await within(workerSeenMs, signal, workerSeen, {
    problem: `No worker was seen within ${workerSeenMs / 1_000} s.`,
    hint: `What it said: ${join(file.logs, 'worker.log')}`,
  });
  onReady('worker', 'seen by the API');
}

async function within(
  limitMs: number,
  signal: AbortSignal | undefined,
  holds: () => Promise<boolean>,
  otherwise: { readonly problem: string; readonly hint: string },
): Promise<void> {
  const until = Date.now() + limitMs;
  while (!(await holds())) {
    signal?.throwIfAborted();
    if (Date.now() > until) {
      throw new ParleyError(
        'dev.process_failed',
        `${otherwise.problem} Everything was stopped again; no data was lost.`,
        {
          hint: otherwise.hint,
        },
      );
    }
    await new Promise((wake) => setTimeout(wake, pollMs));
  }
}
