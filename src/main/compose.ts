import { connectorFactories } from '../connectors/registry.js';
import { markFolder } from '../checkpoints/marks.js';
import { createEvaluate } from '../contract/expression.js';
import { openStore, type PostgresStore } from '../db/postgres-store.js';
import { createEngine } from '../engine/create-engine.js';
import type { Engine } from '../engine/engine.js';
import type { Log } from '../engine/ports.js';
import type { ReadModel } from '../engine/read-model.js';
import { createLog } from '../telemetry/log.js';
import { createRunner, type TemporalRunner } from '../temporal/runner.js';
import { checkpointsOf } from './checkpoints.js';
import { createConnectors } from './connectors.js';
import { type Environment, requireDatabase } from './environment.js';
import { hasher } from './hasher.js';
import { loadRevision } from './load-revision.js';

export type Composition = {
  readonly store: PostgresStore;
  readonly readModel: ReadModel;
  readonly engine: Engine;
  readonly runner: TemporalRunner;
  readonly log: Log;
  /** Closes what was opened: systems first, the database last. */
  close(): Promise<void>;
};

/**
 * Puts the parts of a process together. Neither Postgres nor Temporal nor a system needs to be there yet: each is met
 * when it is needed, and says so when it is not.
 */
export async function compose(
  environment: Environment,
  options: { readonly role: 'api' | 'worker' },
): Promise<Composition> {
  const log = createLog({ level: environment.logLevel, name: options.role });
  const checkpoints = checkpointsOf(environment);
  const store = await openStore({
    url: requireDatabase(environment),
    log,
    erasureKey: environment.erasureKey,
    wrappingKeys: environment.wrappingKeys,
  });
  if (environment.wrappingKeys.length === 0)
    log.warn(
      {},
      'PARLEY_WRAPPING_KEY is not set: values of the history are stored as they are, and backups do not forget',
    );
  const runner = createRunner({ variables: environment.temporal });
  const connectors = createConnectors({ environment, factoryOf: (kind) => connectorFactories[kind] });
  const { readModel } = store;
  const engine = createEngine({
    store,
    readModel,
    connectors,
    runner,
    hasher,
    evaluate: createEvaluate(),
    checkpoints,
    marks: environment.checkpoints === null ? null : markFolder(environment.checkpoints.folder),
    log,
    loadRevision: (pair) => loadRevision(environment.configFolder, pair),
  });
  return {
    store,
    readModel,
    engine,
    runner,
    log,
    async close() {
      await connectors.close();
      await runner.close();
      await store.close();
    },
  };
}
