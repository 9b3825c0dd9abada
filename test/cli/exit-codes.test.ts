import { expect, test } from 'vitest';
import { exitOf, exits } from '../../src/cli/exit-codes.js';
import { asFailure, renderFailure } from '../../src/cli/failure.js';
import { type ErrorCode, errorCodes, ParleyError } from '../../src/core/errors.js';

const plain = { color: false, ascii: false, width: 80, nowMs: 0, timeZone: 'UTC' };

test('every error has an exit code, and none of them says that all is well', () => {
  expect(Object.keys(exitOf).sort()).toEqual(Object.keys(errorCodes).sort());
  const failing = [1, 3, 4, 5, 6, 64];
  for (const exit of Object.values(exitOf)) expect(failing).toContain(exit);
});

test.for([
  ['config.invalid', 3],
  ['config.missing_secret', 3],
  ['plan.expired', 4],
  ['plan.superseded', 4],
  ['conflict.changed', 4],
  ['pair.halted', 4],
  ['auth.refused', 4],
  ['connector.denied', 6],
  ['store.unreachable', 6],
  ['runner.unreachable', 6],
  ['api.unreachable', 6],
  ['auth.unknown_token', 6],
  ['dev.temporal_not_found', 6],
  ['request.invalid', 64],
  ['conflict.bad_choice', 64],
  ['ledger.mismatch', 1],
  ['internal.bug', 1],
] as const satisfies readonly (readonly [ErrorCode, number])[])('%s ends with %i', ([code, exit]) => {
  expect(exitOf[code]).toBe(exit);
});

test('what the process says stays what it was', () => {
  expect(exits).toEqual({
    done: 0,
    failed: 1,
    somethingOpen: 2,
    configInvalid: 3,
    refused: 4,
    partly: 5,
    unreachable: 6,
    wrongUsage: 64,
    interrupted: 130,
  });
});

test('an error is its code, its sentence and the next step, without control characters and without a trace', () => {
  const error = new ParleyError('plan.expired', 'Plan 7 was\u001b[31m good until 10:32.', { hint: 'parley plan' });
  expect(renderFailure(error, plain, false)).toBe(
    'error plan.expired  Plan 7 was [31m good until 10:32.\nnext: parley plan',
  );
});

test('what is not ours is a number and never its text; the trace is shown on demand only', () => {
  const failure = asFailure(new Error('secret of Acme GmbH'));
  expect(failure.code).toBe('internal.bug');
  expect(renderFailure(failure, plain, false)).not.toMatch(/Acme|at .*\.ts/);
  expect(renderFailure(failure, plain, true)).toContain('caused by');
});
