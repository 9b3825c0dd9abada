import type { Log } from '../../src/engine/ports.js';

/** A log whose lines a test can read. */
export type RecordingLog = Log & { readonly lines: readonly string[] };

export function recordingLog(): RecordingLog {
  const lines: string[] = [];
  const write = (_fields: unknown, message: string): void => {
    lines.push(message);
  };
  return { lines, info: write, warn: write, error: write };
}
