import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../db/migrate.js';
import type { Log } from '../engine/ports.js';
import type { Role } from '../engine/store.js';
import { type DevFile, parleyFolder, readDevFile, writeDevFile } from './dev-file.js';
import { untilTheyAnswer } from './dev-readiness.js';
import { lockFolder } from './folder-lock.js';
import { type DevKeys, keysIn } from './keys.js';
import { freePort } from './ports.js';
import type { Postgres } from './postgres.js';
import { keepPostgres } from './postgres-keeper.js';
import { type Child, type ChildEvent, killAll, type Stoppable, stopInOrder, supervise } from './processes.js';
import type { FetchProgress } from './temporal-fetch.js';
import { findTemporal } from './temporal-finder.js';
import { keepTemporal } from './temporal-keeper.js';

export const usualApiPort = 7_400;
const childGraceMs = { api: 10_000, worker: 45_000 } as const;

/** The API token that `dev` makes for the person at this machine; only its hash leaves `dev.json`. */
export type DevToken = {
  readonly databaseUrl: string;
  readonly ownerUrl: string;
  /** Hex SHA-256 of the token's text. */
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
};

export type DevEvent =
  | { readonly kind: 'starting' | 'ready'; readonly part: DevPart; readonly detail: string }
  | { readonly kind: 'fetching'; readonly progress: FetchProgress }
  | { readonly kind: 'process'; readonly event: ChildEvent };
export type DevPart = 'postgres' | 'migrations' | 'temporal' | 'api' | 'worker';

export type DevOptions = {
  /** The workspace: `connections.yaml` and `pairs/`. Everything that `dev` keeps goes to `.parley` inside. */
  readonly folder: string;
  readonly ports?: { readonly postgres?: number; readonly temporal?: number; readonly api?: number };
  readonly log: Log;
  readonly onEvent: (event: DevEvent) => void;
  /** Stores the hash of the token. Called at every start, so storing it again must be harmless. */
  readonly saveToken: (token: DevToken) => Promise<void>;
  /** What the stack itself reads (TEMPORAL_*, PATH, PARLEY_CACHE) and the processes inherit. */
  readonly env?: NodeJS.ProcessEnv;
  /** Before the processes start and once the databases run: makes further databases and returns variables for them. */
  readonly prepare?: (postgres: Postgres) => Promise<{ readonly [name: string]: string }>;
  /** The command line's script that runs `serve api` and `serve worker`. */
  readonly cli?: string;
  /** Flags of Node for the processes; for tests. */
  readonly nodeFlags?: readonly string[];
  /** Gives up bringing up: what is up already is stopped, and `startDev` throws the signal's reason. */
  readonly signal?: AbortSignal;
};

export type Dev = {
  readonly file: DevFile;
  readonly postgres: Postgres;
  /** API, worker, Temporal, Postgres, in this order. */
  stop(): Promise<void>;
  /** All at once; nothing that was committed is lost. */
  kill(): Promise<void>;
};

/**
 * Brings up everything one machine needs: Postgres, its roles and schema, Temporal, the API and a worker; data of an
 * earlier start are used again. Returns when the API answers and a worker was seen. When a part fails, those already
 * up are stopped. Throws `dev.already_running`, `dev.temporal_not_found` and the other `dev.*` codes.
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const workspace = resolve(options.folder);
  const home = parleyFolder(workspace);
  await mkdir(join(home, 'logs'), { recursive: true });
  const lock = await lockFolder(join(home, 'dev.lock'), 'parley dev');
  const up: Stoppable[] = [];
  try {
    const { file, postgres } = await bringUp(workspace, options, up);
    let down: Promise<void> | undefined;
    const end = async (how: (parts: readonly Stoppable[]) => Promise<void>): Promise<void> => {
      try {
        await how(up);
      } finally {
        await writeDevFile(workspace, { ...file, state: 'stopped', pids: {} });
        await lock.release();
      }
    };
    return {
      file,
      postgres,
      stop: () => (down ??= end(stopInOrder)),
      kill: () => end(killAll),
    };
  } catch (error) {
    await stopInOrder(up).catch((failure: unknown) =>
      options.log.error({ problem: String(failure) }, 'A part does not stop.'),
    );
    await lock.release();
    throw error;
  }
}

/** Every part that is up goes to the front of `up`, so that the list is in the order of stopping at any moment. */
async function bringUp(
  workspace: string,
  options: DevOptions,
  up: Stoppable[],
): Promise<{ readonly file: DevFile; readonly postgres: Postgres }> {
  const home = parleyFolder(workspace);
  const env = options.env ?? process.env;
  const postgres = await bringUpPostgres(home, options, up);
  const ownerUrl = await postgres.ensureDatabase({ name: 'parley', owner: 'parley_owner', users: ['parley_app'] });
  const databaseUrl = await postgres.url('parley', 'parley_app');
  options.onEvent({ kind: 'starting', part: 'migrations', detail: 'schema of the database parley' });
  options.signal?.throwIfAborted();
  const { applied } = await migrate({ ownerUrl, appRole: 'parley_app', log: options.log });
  options.onEvent({ kind: 'ready', part: 'migrations', detail: `${applied.length} applied` });
  const token = (await readDevFile(workspace))?.api.token ?? randomBytes(32).toString('base64url');
  await options.saveToken({
    databaseUrl,
    ownerUrl,
    hash: createHash('sha256').update(token).digest('hex'),
    name: 'dev',
    role: 'owner',
  });
  const more = (await options.prepare?.(postgres)) ?? {};
  options.signal?.throwIfAborted();
  const temporal = await bringUpTemporal(home, options, up);

  const apiPort = await freePort(options.ports?.api ?? usualApiPort);
  const starting: DevFile = {
    schema: 'parley.dev/1',
    state: 'starting',
    pid: process.pid,
    startedAt: new Date().toISOString(),
    api: { url: `http://127.0.0.1:${apiPort}`, token },
    temporal: { address: temporal.address, namespace: temporal.namespace, own: temporal.port !== undefined },
    database: { url: databaseUrl, ownerUrl, dataFolder: postgres.dataFolder },
    ports: { postgres: postgres.port, temporal: temporal.port ?? null, api: apiPort },
    variables: more,
    pids: {},
    logs: join(home, 'logs'),
  };
  await writeDevFile(workspace, starting);
  const childEnv = {
    ...(await inheritedBy(starting, home, env)),
    ...more,
    ...environmentOf(starting, workspace, env, await keysIn(home)),
  };
  options.signal?.throwIfAborted();
  const worker = await bringUpChild('worker', childEnv, options, home);
  up.unshift(worker);
  const api = await bringUpChild('api', childEnv, options, home);
  up.unshift(api);
  await untilTheyAnswer(starting, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onReady: (part, detail) => options.onEvent({ kind: 'ready', part, detail }),
  });

  const pids = { api: api.pid(), worker: worker.pid(), temporal: temporal.pid?.() };
  const known = Object.entries(pids).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const file: DevFile = { ...starting, state: 'running', pids: Object.fromEntries(known) };
  await writeDevFile(workspace, file);
  return { file, postgres };
}

async function bringUpPostgres(home: string, { ports, log, onEvent }: DevOptions, up: Stoppable[]): Promise<Postgres> {
  onEvent({ kind: 'starting', part: 'postgres', detail: 'embedded PostgreSQL' });
  const port = ports?.postgres === undefined ? {} : { port: ports.postgres };
  const postgres = await keepPostgres({ folder: home, log, ...port });
  up.unshift({ name: 'postgres', stop: () => postgres.stop(), kill: () => postgres.kill() });
  onEvent({ kind: 'ready', part: 'postgres', detail: `127.0.0.1:${postgres.port}, data in ${postgres.dataFolder}` });
  return postgres;
}

type UpTemporal = {
  readonly address: string;
  readonly namespace: string;
  readonly port?: number;
  readonly pid?: () => number | undefined;
};

/** A server that TEMPORAL_ADDRESS names is used as it is; whether it answers is seen by the worker. */
async function bringUpTemporal(home: string, options: DevOptions, up: Stoppable[]): Promise<UpTemporal> {
  const { onEvent, log, ports } = options;
  const env = options.env ?? process.env;
  onEvent({ kind: 'starting', part: 'temporal', detail: 'looking for a server' });
  const stop = options.signal === undefined ? {} : { signal: options.signal };
  const found = await findTemporal({ env, onProgress: (progress) => onEvent({ kind: 'fetching', progress }), ...stop });
  if (found.kind === 'server') {
    const namespace = env['TEMPORAL_NAMESPACE'] ?? 'default';
    onEvent({ kind: 'ready', part: 'temporal', detail: `${found.address} (TEMPORAL_ADDRESS), namespace ${namespace}` });
    return { address: found.address, namespace };
  }
  const port = ports?.temporal === undefined ? {} : { port: ports.temporal };
  const server = await keepTemporal({ folder: home, program: found, log, ...port });
  up.unshift({ name: 'temporal', stop: () => server.stop(), kill: () => server.kill() });
  onEvent({
    kind: 'ready',
    part: 'temporal',
    detail: `${server.address}, version ${found.version} from ${found.from}`,
  });
  return { address: server.address, namespace: 'default', port: server.port, pid: () => server.pid() };
}

/**
 * What the processes inherit from us. The owner's address is not among it: they may not change the schema. Neither
 * are settings for another Temporal server when the server is ours: a profile with TLS would keep them from it.
 */
async function inheritedBy(file: DevFile, home: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const kept = Object.entries(env).filter(
    ([name]) => name !== 'DATABASE_OWNER_URL' && !(file.temporal.own && name.startsWith('TEMPORAL_')),
  );
  if (!file.temporal.own) return Object.fromEntries(kept);
  const config = join(home, 'temporal.toml');
  await writeFile(config, '[profile.default]\n');
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: config };
}

/** Variables of the API and the worker. */
function environmentOf(
  file: DevFile,
  workspace: string,
  env: NodeJS.ProcessEnv,
  keys: DevKeys,
): { readonly [name: string]: string } {
  return {
    DATABASE_URL: file.database.url,
    TEMPORAL_ADDRESS: file.temporal.address,
    TEMPORAL_NAMESPACE: file.temporal.namespace,
    PARLEY_HOST: '127.0.0.1',
    PARLEY_PORT: String(file.ports.api),
    PARLEY_CONFIG: workspace,
    PARLEY_HOME: parleyFolder(workspace),
    PARLEY_LOG: env['PARLEY_LOG'] ?? 'info',
    PARLEY_CHECKPOINTS: env['PARLEY_CHECKPOINTS'] ?? join(parleyFolder(workspace), 'checkpoints'),
    PARLEY_ERASURE_KEY: env['PARLEY_ERASURE_KEY'] ?? keys.erasure,
    PARLEY_WRAPPING_KEY: env['PARLEY_WRAPPING_KEY'] ?? keys.wrapping,
    PARLEY_CHECKPOINT_KEY: env['PARLEY_CHECKPOINT_KEY'] ?? keys.checkpoint,
  };
}

async function bringUpChild(
  part: 'api' | 'worker',
  env: NodeJS.ProcessEnv,
  options: DevOptions,
  home: string,
): Promise<Child> {
  const cli = options.cli ?? fileURLToPath(new URL('../main/cli.js', import.meta.url));
  options.onEvent({ kind: 'starting', part, detail: `parley serve ${part}` });
  return supervise({
    name: part,
    args: [cli, 'serve', part],
    env,
    logFile: join(home, 'logs', `${part}.log`),
    graceMs: childGraceMs[part],
    onEvent: (event) => options.onEvent({ kind: 'process', event }),
    ...(options.nodeFlags === undefined ? {} : { nodeFlags: options.nodeFlags }),
  });
}
