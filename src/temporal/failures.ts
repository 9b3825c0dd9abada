import {
  isGrpcServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, errorCodes, ParleyError } from '../core/errors.js';

/** What Temporal threw, as one of our errors. Refusals of the engine come back with their own code and hint. */
export function toParleyError(error: unknown, address: string): Error {
  if (error instanceof ParleyError) return error;
  if (error instanceof WorkflowUpdateFailedError) return refusal(error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isUnanswered(error))
    return unreachable(error, address);
  return error instanceof Error ? error : new Error(String(error));
}

function unreachable(cause: unknown, address: string): ParleyError {
  return new ParleyError(
    'runner.unreachable',
    `Temporal at ${address} did not answer in time, or no worker did. Nothing is lost: ` +
      `what was decided stands in Postgres and is carried out when both are back.`,
    {
      hint: 'Is the server running, and a worker ("parley serve worker")? "parley doctor" looks at both.',
      cause,
    },
  );
}

/** An activity of the update failed; its type is the code. Anything else means that the workflow ended meanwhile. */
function refusal(error: WorkflowUpdateFailedError): ParleyError {
  const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
    const hint: unknown = cause.details?.[0];
    return new ParleyError(cause.type, cause.message, { cause: error, ...(typeof hint === 'string' ? { hint } : {}) });
  }
  return new ParleyError(
    'pair.busy',
    'The pair was handing over to its next run and could not answer. Nothing was changed by this request.',
    {
      hint: 'Try again.',
      cause: error,
    },
  );
}

const isErrorCode = (type: unknown): type is ErrorCode => typeof type === 'string' && Object.hasOwn(errorCodes, type);

/** A gRPC error, or one that wraps it: no connection, deadline passed, cancelled, overloaded. */
function isUnanswered(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return true;
  }
  return false;
}

/** True for the server's complaint about a search attribute that is not registered. */
export function isUnknownAttribute(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (!isGrpcServiceError(cause)) continue;
    const code: number = cause.code;
    return code === invalidArgument && /search attribute/i.test(cause.message);
  }
  return false;
}
const invalidArgument = 3;
