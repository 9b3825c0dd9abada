import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { type Problem, problemMediaType } from '../contract/api/problem.js';
import { type ErrorCode, ParleyError } from '../core/errors.js';
import type { ApiEnv } from './environment.js';

/** Every code has a status: a new code does not compile until somebody has thought about it. */
export const statusOf: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  'config.not_found': 404,
  'config.invalid': 422,
  'config.bad_name': 400,
  'config.missing_secret': 422,
  'connector.unreachable': 502,
  'connector.denied': 502,
  'connector.object_not_found': 502,
  'connector.schema_changed': 502,
  'connector.bad_key': 400,
  'connector.source_unstable': 502,
  'connector.source_invalid': 502,
  'connector.no_space': 502,
  'connector.cursor_expired': 502,
  'connector.unsupported': 422,
  'store.unreachable': 503,
  'store.conflict': 503,
  'store.corrupt_result': 503,
  'store.not_migrated': 503,
  'store.migration_changed': 500,
  'store.migration_gap': 500,
  'runner.unreachable': 503,
  'pair.not_found': 404,
  'pair.busy': 409,
  'pair.not_approved': 409,
  'pair.halted': 409,
  'pair.over_limit': 409,
  'plan.not_found': 404,
  'plan.expired': 409,
  'plan.not_ready': 409,
  'plan.already_applied': 409,
  'plan.superseded': 409,
  'undo.nothing': 409,
  'erasure.no_key': 409,
  'keys.unknown': 503,
  'record.not_found': 404,
  'record.erased': 410,
  'record.not_linked': 409,
  'record.not_linkable': 409,
  'conflict.not_found': 404,
  'conflict.changed': 409,
  'conflict.already_decided': 409,
  'conflict.bad_choice': 422,
  'ledger.mismatch': 500,
  'ledger.retired': 410,
  'ledger.still_needed': 409,
  'ledger.checkpoints_unreachable': 503,
  'auth.missing': 401,
  'auth.unknown_token': 401,
  'auth.refused': 403,
  'auth.too_many_failures': 429,
  'request.invalid': 400,
  'request.not_found': 404,
  'request.too_large': 413,
  'request.wrong_host': 421,
  'api.unreachable': 502,
  'api.not_understood': 502,
  'dev.port_taken': 500,
  'dev.postgres_failed': 500,
  'dev.temporal_not_found': 500,
  'dev.temporal_failed': 500,
  'dev.already_running': 500,
  'dev.process_failed': 500,
  'internal.bug': 500,
};

/** The end of a code as words: `conflict.already_decided` is titled "Conflict: already decided". */
function titleOf(code: ErrorCode): string {
  const [area = '', reason = ''] = code.split('.');
  return `${area.charAt(0).toUpperCase()}${area.slice(1)}: ${reason.replaceAll('_', ' ')}`;
}

export function problemOf(error: ParleyError, requestId: string): Problem {
  return {
    type: `urn:parley:${error.code}`,
    title: titleOf(error.code),
    status: statusOf[error.code],
    code: error.code,
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    requestId,
  };
}

/**
 * What is told of an error. Ours are told as they are: their messages hold no values. Anything else is a bug of ours
 * whose text may hold anything, so the caller gets a number to ask about and nothing more.
 */
export function asParleyError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new ParleyError('request.invalid', 'The body of the request could not be read as JSON. Nothing was done.', {
      cause: error,
    });
  }
  return new ParleyError('internal.bug', 'The server met a state that it did not expect. This is a bug of Parley.', {
    hint: 'Report it with the request id; the log of the server names the place.',
    cause: error,
  });
}

export function sendProblem(c: Context<ApiEnv>, problem: Problem): Response {
  if (problem.status === 401) c.header('WWW-Authenticate', 'Bearer realm="parley"');
  return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, {
    'Content-Type': problemMediaType,
  });
}

const partOf: { readonly [target: string]: 'body' | 'query' | 'path' | 'header' } = {
  json: 'body',
  query: 'query',
  param: 'path',
  header: 'header',
};

/** A request that does not fit its schema, with a JSON Pointer to each place. Messages of zod name types, not values. */
export function invalidRequest(error: z.ZodError, target: string, requestId: string): Problem {
  const part = partOf[target] ?? 'body';
  const problems = error.issues.map((issue) => ({
    in: part,
    pointer: issue.path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: issue.message,
  }));
  const first = problems[0];
  const where = first === undefined ? part : `${part}${first.pointer === '' ? '' : ` ${first.pointer}`}`;
  const summary = new ParleyError(
    'request.invalid',
    `The request was not understood and nothing was done: ${where}: ${first?.message ?? 'invalid'}.`,
    { hint: 'The document at /openapi.json describes every request.' },
  );
  return { ...problemOf(summary, requestId), problems };
}
