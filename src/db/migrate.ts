import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { ParleyError } from '../core/errors.js';
import type { Log } from '../engine/ports.js';
import { storeFailure } from './failures.js';
import { type MigrationFile, migrationFiles, migrationsFolder } from './migration-files.js';

export type MigrateRequest = {
  /** The owner's URL: the only place where it is used. */
  readonly ownerUrl: string;
  /** The role that the application connects with; must exist and must not be the owner. */
  readonly appRole: string;
  readonly folder?: string;
  readonly log?: Log;
};

/** Partitions made ahead of the current month. */
const monthsAhead = 3;
const lockPollMs = 100;
const lockWaitMaxMs = 10 * 60_000;

/**
 * Brings the database to the newest schema and gives the application's role its rights. Any number of processes may
 * call it at once: one works, the others wait and find nothing to do. Each file is applied once, in one transaction
 * with the row that remembers it, unless the file says otherwise.
 *
 * @throws ParleyError `store.migration_changed` when an applied file is not what it was, `store.migration_gap` when
 * files and database do not continue each other, `config.invalid` for a role that cannot be used. Nothing is applied then.
 */
export async function migrate(request: MigrateRequest): Promise<{ applied: string[] }> {
  const files = await migrationFiles(request.folder ?? migrationsFolder());
  const sql = postgres(request.ownerUrl, {
    max: 1,
    onnotice: () => undefined,
    connection: { application_name: 'parley migrate', search_path: 'public' },
  });
  try {
    await checkRole(sql, request.appRole);
    await lock(sql);
    const pending = await pendingFiles(sql, files);
    for (const file of pending) {
      await apply(sql, file);
      request.log?.info({ migration: file.name }, 'migration applied');
    }
    await sql.begin(async (transaction) => {
      await transaction`select set_config('parley.app_role', ${request.appRole}, true)`;
      await transaction`select grant_application_role()`;
      await transaction`select history_partitions_ahead(${monthsAhead})`;
    });
    return { applied: pending.map((file) => file.name) };
  } catch (error) {
    throw storeFailure(error);
  } finally {
    // Ending the session gives the lock back, whatever happened.
    await sql.end({ timeout: 5 });
  }
}

async function checkRole(sql: postgres.Sql, appRole: string): Promise<void> {
  const [row] = await sql<{ known: boolean; owner: boolean }[]>`
    select exists (select 1 from pg_roles where rolname = ${appRole}) as known, current_user = ${appRole} as owner`;
  if (row?.known === true && !row.owner) return;
  throw new ParleyError(
    'config.invalid',
    row?.owner === true
      ? `The application's role "${appRole}" is the owner's own: the history would not be protected from it. Nothing was changed.`
      : `The application's role "${appRole}" does not exist in the database. Nothing was changed.`,
    { hint: 'Create a second login role without further rights and name it in DATABASE_URL.' },
  );
}

/**
 * Takes the migrators' lock by asking again and again. Waiting inside the database would hold a snapshot, for which
 * a concurrent index build of the process that has the lock would wait in turn.
 */
async function lock(sql: postgres.Sql): Promise<void> {
  const until = Date.now() + lockWaitMaxMs;
  for (;;) {
    const [row] = await sql<{ taken: boolean }[]>`
      select pg_try_advisory_lock(hashtextextended('parley.migrate', 0)) as taken`;
    if (row?.taken === true) return;
    if (Date.now() > until) {
      throw new ParleyError('store.conflict', 'Another process has been migrating this database for ten minutes.', {
        hint: 'Wait for it, or end it, then try again.',
      });
    }
    await delay(lockPollMs);
  }
}

async function pendingFiles(sql: postgres.Sql, files: readonly MigrationFile[]): Promise<readonly MigrationFile[]> {
  await sql`create table if not exists parley_migrations (
    name text primary key, sha256 text not null, applied_at timestamptz not null default now())`;
  const applied = await sql<{ name: string; sha256: string }[]>`
    select name, sha256 from parley_migrations order by name collate "C"`;
  applied.forEach((row, place) => {
    const file = files[place];
    if (file?.name !== row.name) {
      const late = file !== undefined && file.name < row.name;
      throw new ParleyError(
        'store.migration_gap',
        late
          ? `Migration ${file.name} was never applied, but the later ${row.name} was. Nothing was changed.`
          : `The database has migration ${row.name}, which this version does not know. Nothing was changed.`,
        {
          hint: late
            ? 'Give the file a name after the last applied one.'
            : 'Use the version of Parley that migrated this database, or a newer one.',
        },
      );
    }
    if (file.sha256 !== row.sha256) {
      throw new ParleyError(
        'store.migration_changed',
        `Migration ${row.name} was applied with other content than the file has now. Nothing was changed.`,
        { hint: 'Restore the file as it was and put the change into a new migration.' },
      );
    }
  });
  return files.slice(applied.length);
}

async function apply(sql: postgres.Sql, file: MigrationFile): Promise<void> {
  const run = async (connection: postgres.Sql | postgres.TransactionSql): Promise<void> => {
    for (const statement of file.statements) await connection.unsafe(statement);
    await connection`insert into parley_migrations (name, sha256) values (${file.name}, ${file.sha256})`;
  };
  await (file.inTransaction ? sql.begin(run) : run(sql));
}
