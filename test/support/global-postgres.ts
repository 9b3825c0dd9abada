import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../src/dev/postgres.js';
import { leftoverFolders, removeFolder, runFolder } from './leftovers.js';
import { silentLog } from './silent-log.js';

/**
 * One PostgreSQL for the whole run, on a port of its own, its data in a temporary folder. Data need not outlive the
 * run, so it does not wait for the disk.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const folder of await leftoverFolders()) await clean(folder);
  const folder = await runFolder();
  await chmod(folder, 0o755);
  const server = await startPostgres({ folder: join(folder, '.parley'), port: 0, log: silentLog, settings });
  try {
    await server.ensureDatabase({ name: 'parley_roles', owner: 'parley_owner', users: ['parley_app'] });
    project.provide('postgres', {
      adminUrl: await server.url('postgres', 'postgres'),
      owner: await server.url('postgres', 'parley_owner'),
      app: await server.url('postgres', 'parley_app'),
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return async () => {
    await server.stop();
    await removeFolder(folder);
  };
}

const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** Starting over the same data stops a server that is still running there. */
async function clean(folder: string): Promise<void> {
  const data = join(folder, '.parley');
  await mkdir(data, { recursive: true });
  const server = await startPostgres({ folder: data, port: 0, log: silentLog });
  await server.stop();
  await removeFolder(folder);
}
