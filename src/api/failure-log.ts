import type { ParleyError } from '../core/errors.js';
import type { Log, LogFields } from '../engine/ports.js';
import { statusOf } from './problem.js';

/** Lines of the stack that are kept: enough to find the place. */
const framesMax = 6;

/**
 * Notes a failure that is the server's. Our own messages hold no values and are kept; the text of anything else may
 * hold a record's data (a database quotes the row that it refuses), so only its name and place are.
 */
export function logFailure(log: Log, failure: ParleyError, fields: LogFields): void {
  if (statusOf[failure.code] < 500) return;
  if (failure.code !== 'internal.bug' || !(failure.cause instanceof Error)) {
    log.warn({ ...fields, code: failure.code }, failure.message);
    return;
  }
  const { name, stack } = failure.cause;
  log.error({ ...fields, code: failure.code, error: name, at: framesOf(stack) }, failure.message);
}

function framesOf(stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, framesMax)
    .map((line) => line.trim())
    .join(' | ');
}
