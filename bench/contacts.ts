import { join } from 'node:path';
import type postgres from 'postgres';
import { pairId } from '../src/core/ids.js';
import { type Hub, type HubOptions, openHub, type SideDatabase, type Stage, writeFiles } from './stage.js';

export const contactsPair = pairId('contacts');
export const contactRows = 100_000;
export const editsPerSide = 10_000;

/** Two databases with one table of 100,000 rows and 6 columns each, and the pair that keeps them in agreement. */
export type Contacts = {
  readonly hub: Hub;
  readonly a: SideDatabase;
  readonly b: SideDatabase;
  close(): Promise<void>;
};

const connectionsFile = `
a: { connector: postgres, url: env:A_URL }
b: { connector: postgres, url: env:B_URL }
`;
const pairFile = `
pair: contacts
about: People, kept in two databases.
owner: bench
systems:
  a: { object: a/public.contacts, key: id }
  b: { object: b/public.contacts, key: id }
match: [ a.id = b.id ]
masters:
  either:
    name:    { a: name,    b: name }
    email:   { a: email,   b: email }
    phone:   { a: phone,   b: phone }
    company: { a: company, b: company }
    city:    { a: city,    b: city }
creates: { a: copy, b: copy }
deletes: { a: ask, b: ask }
run: { every: 1s }
`;

export async function openContacts(stage: Stage, options: Pick<HubOptions, 'runner'> = {}): Promise<Contacts> {
  const [a, b] = [await stage.openSide('a'), await stage.openSide('b')];
  for (const { sql } of [a, b]) for (const table of ['contacts', 'contacts_plain']) await fillTable(sql, table);
  const configFolder = join(stage.folder, 'config');
  await writeFiles(configFolder, { 'connections.yaml': connectionsFile, 'pairs/contacts.yaml': pairFile });
  const hub = await openHub(stage, { ...options, configFolder, variables: { A_URL: a.url, B_URL: b.url } });
  return {
    hub,
    a,
    b,
    async close() {
      await hub.close();
      await Promise.all([a.close(), b.close()]);
    },
  };
}

async function fillTable(sql: postgres.Sql, table: string): Promise<void> {
  await sql`
    create table ${sql(table)} (id integer primary key, name text, email text, phone text, company text, city text)`;
  await sql`
    insert into ${sql(table)}
    select n, 'Person ' || n, 'person' || n || '@example.org', '+44 20 ' || lpad(n::text, 8, '0'),
      'Company ' || n % 997, 'City ' || n % 89
    from generate_series(1, ${contactRows}::int) as numbers (n)`;
  await sql`vacuum analyze ${sql(table)}`;
}

/**
 * Edits 10,000 e-mail addresses on A and the telephone numbers of 10,000 other people on B, one statement each. Every
 * round edits other people than the one before it.
 */
export async function editBothSides({ a, b }: Pick<Contacts, 'a' | 'b'>, table: string, round: number): Promise<void> {
  const first = ((round * editsPerSide) % (contactRows / 2)) + 1;
  const [last, other] = [first + editsPerSide - 1, contactRows / 2];
  await Promise.all([
    a.sql`update ${a.sql(table)} set email = ${`r${round}.`} || email where id between ${first} and ${last}`,
    b.sql`
      update ${b.sql(table)} set phone = phone || ${` x${round}`}
      where id between ${first + other} and ${last + other}`,
  ]);
}

/** Throws unless both tables hold the same rows: their number, and the sums of two independent 64-bit hashes of each. */
export async function requireEqual({ a, b }: Pick<Contacts, 'a' | 'b'>, table: string): Promise<void> {
  const [left, right] = await Promise.all([digest(a.sql, table), digest(b.sql, table)]);
  if (left !== right) throw new Error(`assertion failed: the tables ${table} differ`);
}

async function digest(sql: postgres.Sql, table: string): Promise<string> {
  const rows = await sql<{ digest: string }[]>`
    select concat_ws(' ', count(*), sum(hashtextextended(t::text, 1)), sum(hashtextextended(t::text, 2))) as digest
    from ${sql(table)} t`;
  return rows[0]?.digest ?? '';
}

/** Throws unless every edit since `from` stands in the ledger once, with its values, and was confirmed by the other side. */
export async function requireEntries(hub: Hub, from: number): Promise<void> {
  const expected = 2 * editsPerSide;
  const [found] = await hub.sql<{ edits: number; payloads: number; deliveries: number[] }[]>`
    select
      count(distinct entity) filter (where kind = 'edited')::int as edits,
      count(encrypted) filter (where kind = 'edited')::int as payloads,
      array_agg(entry.seq::int) filter (where kind = 'delivered') as deliveries
    from ledger entry left join ledger_payloads held using (pair, seq, at)
    where entry.pair = ${contactsPair} and entry.seq >= ${from}`;
  const { edits = 0, payloads = 0, deliveries = [] } = found ?? {};
  let receipts = 0;
  for (const seq of deliveries) {
    const [stated] = await hub.store.ledger(contactsPair, seq, 1);
    receipts += (stated?.payload?.detail['receipts'] as readonly unknown[] | undefined)?.length ?? 0;
  }
  if (edits !== expected || payloads !== expected || receipts !== expected)
    throw new Error(
      `assertion failed: ${edits} edits, ${payloads} payloads and ${receipts} receipts instead of ${expected}`,
    );
}
