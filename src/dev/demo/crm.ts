import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import postgres from 'postgres';

/** The CRM of the demo: one table with a real register in it, and a person who edits it by SQL. */
export type Crm = {
  count(): Promise<number>;
  row(key: string): Promise<CrmRow | undefined>;
  edit(key: string, change: Partial<Omit<CrmRow, 'assignment'>>): Promise<void>;
  close(): Promise<void>;
};
export type CrmRow = {
  readonly assignment: string;
  readonly name: string | null;
  readonly street: string | null;
  readonly locality: string | null;
  readonly country: string | null;
};

const batchRows = 5_000;

/** Makes the table and fills it from the snapshot, in one transaction, unless it is there. */
export async function openCrm(url: string, snapshot: string): Promise<Crm> {
  const sql = postgres(url, { max: 2, onnotice: () => undefined, connection: { application_name: 'demo crm' } });
  await fill(sql, snapshot);
  return {
    async count() {
      const [row] = await sql<{ count: number }[]>`select count(*)::int as count from public.accounts`;
      return row?.count ?? 0;
    },
    async row(key) {
      const [row] = await sql<
        CrmRow[]
      >`select assignment, name, street, locality, country from public.accounts where assignment = ${key}`;
      return row;
    },
    async edit(key, change) {
      await sql`update public.accounts set ${sql(change)} where assignment = ${key}`;
    },
    close: () => sql.end({ timeout: 5 }),
  };
}

async function fill(sql: postgres.Sql, snapshot: string): Promise<void> {
  const [known] = await sql<{ known: boolean }[]>`select to_regclass('public.accounts') is not null as known`;
  if (known?.known === true) return;
  await sql.begin(async (transaction) => {
    await transaction`
      create table public.accounts (
        assignment text primary key, name text, street text, locality text, country text)`;
    let batch: CrmRow[] = [];
    for await (const row of rowsOf(snapshot)) {
      batch.push(row);
      if (batch.length < batchRows) continue;
      await insert(transaction, batch);
      batch = [];
    }
    await insert(transaction, batch);
  });
}

function rowsOf(snapshot: string): AsyncIterable<CrmRow> {
  return createReadStream(snapshot)
    .pipe(createGunzip())
    .pipe(parse({ columns: true })) as AsyncIterable<CrmRow>;
}

async function insert(sql: postgres.TransactionSql, rows: readonly CrmRow[]): Promise<void> {
  const column = (name: keyof CrmRow): (string | null)[] => rows.map((row) => row[name]);
  await sql`
    insert into public.accounts (assignment, name, street, locality, country)
    select assignment, name, street, locality, country
    from unnest(
      ${column('assignment')}::text[], ${column('name')}::text[], ${column('street')}::text[],
      ${column('locality')}::text[], ${column('country')}::text[]) as list (assignment, name, street, locality, country)`;
}
