import { ParleyError } from '../core/errors.js';

/** Driver and system codes that mean: the database was not there, or went away while we spoke to it. */
const unreachableCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  // Wrong password or role, unknown database, too many connections, shut down, cancelled.
  '28000',
  '28P01',
  '3D000',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '57014',
]);
/** Serialization failure, deadlock, a lock that was not free in time, a transaction that idled too long. */
const conflictCodes = new Set(['40001', '40P01', '55P03', '25P03']);
/** Unknown table, column, function or schema: the database is older than the code. */
const unmigratedCodes = new Set(['42P01', '42703', '42883', '3F000']);

/** The code of the statement that fails because an earlier one of its transaction failed: never the cause. */
const abortedCode = '25P02';

function codeOf(error: unknown): string | null {
  if (error === null || typeof error !== 'object') return null;
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : null;
}

/** True for the echo of an earlier failure in the same transaction. */
export function isEcho(error: unknown): boolean {
  return codeOf(error) === abortedCode;
}

/**
 * The error of ours for what the driver threw. Errors that did not come from the database pass unchanged.
 * The database's own text is left out: it may quote values of records, and the driver's may quote the URL.
 */
export function storeFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof ParleyError || code === null) return error;
  if (unreachableCodes.has(code) || code.startsWith('08')) {
    return new ParleyError('store.unreachable', `The database did not answer (${code}). Nothing was committed.`, {
      hint: 'Check that Postgres runs and that DATABASE_URL names it, then try again.',
    });
  }
  if (conflictCodes.has(code)) {
    return new ParleyError('store.conflict', `Another process was faster (${code}). Nothing was committed.`, {
      hint: 'Try again.',
    });
  }
  if (unmigratedCodes.has(code)) {
    return new ParleyError('store.not_migrated', `The database lacks a table or column that is needed (${code}).`, {
      hint: 'Run `parley serve migrate` with DATABASE_OWNER_URL set.',
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  const { table_name: table, constraint_name: constraint } = error as { table_name?: string; constraint_name?: string };
  const place = [table && `table ${table}`, constraint && `constraint ${constraint}`].filter(Boolean).join(', ');
  return new ParleyError(
    'internal.bug',
    `The database refused a statement (SQLSTATE ${code}${place === '' ? '' : `, ${place}`}). Nothing was committed.`,
    { hint: 'This is a bug: please report it with the code above.' },
  );
}
