import { ApplicationFailure, type ApplicationFailureOptions, CancelledFailure } from '@temporalio/common';
import { ParleyError } from '../src/core/errors.js';
import { unforeseen } from '../workflows/messages.js';

/** Failures stand in histories, and the server cuts them at 4 KiB. */
const messageMax = 1_000;

/**
 * The one place where an error becomes a failure that Temporal understands: the type is the error's code, the table of
 * codes says whether trying again may help, and the hint travels as the first detail. Of an error that nobody foresaw
 * only the name is told, since its message may carry values of records.
 */
export function toFailure(error: unknown, verb: string, isCancelled: boolean): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof ParleyError) {
    return withoutStack({
      type: error.code,
      message: error.message.slice(0, messageMax),
      nonRetryable: !error.retryable,
      details: error.hint === undefined ? [] : [error.hint.slice(0, messageMax)],
    });
  }
  if (isCancelled) return new CancelledFailure(`"${verb}" was stopped; what it had committed stands.`);
  const name = error instanceof Error ? error.name : typeof error;
  return withoutStack({
    type: unforeseen,
    message: `An unforeseen ${name} stopped "${verb}". Nothing half-done was kept. The worker's log shows where it arose.`,
    // It may still be an accident of the moment; the retries are few.
    nonRetryable: false,
  });
}

/** A stack would only show this file, and put paths of the worker's machine into histories. */
function withoutStack(options: ApplicationFailureOptions): ApplicationFailure {
  const failure = ApplicationFailure.create(options);
  failure.stack = '';
  return failure;
}
