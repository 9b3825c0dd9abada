import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { connectorFactories } from '../src/connectors/registry.js';
import type { PairId } from '../src/core/ids.js';
import { migrate } from '../src/db/migrate.js';
import { openStore, type PostgresStore } from '../src/db/postgres-store.js';
import { startPostgres, type Postgres } from '../src/dev/postgres.js';
import { createEngine } from '../src/engine/create-engine.js';
import type { Engine } from '../src/engine/engine.js';
import type { Log, Runner } from '../src/engine/ports.js';
import { createConnectors } from '../src/main/connectors.js';
import { hasher } from '../src/main/hasher.js';
import { loadRevision } from '../src/main/load-revision.js';

/** What goes wrong must be seen; what goes well is measured. */
export const log: Log = {
  info: () => undefined,
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

/** A server of its own in a folder of its own; both are gone after `close`. */
export type Stage = {
  readonly folder: string;
  readonly postgres: Postgres;
  /** Makes a database for a side, and a connection for the person who edits there. */
  openSide(name: string): Promise<SideDatabase>;
  close(): Promise<void>;
};
export type SideDatabase = { readonly url: string; readonly sql: postgres.Sql; close(): Promise<void> };

/** Durability is as delivered: fsync and synchronous commit are on. The extension counts statements. */
const settings = {
  shared_preload_libraries: 'pg_stat_statements',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
};

export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  await chmod(folder, 0o755);
  const server = await startPostgres({ folder: join(folder, '.parley'), port: 0, log, settings }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  // The server has a session of its own: it would outlive a measurement that is broken off.
  const interrupted = (): void => void close().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  return {
    folder,
    postgres: server,
    async openSide(name) {
      const url = await server.ensureDatabase({ name, owner: name });
      const sql = postgres(url, { max: 2, onnotice: () => undefined, connection: { application_name: 'bench' } });
      return { url, sql, close: () => sql.end({ timeout: 5 }) };
    },
    async close() {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      await close();
    },
  };
}

/** Our own database, migrated, with the store and the engine over it; the workflow is played by drive.ts. */
export type Hub = {
  readonly engine: Engine;
  readonly store: PostgresStore;
  /** Our database as its owner, for counting. */
  readonly sql: postgres.Sql;
  close(): Promise<void>;
};

export type HubOptions = {
  /** The folder that holds connections.yaml. */
  readonly configFolder: string;
  /** For `env:NAME` in connections.yaml. */
  readonly variables: { readonly [name: string]: string };
  readonly runner?: Runner;
};

export async function openHub(stage: Stage, options: HubOptions): Promise<Hub> {
  const ownerUrl = await stage.postgres.ensureDatabase({
    name: 'parley',
    owner: 'parley_owner',
    users: ['parley_app'],
  });
  await migrate({ ownerUrl, appRole: 'parley_app' });
  const store = await openStore({
    url: await stage.postgres.url('parley', 'parley_app'),
    log,
    wrappingKeys: [Buffer.alloc(32, 9)],
  });
  const environment = {
    configFolder: options.configFolder,
    home: join(options.configFolder, '.parley'),
    variables: options.variables,
  };
  const connectors = createConnectors({ environment, factoryOf: (kind) => connectorFactories[kind] });
  const engine = createEngine({
    store,
    readModel: store.readModel,
    connectors,
    runner: options.runner ?? nobody,
    hasher,
    log,
    loadRevision: (pair: PairId) => loadRevision(options.configFolder, pair),
  });
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  return {
    engine,
    store,
    sql,
    async close() {
      await connectors.close();
      await store.close();
      await sql.end({ timeout: 5 });
    },
  };
}

/** Writes files of a configuration, by path below the folder. */
export async function writeFiles(folder: string, files: { readonly [path: string]: string }): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

const absent = (): Promise<never> => Promise.reject(new Error('assertion failed: nobody runs workflows here'));
const nobody: Runner = {
  ensure: () => Promise.resolve(),
  poke: () => Promise.resolve(),
  runNow: absent,
  setMode: absent,
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
