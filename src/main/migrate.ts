import { migrate } from '../db/migrate.js';
import { ParleyError } from '../core/errors.js';
import { createLog } from '../telemetry/log.js';
import type { Environment } from './environment.js';

/** The application's role where DATABASE_URL does not name it. */
const usualRole = 'parley_app';

/**
 * Brings the database to this version's schema and gives the application's role its rights.
 * @throws ParleyError `config.invalid` when DATABASE_OWNER_URL is not set, and what `migrate` throws
 */
export async function runMigrate({ databaseOwnerUrl, databaseUrl, logLevel }: Environment): Promise<void> {
  if (databaseOwnerUrl === null) {
    throw new ParleyError('config.invalid', 'DATABASE_OWNER_URL is not set. Nothing was changed.', {
      hint: 'Set it to the role that owns the database; only this command uses it.',
    });
  }
  const log = createLog({ level: logLevel, name: 'migrate' });
  const named = databaseUrl === null ? '' : decodeURIComponent(new URL(databaseUrl).username);
  const { applied } = await migrate({
    ownerUrl: databaseOwnerUrl,
    appRole: named === '' ? usualRole : named,
    log,
  });
  log.info({ applied: applied.length }, 'The schema of the database is that of this version.');
}
