import type postgres from 'postgres';
import { type Application, type Edit, type Field, fields, type Row, type Setup, type Site } from './arena.js';

/** From this many on, edits of one transaction are one statement, as a bulk change of an application is. */
const bulkFrom = 50;

const typeOf = (field: Field): string =>
  field === 'stock' ? 'numeric' : field === 'updated_at' ? 'timestamptz' : 'text';

/** Makes the table of a probe, with the rows that both sites begin with. `code` is unique, `stock` a number. */
export async function makeTable(
  sql: postgres.Sql,
  table: string,
  setup: Setup & { readonly site: Site },
): Promise<void> {
  const refuses = setup.site === 'b' && setup.refusedName !== undefined;
  await sql.unsafe(`
    create table ${table} (
      id integer primary key, code text unique, name text, email text, phone text, city text, stock numeric,
      updated_at timestamptz
      ${refuses ? `, constraint name_is_allowed check (name <> '${setup.refusedName}')` : ''})`);
  await sql.unsafe(`
    insert into ${table} (id, code, name, email, phone, city, stock, updated_at)
    select n, 'C' || n, 'Person ' || n, 'person' || n || '@example.org', '+44 20 ' || lpad(n::text, 8, '0'),
      'City ' || n % 89, 1000, '2026-01-01T00:00:00Z'
    from generate_series(1, ${setup.rows}) as numbers (n)`);
  await sql.unsafe(`analyze ${table}`);
}

/** People who work in one table. */
export function sqlApplication(sql: postgres.Sql, table: string, site: Site): Application {
  return {
    site,
    async insert(rows) {
      const columns = ['id', ...fields] as const;
      await sql.unsafe(
        `insert into ${table} (${columns.join(', ')})
         select ${columns.map((column) => `${column}::${column === 'id' ? 'integer' : typeOf(column)}`).join(', ')}
         from unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(', ')}) as list (${columns.join(', ')})`,
        columns.map((column) => rows.map((row) => row[column])),
      );
    },
    async edit(edits) {
      if (edits.length >= bulkFrom) await editInBulk(sql, table, edits);
      else
        await sql.begin(async (transaction) => {
          for (const { id, set } of edits)
            await transaction`update ${transaction(table)} set ${transaction(set)} where id = ${Number(id)}`;
        });
    },
    async add(ids, amount) {
      await sql.unsafe(`update ${table} set stock = stock + $1 where id = any($2::integer[])`, [
        amount,
        ids.map(Number),
      ]);
    },
    async remove(ids) {
      await sql.unsafe(`delete from ${table} where id = any($1::integer[])`, [ids.map(Number)]);
    },
    async rows(only) {
      const found = await sql.unsafe<Row[]>(
        `select ${['id', ...fields].map((name) => `${name}::text as ${name}`).join(', ')} from ${table}
         where $1::integer[] is null or id = any($1)`,
        [only?.map(Number) ?? null],
      );
      return new Map(found.map((row) => [row.id, row]));
    },
  };
}

async function editInBulk(sql: postgres.Sql, table: string, edits: readonly Edit[]): Promise<void> {
  const set = Object.keys(edits[0]?.set ?? {}) as Field[];
  const columns = ['id', ...set];
  await sql.unsafe(
    `update ${table} as t set ${set.map((field) => `${field} = list.${field}::${typeOf(field)}`).join(', ')}
     from unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(', ')}) as list (${columns.join(', ')})
     where t.id = list.id::integer`,
    [edits.map(({ id }) => id), ...set.map((field) => edits.map((edit) => edit.set[field] ?? null))],
  );
}
