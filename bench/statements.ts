import postgres from 'postgres';
import type { Stage } from './stage.js';

export type Statement = {
  readonly database: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly text: string;
};

/** Counts what the server executes, in every database, transaction commands included. */
export type StatementCounter = {
  reset(): Promise<void>;
  /** Costliest first. Statements of the measurement itself are left out. */
  read(): Promise<readonly Statement[]>;
  close(): Promise<void>;
};

export async function countStatements(stage: Stage): Promise<StatementCounter> {
  const sql = postgres(await stage.postgres.url('postgres', 'postgres'), { max: 1, onnotice: () => undefined });
  await sql`create extension if not exists pg_stat_statements`;
  return {
    async reset() {
      await sql`select pg_stat_statements_reset()`;
    },
    async read() {
      return sql<Statement[]>`
        select d.datname as database, s.calls::int, s.total_exec_time::float8 as "totalMs", s.query as text
        from pg_stat_statements s join pg_database d on d.oid = s.dbid
        where d.datname <> 'postgres'
        order by s.total_exec_time desc`;
    },
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Statements sent to one database. */
export function callsIn(statements: readonly Statement[], database: string): number {
  return statements.reduce((sum, statement) => sum + (statement.database === database ? statement.calls : 0), 0);
}
