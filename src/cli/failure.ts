import { randomBytes } from 'node:crypto';
import { ParleyError } from '../core/errors.js';
import type { ReportedProblem } from './output.js';
import { paint, type Style } from './render/style.js';
import { printable } from './render/text-width.js';

/** A command that was not written as it must be. */
export function wrongUsage(message: string, hint?: string): ParleyError {
  return new ParleyError('request.invalid', message, hint === undefined ? {} : { hint });
}

/** Ours as it is; anything else is a bug whose text may hold anything, so only a number is told. */
export function asFailure(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  const id = randomBytes(4).toString('hex');
  return new ParleyError('internal.bug', `The command met a state that it did not expect (${id}).`, {
    hint: 'This is a bug of Parley. Run it again with PARLEY_DEBUG=1 and report what it prints.',
    cause: error,
  });
}

/** `error conflict.changed  CF-41 changed ...` and below it the next step. Places are shown with PARLEY_DEBUG only. */
export function renderFailure(error: ParleyError, style: Style, debug: boolean): string {
  const lines = [`${paint(style, 'red', 'error')} ${error.code}  ${printable(error.message)}`];
  if (error.hint !== undefined) lines.push(`next: ${printable(error.hint)}`);
  if (debug) {
    lines.push(error.stack ?? '');
    if (error.cause instanceof Error) lines.push(`caused by: ${error.cause.stack ?? error.cause.message}`);
  }
  return lines.join('\n');
}

export function problemOf(error: ParleyError): ReportedProblem {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}
