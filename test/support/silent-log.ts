import type { Log } from '../../src/engine/ports.js';

/** A log for tests that look at results. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
