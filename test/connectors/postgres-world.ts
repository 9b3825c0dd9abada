import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openPostgres } from '../../src/connectors/postgres/connector.js';
import { keyParts, type RecordKey } from '../../src/core/ids.js';
import type { Connector, ConnectorSettings } from '../../src/engine/connector.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import type { ConformanceWorld } from './conformance-steps.js';

function settingsFor(url: string, object: string, key: readonly string[] = ['id']): ConnectorSettings {
  return { connection: 'crm', object, key, options: { url }, workFolder: '' };
}

export type PostgresPlace = {
  /** A session of another user of the database, who owns it. */
  readonly sql: postgres.Sql;
  readonly database: TestDatabase;
  /** Opens a connector as the owner, or by another address; it is closed after the test. */
  open(object: string, overrides?: Partial<ConnectorSettings>): Promise<Connector>;
};

/** A database for the tests of one file. */
export function usePostgres(): PostgresPlace {
  let database: TestDatabase | undefined;
  let sql: postgres.Sql | undefined;
  const opened: Connector[] = [];
  beforeAll(async () => {
    database = await freshDatabase();
    sql = postgres(database.ownerUrl, { max: 3, onnotice: () => undefined });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connector) => connector.close()));
  });
  afterAll(async () => {
    await sql?.end();
    await database?.drop();
  });
  const ready = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the database is made before the first test');
    return value;
  };
  return {
    get sql() {
      return ready(sql);
    },
    get database() {
      return ready(database);
    },
    async open(object, overrides) {
      const connector = await openPostgres({ ...settingsFor(ready(database).ownerUrl, object), ...overrides });
      opened.push(connector);
      return connector;
    },
  };
}

/** A new table in the database; `sql` is the session of another user of it. */
export async function postgresWorld(sql: postgres.Sql, url: string, key: readonly string[]): Promise<ConformanceWorld> {
  const table = `records_${randomBytes(6).toString('hex')}`;
  const keyColumns = key.map((name) => `"${name}" text`).join(', ');
  await sql.unsafe(`create table ${table} (${keyColumns}, name text, amount numeric, seen_at timestamptz, note text,
    primary key (${key.map((name) => `"${name}"`).join(', ')}))`);
  const isRecord = (record: RecordKey): postgres.PendingQuery<postgres.Row[]> =>
    keyParts(record, key.length)
      .map((part, index) => sql`${sql(key[index] ?? '')} = ${part}`)
      .reduce((all, next) => sql`${all} and ${next}`);
  return {
    make: async (overrides) => openPostgres({ ...settingsFor(url, table, key), ...overrides }),
    async seed(rows) {
      if (rows.length > 0) {
        await sql`insert into ${sql(table)} select r.* from jsonb_populate_recordset(null::${sql(table)}, ${sql.json(rows)}) r`;
      }
    },
    async edit(record, fields) {
      await sql`update ${sql(table)} set ${sql(fields as never)} where ${isRecord(record)}`;
    },
    async remove(record) {
      await sql`delete from ${sql(table)} where ${isRecord(record)}`;
    },
    async rowOf(record) {
      const columns = [...key, 'name', 'amount', 'seen_at', 'note'];
      const asText = columns.map((name) => `"${name}"::text`).join(', ');
      const rows = await sql.begin(async (tx) => {
        await tx`set local time zone 'UTC'`;
        return tx`select ${tx.unsafe(asText)} from ${tx(table)} where ${isRecord(record)}`;
      });
      return rows[0] ?? null;
    },
    async close() {
      await sql`drop table ${sql(table)}`;
    },
  };
}
