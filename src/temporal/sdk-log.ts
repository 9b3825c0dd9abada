import { DefaultLogger, type LogEntry, Runtime } from '@temporalio/worker';
import type { Log, LogFields } from '../engine/ports.js';

/** A server that is away makes the SDK repeat itself many times a second: the same sentence is logged once in this time. */
const quietMs = 60_000;

let installed = false;

/**
 * Sends what the SDK has to say into our log; once a process, before its first worker. Signals stay ours: the process
 * decides when a worker stops.
 */
export function installRuntime(log: Log): void {
  if (installed) return;
  installed = true;
  const said = new Map<string, { untilMs: number; left: number }>();
  const logger = new DefaultLogger('WARN', (entry) => {
    const nowMs = Date.now();
    const before = said.get(entry.message);
    if (before !== undefined && before.untilMs > nowMs) {
      before.left += 1;
      return;
    }
    said.set(entry.message, { untilMs: nowMs + quietMs, left: 0 });
    write(log, entry, before?.left ?? 0);
  });
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
}

function write(log: Log, { level, message, meta }: LogEntry, repeated: number): void {
  const fields: LogFields = {
    sdk: text(meta?.['sdkComponent']),
    workflow: text(meta?.['workflowId']),
    activity: text(meta?.['activityType']),
    attempt: typeof meta?.['attempt'] === 'number' ? meta['attempt'] : undefined,
    error: meta?.['error'] instanceof Error ? meta['error'].message : undefined,
    repeated: repeated > 0 ? repeated : undefined,
  };
  if (level === 'ERROR') log.error(fields, message);
  else log.warn(fields, message);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
