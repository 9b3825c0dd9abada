import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { quoted } from '../../src/dev/postgres-roles.js';

/** An empty database of one test file or test. */
export type TestDatabase = {
  readonly name: string;
  /** As superuser. */
  readonly url: string;
  /** As `parley_owner`, who owns the database and runs migrations. */
  readonly ownerUrl: string;
  /** As `parley_app`, who has only what the owner grants. */
  readonly appUrl: string;
  /** Ends every session on the database and removes it. */
  drop(): Promise<void>;
};

/** The name of the application's role, for `migrate({ ownerUrl, appRole })`. */
export const appRole = 'parley_app';

/**
 * A database nobody else uses: empty, or a copy of the database named `template`, to which nobody may be connected.
 * Copying a migrated one costs some 30 ms, migrating costs many times that.
 */
export async function freshDatabase(options: { readonly template?: string } = {}): Promise<TestDatabase> {
  const { adminUrl, owner, app } = inject('postgres');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const copy = options.template === undefined ? '' : ` template ${quoted(options.template)}`;
  await asAdmin(adminUrl, `create database ${quoted(name)} owner parley_owner${copy}`);
  return {
    name,
    url: inDatabase(adminUrl, name),
    ownerUrl: inDatabase(owner, name),
    appUrl: inDatabase(app, name),
    drop: () => asAdmin(adminUrl, `drop database if exists ${quoted(name)} with (force)`),
  };
}

async function asAdmin(adminUrl: string, statement: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function inDatabase(url: string, name: string): string {
  const moved = new URL(url);
  moved.pathname = `/${name}`;
  return moved.href;
}
