import postgres from 'postgres';
import type { KeptPostgres } from '../../src/dev/postgres-keeper.js';

export const units = ['name', 'phone', 'address'] as const;
export type Unit = (typeof units)[number];
export const sideNames = ['a', 'b', 'c'] as const;
export type SideName = (typeof sideNames)[number];
export type Row = { readonly key: string } & { readonly [unit in Unit]: string };

/** One effect on one record as the side itself noted it, in the transaction that made it. */
export type Effect = {
  readonly pair: string;
  readonly side: SideName;
  readonly by: 'parley' | 'people';
  readonly kind: 'create' | 'update' | 'delete';
  readonly key: string;
  readonly idempotencyKey: string | null;
  readonly before: { readonly [unit: string]: unknown };
  readonly after: { readonly [unit: string]: unknown };
  /** When it was made, on the clock of this machine. */
  readonly atMs: number;
};

/** A side as the people in it know it; Parley comes by another door. */
export type ChaosSide = {
  readonly name: SideName;
  /** The address for Parley, and what else its connection says. */
  readonly url: (pair: string) => string;
  rows(pair: string): Promise<readonly Row[]>;
  /** What stood in the cell at the moment it was replaced; null when there was no such record. */
  edit(
    pair: string,
    wish: { readonly key: string; readonly unit: Unit; readonly value: string },
  ): Promise<string | null>;
  /** Whether it was made; false when there was one under the key. */
  create(pair: string, row: Row): Promise<boolean>;
  /** Whether it was deleted; false when there was none. */
  remove(pair: string, key: string): Promise<boolean>;
  effects(): Promise<readonly Effect[]>;
  close(): Promise<void>;
};

/** Notes each effect in the transaction that makes it, with the role that asked for it. */
const noteEffects = `
create table effects (n bigserial primary key, by text not null, pair text not null, kind text not null, key text not null,
  before jsonb not null, after jsonb not null, at timestamptz not null default clock_timestamp());
create function note_effect() returns trigger language plpgsql security definer as $$
begin
  insert into effects (by, pair, kind, key, before, after) values (
    case when session_user like '%\\_parley' then 'parley' else 'people' end, tg_table_name, lower(tg_op),
    coalesce(new.id, old.id), coalesce(to_jsonb(old), '{}'), coalesce(to_jsonb(new), '{}'));
  return null;
end $$;`;

export type PostgresSideWish = {
  readonly name: 'a' | 'b';
  readonly server: KeptPostgres;
  readonly pairs: readonly string[];
  readonly records: number;
};

/** A table for each pair, in a database of the side's own. */
export async function openPostgresSide({ name, server, pairs, records }: PostgresSideWish): Promise<ChaosSide> {
  const people = await server.ensureDatabase({ name, owner: `${name}_people`, users: [`${name}_parley`] });
  const parley = await server.url(name, `${name}_parley`);
  // Asking for the server's types fails unheard when the server dies in that moment.
  const sql = postgres(people, { max: 4, onnotice: () => undefined, connect_timeout: 5, fetch_types: false });
  await sql.unsafe(noteEffects);
  for (const pair of pairs) {
    await sql`create table ${sql(pair)} (id text primary key, name text, phone text, address text)`;
    await sql`insert into ${sql(pair)}
      select i::text, 'Company ' || i, '555-' || i, 'Street ' || i from generate_series(1, ${records}) i`;
    await sql.unsafe(`create trigger noted after insert or update or delete on ${pair}
      for each row execute function note_effect();
      grant select, insert, update, delete on ${pair} to ${name}_parley`);
  }
  return {
    name,
    url: () => parley,
    rows: (pair) =>
      sql<Row[]>`select id as key, coalesce(name, '') as name, coalesce(phone, '') as phone,
        coalesce(address, '') as address from ${sql(pair)} order by id collate "C"`,
    async edit(pair, { key, unit, value }) {
      const [changed] = await sql<{ over: string | null }[]>`
        update ${sql(pair)} set ${sql(unit)} = ${value} where id = ${key} returning old.${sql(unit)} as over`;
      return changed === undefined ? null : (changed.over ?? '');
    },
    async create(pair, { key, ...values }) {
      const { count } = await sql`insert into ${sql(pair)} ${sql({ id: key, ...values })} on conflict do nothing`;
      return count > 0;
    },
    async remove(pair, key) {
      const { count } = await sql`delete from ${sql(pair)} where id = ${key}`;
      return count > 0;
    },
    async effects() {
      const rows = await sql<
        Effect[]
      >`select by, pair, case kind when 'insert' then 'create' else kind end as kind, key,
        before, after, (extract(epoch from at) * 1000)::float8 as "atMs" from effects order by n`;
      return rows.map((row) => ({ ...row, side: name, idempotencyKey: null }));
    },
    close: () => sql.end({ timeout: 5 }),
  };
}
