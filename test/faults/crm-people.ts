import type postgres from 'postgres';
import type { Journal, Row, Unit, Wish } from './journal.js';

/** People who work in the CRM: one statement an edit, which also tells what it replaced. */
export type CrmPeople = {
  rows(): Promise<readonly Row[]>;
  edit(wish: Wish, journal: Journal): Promise<void>;
  create(row: Row, journal: Journal): Promise<void>;
  close(): Promise<void>;
};

const columns: { readonly [unit in Unit]: string } = { name: 'name', phone: 'phone', address: 'street' };

export async function openCrmPeople(sql: postgres.Sql, records: number): Promise<CrmPeople> {
  await sql`create table accounts (assignment text primary key, name text, phone text, street text)`;
  await sql`
    insert into accounts
    select i::text, 'Company ' || i, '555-' || i, 'Street ' || i from generate_series(1, ${records}) i`;
  return {
    async rows() {
      return sql<Row[]>`
        select assignment as key, coalesce(name, '') as name, coalesce(phone, '') as phone,
          coalesce(street, '') as address
        from accounts order by assignment collate "C"`;
    },
    async edit({ key, unit, value }, journal) {
      const column = sql(columns[unit]);
      const [changed] = await sql<{ over: string | null }[]>`
        update accounts set ${column} = ${value} where assignment = ${key} returning old.${column} as over`;
      if (changed !== undefined) journal.note('crm', { key, unit, value }, changed.over ?? '');
    },
    async create({ key, name, phone, address }, journal) {
      await sql`insert into accounts values (${key}, ${name}, ${phone}, ${address})`;
      journal.created.push({ side: 'crm', key });
    },
    close: () => sql.end({ timeout: 5 }),
  };
}
