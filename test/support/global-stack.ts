import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findTemporal } from '../../src/dev/temporal-finder.js';
import { startTemporal } from '../../src/dev/temporal-server.js';
import { setup as setupPostgres } from './global-postgres.js';
import { removeFolder, runFolder } from './leftovers.js';
import { silentLog } from './silent-log.js';

/**
 * PostgreSQL and a Temporal server for the whole run. The server is found as `parley dev` finds it; when there is
 * none this fails and so does the run: tests of the stack are never left out silently.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stopPostgres = await setupPostgres(project);
  try {
    const stopTemporal = await setupTemporal(project);
    return async () => {
      await stopTemporal();
      await stopPostgres();
    };
  } catch (error) {
    await stopPostgres();
    throw error;
  }
}

async function setupTemporal(project: TestProject): Promise<() => Promise<void>> {
  const found = await findTemporal({ env: process.env });
  if (found.kind === 'server') {
    project.provide('temporalAddress', found.address);
    return () => Promise.resolve();
  }
  const folder = await runFolder();
  await mkdir(join(folder, '.parley'));
  const server = await startTemporal({
    folder: join(folder, '.parley'),
    program: found,
    port: 0,
    log: silentLog,
    keep: false,
  });
  project.provide('temporalAddress', server.address);
  return async () => {
    await server.stop();
    await removeFolder(folder);
  };
}
