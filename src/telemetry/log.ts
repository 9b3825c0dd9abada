import { pino } from 'pino';
import type { Log } from '../engine/ports.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogOptions = {
  readonly level: LogLevel;
  /** Which process speaks: `worker`, `api`. */
  readonly name: string;
  /** A file to append to; standard error when not given. */
  readonly file?: string;
};

const stderr = 2;

/**
 * JSON lines, one a fact. Fields are ids, counts and codes by contract; names that could carry a secret are blanked all
 * the same. Written at once: the last line before a crash is the one that matters.
 */
export function createLog({ level, name, file }: LogOptions): Log {
  const logger = pino(
    {
      level,
      redact: {
        paths: ['url', 'password', 'secret', 'token', 'authorization', 'cookie', '*.url', '*.password'],
        censor: '[hidden]',
      },
      formatters: {
        level: (label) => ({ level: label }),
        bindings: ({ pid }: { readonly pid?: number }) => ({ pid, process: name }),
      },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: file ?? stderr, sync: true, mkdir: true }),
  );
  return {
    info: (fields, message) => logger.info(withoutPasswords(fields), withoutPassword(message)),
    warn: (fields, message) => logger.warn(withoutPasswords(fields), withoutPassword(message)),
    error: (fields, message) => logger.error(withoutPasswords(fields), withoutPassword(message)),
  };
}

/** Drivers put whole addresses into their messages. */
const withoutPassword = (text: string): string => text.replace(/(\w:\/\/[^\s:@/]*):[^\s@/]*@/g, '$1:[hidden]@');

function withoutPasswords(fields: Parameters<Log['info']>[0]): Parameters<Log['info']>[0] {
  const clean = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === 'string' ? withoutPassword(value) : value,
  ]);
  return Object.fromEntries(clean) as Parameters<Log['info']>[0];
}
