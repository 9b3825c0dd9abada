import { ParleyError } from '../../core/errors.js';
import type { Database } from '../client.js';
import { migrationNames, migrationsFolder } from '../migration-files.js';

/** @throws ParleyError `store.not_migrated` when the database lacks a migration that this version has. */
export async function checkMigrated(database: Database): Promise<void> {
  const [names, applied] = await Promise.all([
    migrationNames(migrationsFolder()),
    database.run<{ name: string }>((sql) => sql`select name from parley_migrations`),
  ]);
  const known = new Set(applied.map(({ name }) => name));
  const missing = names.find((name) => !known.has(name));
  if (missing === undefined) return;
  throw new ParleyError('store.not_migrated', `The database lacks migration ${missing}. Nothing was changed.`, {
    hint: 'Run `parley serve migrate` with DATABASE_OWNER_URL set.',
  });
}
