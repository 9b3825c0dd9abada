/**
 * Every way the world can refuse us, by stable code. `retryable`: trying the same thing again later may succeed.
 * The table is total at each edge: the API maps every code to a status, the command line to an exit code.
 */
export const errorCodes = {
  'config.not_found': { retryable: false },
  'config.invalid': { retryable: false },
  'config.bad_name': { retryable: false },
  'config.missing_secret': { retryable: false },
  'connector.unreachable': { retryable: true },
  'connector.denied': { retryable: false },
  'connector.object_not_found': { retryable: false },
  'connector.schema_changed': { retryable: false },
  'connector.bad_key': { retryable: false },
  'connector.source_unstable': { retryable: true },
  'connector.source_invalid': { retryable: false },
  'connector.no_space': { retryable: true },
  'connector.cursor_expired': { retryable: true },
  'connector.unsupported': { retryable: false },
  'store.unreachable': { retryable: true },
  'store.conflict': { retryable: true },
  'store.corrupt_result': { retryable: true },
  'store.not_migrated': { retryable: false },
  'store.migration_changed': { retryable: false },
  'store.migration_gap': { retryable: false },
  'runner.unreachable': { retryable: true },
  'pair.not_found': { retryable: false },
  'pair.busy': { retryable: true },
  'pair.not_approved': { retryable: false },
  'pair.halted': { retryable: false },
  'pair.over_limit': { retryable: true },
  'plan.not_found': { retryable: false },
  'plan.expired': { retryable: false },
  'plan.not_ready': { retryable: true },
  'plan.already_applied': { retryable: false },
  'plan.superseded': { retryable: false },
  'undo.nothing': { retryable: false },
  'erasure.no_key': { retryable: false },
  'keys.unknown': { retryable: false },
  'record.not_found': { retryable: false },
  'record.erased': { retryable: false },
  'record.not_linked': { retryable: false },
  'record.not_linkable': { retryable: false },
  'conflict.not_found': { retryable: false },
  'conflict.changed': { retryable: false },
  'conflict.already_decided': { retryable: false },
  'conflict.bad_choice': { retryable: false },
  'ledger.mismatch': { retryable: false },
  'ledger.retired': { retryable: false },
  'ledger.still_needed': { retryable: false },
  'ledger.checkpoints_unreachable': { retryable: true },
  'auth.missing': { retryable: false },
  'auth.unknown_token': { retryable: false },
  'auth.refused': { retryable: false },
  'auth.too_many_failures': { retryable: true },
  'request.invalid': { retryable: false },
  'request.not_found': { retryable: false },
  'request.too_large': { retryable: false },
  'request.wrong_host': { retryable: false },
  'api.unreachable': { retryable: true },
  'api.not_understood': { retryable: false },
  'dev.port_taken': { retryable: false },
  'dev.postgres_failed': { retryable: false },
  'dev.temporal_not_found': { retryable: false },
  'dev.temporal_failed': { retryable: false },
  'dev.already_running': { retryable: false },
  'dev.process_failed': { retryable: false },
  'internal.bug': { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * The one error class. The message says what happened, to which record, what stayed safe and what to do next;
 * it never carries field values. Codes, not classes, cross process boundaries.
 */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  /** The next step for the person who reads this, as a sentence or a command. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ParleyError';
    this.code = code;
    this.hint = options.hint;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

/** True for an error of ours with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is ParleyError {
  return error instanceof ParleyError && error.code === code;
}
