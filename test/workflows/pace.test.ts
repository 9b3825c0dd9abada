import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../workflows/pace.js';
import { endsPlan, problemOf } from '../../workflows/problem.js';

describe('the wait after failures', () => {
  test.for([
    { kind: 'passing', firstMs: 2_000, maxMs: 60_000 },
    { kind: 'lasting', firstMs: 30_000, maxMs: 300_000 },
  ] as const)(
    'of the $kind kind starts at $firstMs ms, never shrinks and never passes $maxMs ms',
    ({ kind, firstMs, maxMs }) => {
      expect(backoffMs(1, kind)).toBe(firstMs);
      expect(backoffMs(1_000_000, kind)).toBe(maxMs);
      assert(
        property(integer({ min: 1, max: 10_000 }), (failures) => {
          const waitMs = backoffMs(failures, kind);
          return waitMs >= firstMs && waitMs <= maxMs && backoffMs(failures + 1, kind) >= waitMs;
        }),
      );
    },
  );
});

const byActivity = (cause: Error): ActivityFailure =>
  new ActivityFailure('failed', 'takePage', '7', RetryState.TIMEOUT, 'worker', cause);
const refusal = (type: string, nonRetryable: boolean): ActivityFailure =>
  byActivity(ApplicationFailure.create({ type, nonRetryable, message: 'Why.' }));

describe('a problem', () => {
  test('of the engine keeps its code and text; its kind says whether waiting helps', () => {
    expect(problemOf(refusal('connector.denied', true))).toEqual({
      code: 'connector.denied',
      text: 'Why.',
      kind: 'lasting',
    });
    expect(problemOf(refusal('connector.unreachable', false))).toMatchObject({ kind: 'passing' });
  });

  test('of a worker that went away passes', () => {
    const lost = byActivity(new TimeoutFailure('lost', undefined, TimeoutType.HEARTBEAT));
    expect(problemOf(lost)).toMatchObject({ code: 'runner.unreachable', kind: 'passing' });
  });

  test('that nobody foresaw lasts and names the verb', () => {
    expect(problemOf(byActivity(new Error('Ada')))).toMatchObject({ code: 'internal.bug', kind: 'lasting' });
    expect(problemOf(byActivity(new Error('Ada'))).text).toContain('takePage');
    expect(problemOf(new Error('Ada')).text).not.toContain('Ada');
  });
});

test.for([
  { code: 'connector.denied', kind: 'lasting', state: 'reading', ends: true },
  { code: 'connector.unreachable', kind: 'passing', state: 'reading', ends: true },
  { code: 'connector.unreachable', kind: 'passing', state: 'deciding', ends: true },
  { code: 'connector.unreachable', kind: 'passing', state: 'applying', ends: false },
  { code: 'internal.bug', kind: 'lasting', state: 'applying', ends: true },
  { code: 'store.unreachable', kind: 'passing', state: 'reading', ends: false },
  { code: 'runner.unreachable', kind: 'passing', state: 'reading', ends: false },
  { code: 'plan.superseded', kind: 'lasting', state: 'deciding', ends: false },
] as const)('$code ends a plan that is $state: $ends', ({ code, kind, state, ends }) => {
  expect(endsPlan({ code, kind, text: '' }, state)).toBe(ends);
});
