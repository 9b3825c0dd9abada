import { resolve } from 'node:path';
import { z } from 'zod';
import { ParleyError } from '../core/errors.js';
import { type LogLevel, logLevels } from '../telemetry/log.js';

/** What a process is told by its environment. This file is the only reader of it. */
export type Environment = {
  /** The application's role; null when it is not set, which only some commands can do without. */
  readonly databaseUrl: string | null;
  /** The owner's role, for migrations alone. */
  readonly databaseOwnerUrl: string | null;
  readonly host: string;
  readonly port: number;
  /** The folder that holds connections.yaml. Absolute. */
  readonly configFolder: string;
  /** What Parley itself keeps on this machine. Absolute. */
  readonly home: string;
  readonly logLevel: LogLevel;
  /** Marks the identities of erased records; null: nothing can be erased. */
  readonly erasureKey: Buffer | null;
  /** Encrypt the values of the history; the first one wraps what is new. None: values stand as they are. */
  readonly wrappingKeys: readonly Buffer[];
  /** Where checkpoints of the ledgers are kept, and the keys to sign and verify them; null: nothing is signed. */
  readonly checkpoints: {
    /** Absolute. */
    readonly folder: string;
    readonly key: string | null;
    readonly publicKeys: readonly string[];
  } | null;
  /** Every `TEMPORAL_*` variable, as Temporal's own tools read them. */
  readonly temporal: { readonly [name: string]: string };
  /** For `env:NAME` in connections.yaml. */
  readonly variables: { readonly [name: string]: string | undefined };
};

const text = z.string().trim().min(1);
const postgresUrl = text.regex(/^postgres(ql)?:\/\//, 'must be postgres://user:password@host:port/database');

const secretKey = z
  .base64('must be base64')
  .refine((key) => Buffer.from(key, 'base64').length >= 32, 'must hold at least 32 bytes');

const schema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_OWNER_URL: postgresUrl.optional(),
  PARLEY_HOST: text.default('127.0.0.1'),
  PARLEY_PORT: z.coerce.number('must be a number').int('must be a whole number').min(0).max(65_535).default(7_400),
  PARLEY_CONFIG: text.default('.'),
  PARLEY_HOME: text.default('.parley'),
  PARLEY_CHECKPOINTS: text.optional(),
  PARLEY_CHECKPOINT_KEY: text.optional(),
  PARLEY_CHECKPOINT_PUBLIC_KEY: text.optional(),
  PARLEY_ERASURE_KEY: secretKey.optional(),
  PARLEY_WRAPPING_KEY: text
    .transform((keys) => keys.split(/\s+/))
    .pipe(z.array(secretKey))
    .default([]),
  PARLEY_LOG: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
});

/** @throws ParleyError `config.invalid` that names every wrong variable and no value. */
export function readEnvironment(variables: Environment['variables'] = process.env): Environment {
  // An empty variable is one that somebody meant to unset.
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  ) as {
    readonly [name: string]: string;
  };
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
    throw new ParleyError('config.invalid', `The environment is not usable: ${wrong}. Nothing was started.`, {
      hint: 'Correct the variable where this process is started.',
    });
  }
  const { data } = parsed;
  return {
    databaseUrl: data.DATABASE_URL ?? null,
    databaseOwnerUrl: data.DATABASE_OWNER_URL ?? null,
    host: data.PARLEY_HOST,
    port: data.PARLEY_PORT,
    configFolder: resolve(data.PARLEY_CONFIG),
    home: resolve(data.PARLEY_HOME),
    logLevel: data.PARLEY_LOG,
    erasureKey: data.PARLEY_ERASURE_KEY === undefined ? null : Buffer.from(data.PARLEY_ERASURE_KEY, 'base64'),
    wrappingKeys: data.PARLEY_WRAPPING_KEY.map((key) => Buffer.from(key, 'base64')),
    checkpoints:
      data.PARLEY_CHECKPOINTS === undefined
        ? null
        : {
            folder: resolve(data.PARLEY_CHECKPOINTS),
            key: data.PARLEY_CHECKPOINT_KEY ?? null,
            publicKeys: data.PARLEY_CHECKPOINT_PUBLIC_KEY?.split(/\s+/) ?? [],
          },
    temporal: Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('TEMPORAL_'))),
    variables: given,
  };
}

/** @throws ParleyError `config.invalid` when DATABASE_URL is not set. */
export function requireDatabase({ databaseUrl }: Environment): string {
  if (databaseUrl !== null) return databaseUrl;
  throw new ParleyError(
    'config.invalid',
    'DATABASE_URL is not set, so there is no database to work with. Nothing was started.',
    {
      hint: 'Set DATABASE_URL, or start everything on this machine with "parley dev".',
    },
  );
}

/** The variables of this process as they are, for what reads them by its own rules. */
export const processVariables = (): Environment['variables'] => process.env;
