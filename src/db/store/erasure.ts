import { createHmac } from 'node:crypto';
import { ParleyError } from '../../core/errors.js';
import { recordName } from '../../core/identity.js';
import type { EntityId, PairId, RecordKey, SideName } from '../../core/ids.js';
import type { ErasureTransaction, Erasure } from '../../engine/erasure-store.js';
import { numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { deleteKeptApart } from './kept-apart.js';
import { entryColumns, entryReader, type RawEntry } from './ledger.js';
import { type PairKeys, unkeyedDigest } from './pair-keys.js';

/** Marks identities so that only who has the key can tell whose they are. */
export type Marker = (text: string) => string;

export function markerOf(key: Buffer): Marker {
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

const keyText = (side: SideName, key: RecordKey): string => `key ${side} ${key}`;
const matchText = (digest: string): string => `match ${digest}`;

export function erasureIn(sql: Sql, pair: PairId, marker: Marker | null, keys: PairKeys): ErasureTransaction {
  return {
    async suppressed(side, records) {
      if (marker === null || records.length === 0) return new Set();
      const marks = new Map<string, RecordKey>();
      for (const { key, values } of records) {
        marks.set(marker(keyText(side, key)), key);
        // The second one: of erasures before the pair's digests were keyed.
        for (const value of values)
          for (const digest of [keys.digest, unkeyedDigest]) marks.set(marker(matchText(digest(value))), key);
      }
      const found = await selectSuppressed(sql, pair, [...marks.keys()]);
      return new Set(found.map(({ mark }) => marks.get(mark) as RecordKey));
    },
    aliasesOf: async (entity) => (await selectAliases(sql, pair, entity)).map(({ id }) => id),
    deliveredEntries: async (entities) => (await selectDelivered(sql, pair, entities)).map(entryReader(keys.wrapping)),
    async erase(erasure) {
      if (marker === null) throw noKey();
      await deleteKeptApart(sql, pair, erasure.keys.map(recordName), keys.digest);
      await forget(sql, pair, erasure, marker);
    },
  };
}

function noKey(): ParleyError {
  return new ParleyError(
    'erasure.no_key',
    'Without PARLEY_ERASURE_KEY an erased person would come back with the next reading. Nothing was erased.',
    { hint: 'Give API and worker the same key: openssl rand -base64 32' },
  );
}

function selectSuppressed(sql: Sql, pair: PairId, marks: readonly string[]): Rows<{ mark: string }> {
  return sql`
    select encode(mark, 'hex') as mark from suppressions
    where pair = ${pair} and mark in (select decode(mark, 'hex') from unnest(${texts(marks)}::text[]) as list (mark))`;
}

/** An alias says so in its packed state; ended entities are few, and an index leads to them. */
function selectAliases(sql: Sql, pair: PairId, entity: EntityId): Rows<{ id: EntityId }> {
  const said = `%["alias",${entity}]%`;
  return sql`
    select id from record_states where pair = ${pair} and standing = 'gone' and standing <> 'agreed' and state like ${said}`;
}

function selectDelivered(sql: Sql, pair: PairId, entities: readonly EntityId[]): Rows<RawEntry> {
  return sql`
    select ${entryColumns(sql)}
    where entry.pair = ${pair} and entry.kind = 'delivered' and entry.delivery in (
      select id from deliveries where pair = ${pair} and entities && ${numbers(entities)}::bigint[])
    order by entry.seq`;
}

/** One statement after the other: erasing is rare, and its order is the order of these lines. */
async function forget(sql: Sql, pair: PairId, { entities, keys, restated }: Erasure, marker: Marker): Promise<void> {
  const ids = numbers(entities);
  const [sides, names] = [texts(keys.map(({ side }) => side)), texts(keys.map(({ key }) => key))];
  const digests = await sql<{ digest: string }[]>`
    delete from match_values where pair = ${pair} and entity = any(${ids}::bigint[]) returning encode(digest, 'hex') as digest`;
  const marks = [
    ...keys.map(({ side, key }) => marker(keyText(side, key))),
    ...digests.map(({ digest }) => marker(matchText(digest))),
  ];
  await sql`
    insert into suppressions (pair, mark)
    select distinct ${pair}, decode(mark, 'hex') from unnest(${texts(marks)}::text[]) as list (mark)
    on conflict do nothing`;
  await sql`delete from match_texts where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`delete from reference_waits where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`delete from reference_names where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`delete from record_links where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`
    update conflicts set
      shape = '["erased"]', label = '(erased)', detail = '{"agreed":null,"sides":{},"note":null}', choice = 'null',
      state = case when state = 'open' then 'closed' else state end, ended_at = coalesce(ended_at, clock_timestamp())
    where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`
    delete from plan_items where entity = any(${ids}::bigint[]) and plan in (select id from plans where pair = ${pair})`;
  await sql`
    update intents set code = null, message = null where pair = ${pair} and entity = any(${ids}::bigint[])`;
  await sql`
    delete from rereads using unnest(${sides}::text[], ${names}::text[]) as list (side, key)
    where rereads.pair = ${pair} and rereads.side = list.side and rereads.key = list.key`;
  await sql`
    delete from set_aside_rows held using unnest(${sides}::text[], ${names}::text[]) as list (side, key)
    where held.pair = ${pair} and held.side = list.side and held.key = list.key`;
  await forgetItems(sql, pair, entities);
  for (const entity of entities)
    await sql`select history_erase(${pair}, ${entity}::bigint, ${numbers(restated)}::bigint[]) as removed`;
}

type Item = { readonly entity: EntityId; readonly kind: string };

/** Items of deliveries that are over: what was sent to the record goes, that something was sent stays. */
async function forgetItems(sql: Sql, pair: PairId, entities: readonly EntityId[]): Promise<void> {
  const found = await sql<{ id: number; items: string }[]>`
    select id, items from deliveries
    where pair = ${pair} and entities && ${numbers(entities)}::bigint[] order by id for update`;
  for (const { id, items } of found) {
    const kept = (JSON.parse(items) as readonly Item[]).map((item) =>
      entities.includes(item.entity)
        ? { entity: item.entity, kind: item.kind, key: '', fields: {}, expect: {}, token: null, version: '' }
        : item,
    );
    await sql`update deliveries set items = ${JSON.stringify(kept)} where pair = ${pair} and id = ${id}`;
  }
}
