import type { PairId, RevisionId } from '../../core/ids.js';
import type { PairRules } from '../../core/rules.js';
import type { ConnectionSettings, SavedRevision } from '../../engine/store.js';
import type { Rows, Sql } from '../client.js';

export type RawRevision = { pair: PairId; id: RevisionId; rules: string; body: string; connections: string };

export function selectRevision(sql: Sql, pair: PairId, id: RevisionId): Rows<RawRevision> {
  return sql`select pair, id, rules, body, connections from revisions where pair = ${pair} and id = ${id}`;
}

export function insertRevision(sql: Sql, revision: SavedRevision): Rows<object> {
  return sql`
    insert into revisions (pair, id, rules, body, connections)
    values (${revision.pair}, ${revision.id}, ${JSON.stringify(revision.rules)}, ${revision.text},
      ${JSON.stringify(revision.connections)})
    on conflict (pair, id) do nothing`;
}

export function savedRevision(raw: RawRevision): SavedRevision {
  return {
    pair: raw.pair,
    id: raw.id,
    rules: JSON.parse(raw.rules) as PairRules,
    text: raw.body,
    connections: JSON.parse(raw.connections) as { readonly [connection: string]: ConnectionSettings },
  };
}
