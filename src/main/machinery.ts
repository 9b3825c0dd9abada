import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescribeWish, Machinery, ServePart } from '../cli/machinery.js';
import { ParleyError } from '../core/errors.js';
import type { ObjectDescription } from '../engine/connector.js';
import type { Environment } from './environment.js';
import { packageFolder, version } from './version.js';

/**
 * What the command line gets of everything else. Each part is loaded when a command asks for it, so that `check`
 * starts at once and never loads Temporal or a database driver.
 */
export function machineryOf(variables: Environment['variables']): Machinery {
  return {
    version: version(),
    serve: (part) => serve(part, variables),
    dev: async (wish) => (await import('./dev.js')).runDev(wish, variables),
    async examine(wish) {
      const { examine } = await import('../dev/doctor.js');
      return examine({ ...wish, env: variables });
    },
    demo: async (wish) => (await import('./demo.js')).runDemoHere(wish),
    describe: (wish) => describeObject(wish, variables),
    async addToken(wish) {
      const { readEnvironment } = await import('./environment.js');
      return (await import('./token.js')).addToken(readEnvironment(variables), wish);
    },
    async rotateKeys() {
      const { readEnvironment } = await import('./environment.js');
      return (await import('./keys.js')).rotateKeys(readEnvironment(variables));
    },
    async retention({ folder }) {
      const { readEnvironment } = await import('./environment.js');
      return (await import('./retention.js')).openRetentionHere(readEnvironment(variables), folder);
    },
    async proofs() {
      const [{ openNote, verifierOf }, { hasher }] = await Promise.all([
        import('../checkpoints/note.js'),
        import('./hasher.js'),
      ]);
      return { hasher, openNote: (note, key) => openNote(note, key === null ? [] : [verifierOf(key)]) };
    },
    example: (name) => join(packageFolder(), 'examples', name),
  };
}

async function serve(part: ServePart, variables: Environment['variables']): Promise<void> {
  const { readEnvironment } = await import('./environment.js');
  const environment = readEnvironment(variables);
  switch (part) {
    case 'api':
      return (await import('./api.js')).runApi(environment);
    case 'worker':
      return (await import('./worker.js')).runWorker(environment);
    case 'migrate':
      return (await import('./migrate.js')).runMigrate(environment);
  }
}

/** Opens the connector as the worker would, with a folder of its own that is thrown away. */
async function describeObject(wish: DescribeWish, variables: Environment['variables']): Promise<ObjectDescription> {
  const { loadConfig } = await import('../contract/config/load.js');
  const { resolveOptions } = await import('../contract/config/connections-file.js');
  const { connectorFactories } = await import('../connectors/registry.js');
  const connection = (await loadConfig(wish.folder)).connections.find(({ name }) => name === wish.connection);
  const factory = connection === undefined ? undefined : connectorFactories[connection.connector];
  if (connection === undefined || factory === undefined) {
    throw new ParleyError('config.not_found', `connections.yaml has no usable connection "${wish.connection}".`, {
      hint: 'Run parley check.',
    });
  }
  const { readDevFile } = await import('../dev/dev-file.js');
  // A running demo knows where its own systems are; what the caller says goes first.
  const brought = (await readDevFile(wish.folder))?.variables ?? {};
  const options = resolveOptions(connection, { ...brought, ...variables });
  const workFolder = await mkdtemp(join(tmpdir(), 'parley-discover-'));
  try {
    const connector = await factory({
      connection: wish.connection,
      object: wish.object,
      key: wish.key,
      options,
      workFolder,
    });
    try {
      return await connector.describe();
    } finally {
      await connector.close();
    }
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}
