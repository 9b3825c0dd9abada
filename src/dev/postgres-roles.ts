import postgres from 'postgres';
import { ParleyError } from '../core/errors.js';
import type { Passwords } from './passwords.js';

/** A database to have, the role that owns it, and roles that may only connect and be granted more by the owner. */
export type DatabaseWish = { readonly name: string; readonly owner: string; readonly users?: readonly string[] };

/** Makes what is missing and sets the passwords, so that a lost password file does not lock anybody out for good. */
export async function ensureDatabase(adminUrl: string, wish: DatabaseWish, passwords: Passwords): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    for (const role of [wish.owner, ...(wish.users ?? [])]) await ensureRole(sql, role, await passwords.of(role));
    const [known] = await sql`select 1 from pg_database where datname = ${wish.name}`;
    if (known === undefined) await sql.unsafe(`create database ${quoted(wish.name)} owner ${quoted(wish.owner)}`);
  } catch (cause) {
    throw new ParleyError('dev.postgres_failed', `The database ${wish.name} could not be made ready.`, { cause });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function ensureRole(sql: postgres.Sql, role: string, password: string): Promise<void> {
  const [known] = await sql`select 1 from pg_roles where rolname = ${role}`;
  const verb = known === undefined ? 'create' : 'alter';
  // A role's password cannot be a parameter. Ours are hex digits, made by us.
  if (!/^[0-9a-f]+$/.test(password)) throw new Error(`the password of ${role} is not one of ours`);
  await sql.unsafe(`${verb} role ${quoted(role)} login password '${password}'`);
}

/** An SQL identifier that may hold any character. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
