import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { unforeseen } from './messages.js';

/** Why a turn did not get through, as it is shown to people. The text carries no field values: activities see to that. */
export type Problem = {
  readonly code: string;
  readonly text: string;
  /** `passing`: it may be gone at the next attempt. `lasting`: somebody has to do something. */
  readonly kind: 'passing' | 'lasting';
};

export function problemOf(failure: unknown): Problem {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  const verb = failure instanceof ActivityFailure ? failure.activityType : 'the workflow';
  if (cause instanceof ApplicationFailure) {
    const kind = cause.nonRetryable === true ? 'lasting' : 'passing';
    return { code: cause.type ?? unforeseen, text: cause.message, kind };
  }
  if (cause instanceof TimeoutFailure) {
    const text = `"${verb}" was not finished in time, or its worker went away. What it had committed stands; it is tried again.`;
    return { code: 'runner.unreachable', text, kind: 'passing' };
  }
  const text = `"${verb}" failed in a way that nobody foresaw. Nothing half-done was kept; the worker's log says more.`;
  return { code: unforeseen, text, kind: 'lasting' };
}

/** True when the failure belongs to the plan itself, not to a worker that went away or a database that is down. */
export function endsPlan(problem: Problem, state: 'reading' | 'deciding' | 'applying'): boolean {
  const elsewhere = ['store.', 'runner.', 'plan.'].some((area) => problem.code.startsWith(area));
  // People wait for a plan that is being made, so a system that stays away ends it. An approved plan is carried on.
  return !elsewhere && (problem.kind === 'lasting' || state !== 'applying');
}
