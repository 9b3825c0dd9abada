import type { ErrorCode } from '../core/errors.js';

/** What the process says when it ends; the table of SPEC "Command line". Scripts may compare these and nothing else. */
export const exits = {
  done: 0,
  failed: 1,
  /** Only with `--detailed-exitcode`: changes or open items exist. */
  somethingOpen: 2,
  /** The configuration is invalid; nothing was contacted. */
  configInvalid: 3,
  /** Refused for safety: a stale plan, a limit, a missing right, something changed meanwhile. */
  refused: 4,
  partly: 5,
  unreachable: 6,
  wrongUsage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exits)[keyof typeof exits];

const { failed, configInvalid, refused, unreachable, wrongUsage } = exits;

/** Every code has an exit code: a new code does not compile until somebody has thought about it. */
export const exitOf: Readonly<Record<ErrorCode, ExitCode>> = {
  'config.not_found': configInvalid,
  'config.invalid': configInvalid,
  'config.bad_name': configInvalid,
  'config.missing_secret': configInvalid,
  'connector.unreachable': unreachable,
  'connector.denied': unreachable,
  'connector.object_not_found': failed,
  'connector.schema_changed': refused,
  'connector.bad_key': failed,
  'connector.source_unstable': unreachable,
  'connector.source_invalid': failed,
  'connector.no_space': failed,
  'connector.cursor_expired': failed,
  'connector.unsupported': configInvalid,
  'store.unreachable': unreachable,
  'store.conflict': failed,
  'store.corrupt_result': failed,
  'store.not_migrated': failed,
  'store.migration_changed': refused,
  'store.migration_gap': refused,
  'runner.unreachable': unreachable,
  'pair.not_found': failed,
  'pair.busy': failed,
  'pair.not_approved': refused,
  'pair.halted': refused,
  'pair.over_limit': refused,
  'plan.not_found': failed,
  'plan.expired': refused,
  'plan.not_ready': refused,
  'plan.already_applied': refused,
  'plan.superseded': refused,
  'undo.nothing': refused,
  'erasure.no_key': refused,
  'keys.unknown': refused,
  'record.not_found': failed,
  'record.erased': failed,
  'conflict.not_found': failed,
  'conflict.changed': refused,
  'conflict.already_decided': refused,
  'conflict.bad_choice': wrongUsage,
  'ledger.mismatch': failed,
  'ledger.checkpoints_unreachable': unreachable,
  'auth.missing': unreachable,
  'auth.unknown_token': unreachable,
  'auth.refused': refused,
  'auth.too_many_failures': unreachable,
  'request.invalid': wrongUsage,
  'request.not_found': failed,
  'request.too_large': wrongUsage,
  'request.wrong_host': unreachable,
  'api.unreachable': unreachable,
  'api.not_understood': failed,
  'dev.port_taken': failed,
  'dev.postgres_failed': failed,
  'dev.temporal_not_found': unreachable,
  'dev.temporal_failed': failed,
  'dev.already_running': failed,
  'dev.process_failed': failed,
  'internal.bug': failed,
};
