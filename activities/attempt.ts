import { Context } from '@temporalio/activity';
import type { Log } from '../src/engine/ports.js';
import { ParleyError } from '../src/core/errors.js';
import { toFailure } from './failure.js';
import type { Watches } from './watches.js';

/** The server is told less often: the worker holds heartbeats back until most of the timeout has passed. */
const heartbeatEveryMs = 2_000;

export type AttemptPorts = { readonly log: Log; readonly watches: Watches };

/**
 * One attempt at a verb, as Temporal calls it: heartbeats while it runs, hands over the cancellation signal, stops the
 * pair's lookout first, and turns errors into failures.
 */
export function attempt<Input, Result>(
  ports: AttemptPorts,
  verb: string,
  work: (input: Input, signal: AbortSignal) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const context = Context.current();
    const heartbeat = setInterval(() => context.heartbeat(), heartbeatEveryMs);
    try {
      const pair = pairOf(input);
      if (pair !== null) await ports.watches.stop(pair);
      return await work(input, context.cancellationSignal);
    } catch (error) {
      if (!(error instanceof ParleyError) && !context.cancellationSignal.aborted) logUnforeseen(ports.log, verb, error);
      throw toFailure(error, verb, context.cancellationSignal.aborted);
    } finally {
      clearInterval(heartbeat);
    }
  };
}

function pairOf(input: unknown): string | null {
  const pair = (input as { readonly pair?: unknown } | undefined)?.pair;
  return typeof pair === 'string' ? pair : null;
}

/** Where it arose, without the message: messages of strangers may carry values of records. */
function logUnforeseen(log: Log, verb: string, error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  const name = error instanceof Error ? error.name : typeof error;
  log.error({ verb, error: name, at: frames.slice(0, 8).join('\n') }, 'An activity failed in a way nobody foresaw.');
}
