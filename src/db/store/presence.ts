import type { Role, TokenRow } from '../../engine/store.js';
import type { Rows, Sql } from '../client.js';

/** Who may speak to the hub, and which workers are there. */
export function selectToken(sql: Sql, hash: string): Rows<TokenRow> {
  return sql`select name, role from api_tokens where hash = ${hash}`;
}

export function putToken(sql: Sql, token: { hash: string; name: string; role: Role }): Rows<object> {
  return sql`
    insert into api_tokens (hash, name, role) values (${token.hash}, ${token.name}, ${token.role})
    on conflict (hash) do update set name = excluded.name, role = excluded.role`;
}

export function putBeat(sql: Sql, worker: string): Rows<object> {
  return sql`
    insert into workers (worker, beat_at) values (${worker}, now())
    on conflict (worker) do update set beat_at = excluded.beat_at`;
}

export function countWorkersAlive(sql: Sql): Rows<{ count: number }> {
  return sql`select count(*) from workers where beat_at > now() - interval '30 seconds'`;
}
