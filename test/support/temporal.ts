import { inject } from 'vitest';

/** host:port of the run's Temporal server, namespace `default`. Only in `.stack.test.ts` files. */
export function temporalAddress(): string {
  return inject('temporalAddress');
}
