/**
 * Raised by the first SIGTERM or SIGINT. The second one ends the process at once, as it would any other. A supervisor
 * that vanishes sends the same signal (see dev/end-with-parent).
 */
export function closingSignal(): AbortSignal {
  const closing = new AbortController();
  process.once('SIGTERM', () => closing.abort());
  process.once('SIGINT', () => closing.abort());
  return closing.signal;
}
