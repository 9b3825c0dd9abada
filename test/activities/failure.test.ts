import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { toFailure } from '../../activities/failure.js';
import { type ErrorCode, errorCodes, ParleyError } from '../../src/core/errors.js';

const failureOf = (error: unknown): ApplicationFailure => {
  const failure = toFailure(error, 'takePage', false);
  if (!(failure instanceof ApplicationFailure)) throw new Error('expected an ApplicationFailure');
  return failure;
};

describe.each(Object.keys(errorCodes) as ErrorCode[])('%s', (code) => {
  test('travels as the type, and is tried again exactly when the table says that this may help', () => {
    const failure = failureOf(new ParleyError(code, 'What happened.', { hint: 'What to do.' }));
    expect(failure).toMatchObject({ type: code, message: 'What happened.', details: ['What to do.'] });
    expect(failure.nonRetryable).toBe(!errorCodes[code].retryable);
  });
});

test('of an error that nobody foresaw only the name is told', () => {
  const failure = failureOf(new RangeError('iban DE02 1203 of Ada is too long'));
  expect(failure.type).toBe('internal.bug');
  expect(failure.message).toContain('RangeError');
  expect(JSON.stringify([failure.message, failure.details, failure.stack])).not.toMatch(/DE02|Ada/);
});

test('something thrown that is no error is a failure all the same', () => {
  expect(failureOf('secret').message).not.toContain('secret');
  expect(failureOf(undefined).type).toBe('internal.bug');
});

test('a stop that was asked for is a cancellation, unless the engine gave a reason of its own', () => {
  expect(toFailure(new DOMException('aborted', 'AbortError'), 'takePage', true)).toBeInstanceOf(CancelledFailure);
  expect(toFailure(new ParleyError('store.conflict', 'Twice.'), 'takePage', true)).toBeInstanceOf(ApplicationFailure);
});

test('what goes into a history is short and shows no path', () => {
  const failure = failureOf(new ParleyError('connector.denied', 'x'.repeat(9_000), { hint: 'y'.repeat(9_000) }));
  expect(failure.message.length + String(failure.details?.[0]).length).toBeLessThan(2_100);
  expect(failure.stack).toBe('');
});
