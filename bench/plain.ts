import type postgres from 'postgres';
import { texts } from '../src/db/array-text.js';
import { pageSizeDefault } from '../src/engine/take-page.js';
import type { Contacts } from './contacts.js';

/**
 * The lower bound of the two-way measurement: the same rows read from both sides, the same rows written to both sides
 * in batches of the same size, and one row a change in a plain log. It knows which column was edited where, decides
 * nothing, remembers nothing and survives no crash; whoever keeps two tables equal does at least this.
 */
const batchRows = pageSizeDefault;

type Row = { readonly id: string; readonly name: string; readonly email: string; readonly phone: string };
type Column = 'email' | 'phone';

export async function preparePlain({ hub }: Contacts): Promise<void> {
  await hub.sql`
    create table plain_log (at timestamptz default now(), side text, id text, field text, value text)`;
}

/** The transaction ids before an edit: rows that are newer were edited. */
export async function horizon(sql: postgres.Sql): Promise<string> {
  const rows = await sql<{ horizon: string }[]>`select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`;
  return rows[0]?.horizon ?? '';
}

export async function plainTwoWay(
  { hub, a, b }: Contacts,
  since: { readonly a: string; readonly b: string },
): Promise<void> {
  const ways = [
    { name: 'a', from: a.sql, to: b.sql, since: since.a, column: 'email' },
    { name: 'b', from: b.sql, to: a.sql, since: since.b, column: 'phone' },
  ] as const;
  const pages: { readonly to: postgres.Sql; readonly column: Column; readonly rows: readonly Row[] }[] = [];
  for (const { name, from, to, since: horizonText, column } of ways) {
    for (let after = 0, more = true; more; ) {
      const rows = await changedRows(from, horizonText, after);
      if (rows.length > 0) {
        await writeLog(hub.sql, name, column, rows);
        pages.push({ to, column, rows });
      }
      more = rows.length === batchRows;
      after = Number(rows.at(-1)?.id ?? after);
    }
  }
  await Promise.all(
    ways.map(async ({ to }) => {
      for (const page of pages) if (page.to === to) await writeRows(to, page.column, page.rows);
    }),
  );
}

function changedRows(sql: postgres.Sql, since: string, after: number): Promise<readonly Row[]> {
  return sql<Row[]>`
    select id::text, name, email, phone, company, city from contacts_plain t
    where age(xmin) <= age(${since}::text::xid8::xid) and t.id > ${after}
    order by t.id limit ${batchRows}`;
}

async function writeLog(sql: postgres.Sql, side: string, column: Column, rows: readonly Row[]): Promise<void> {
  await sql`
    insert into plain_log (side, id, field, value)
    select ${side}, id, ${column}, value
    from unnest(${texts(rows.map(({ id }) => id))}::text[], ${texts(rows.map((row) => row[column]))}::text[])
      as list (id, value)`;
}

async function writeRows(sql: postgres.Sql, column: Column, rows: readonly Row[]): Promise<void> {
  await sql`
    update contacts_plain t set ${sql(column)} = list.value
    from unnest(${texts(rows.map(({ id }) => id))}::text[], ${texts(rows.map((row) => row[column]))}::text[])
      as list (id, value)
    where t.id = list.id::int`;
}
