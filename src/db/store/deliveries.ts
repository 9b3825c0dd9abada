import type { EntityId, PairId, SideName } from '../../core/ids.js';
import type {
  Changes,
  DeliveryItem,
  DeliveryRow,
  DeliveryState,
  DeliverySummary,
  IntentRow,
  WritePlace,
} from '../../engine/store.js';
import { jsonTexts, numbers, texts } from '../array-text.js';
import type { Rows, Sql } from '../client.js';
import { withoutNul } from './nul.js';

export type RawDelivery = {
  pair: PairId;
  id: number;
  side: SideName;
  state: DeliveryState;
  attempt: number;
  count: number;
  run: number;
  plan: number | null;
  tick: number;
  created_at_ms: number;
  announced: string | null;
  items: string;
};

export function selectOpen(sql: Sql, pair: PairId): Rows<DeliverySummary> {
  return sql`
    select id, side, state, attempt, items_count as count from deliveries
    where pair = ${pair} and state <> 'done' order by id`;
}

export function selectDelivery(sql: Sql, pair: PairId, id: number): Rows<RawDelivery> {
  return sql`
    select
      pair, id, side, state, attempt, items_count as count, run, plan, tick,
      (extract(epoch from created_at) * 1000)::bigint as created_at_ms, announced, items
    from deliveries where pair = ${pair} and id = ${id}`;
}

/** Records that a run made and that were confirmed; expands the deliveries of that run alone. */
export function selectRunCreates(sql: Sql, pair: PairId, run: number): Rows<{ entity: EntityId; side: SideName }> {
  return sql`
    select (item.value ->> 'entity')::bigint as entity, delivery.side
    from deliveries delivery cross join lateral jsonb_array_elements(delivery.items::jsonb) as item
    where delivery.pair = ${pair} and delivery.run = ${run} and delivery.state = 'done'
      and item.value ->> 'kind' = 'create'`;
}

export function deliveryRow(raw: RawDelivery): DeliveryRow {
  const { created_at_ms: createdAtMs, items, ...rest } = raw;
  return { ...rest, createdAtMs, items: JSON.parse(items) as readonly DeliveryItem[] };
}

/** Entities travel as the text of an array, because the driver flattens arrays of arrays. */
export function insertDeliveries(sql: Sql, pair: PairId, deliveries: readonly DeliveryRow[]): Rows<object> {
  return sql`
    insert into deliveries (
      pair, id, side, state, attempt, items_count, run, plan, tick, items, entities, span, created_at)
    select
      ${pair}, id, side, state, attempt, items_count, run, plan, tick, items, entities::bigint[], span::int8range,
      to_timestamp(created_at_ms / 1000)
    from unnest(
      ${numbers(deliveries.map((delivery) => delivery.id))}::bigint[],
      ${texts(deliveries.map((delivery) => delivery.side))}::text[],
      ${texts(deliveries.map((delivery) => delivery.state))}::text[],
      ${numbers(deliveries.map((delivery) => delivery.attempt))}::integer[],
      ${numbers(deliveries.map((delivery) => delivery.count))}::integer[],
      ${numbers(deliveries.map((delivery) => delivery.run))}::bigint[],
      ${numbers(deliveries.map((delivery) => delivery.plan))}::bigint[],
      ${numbers(deliveries.map((delivery) => delivery.tick))}::bigint[],
      string_to_array(${jsonTexts(deliveries.map((delivery) => JSON.stringify(delivery.items)))}, chr(30)),
      ${texts(deliveries.map((delivery) => `{${delivery.items.map((item) => item.entity).join(',')}}`))}::text[],
      ${texts(deliveries.map((delivery) => span(delivery.items)))}::text[],
      ${numbers(deliveries.map((delivery) => delivery.createdAtMs))}::float8[]) as list (
        id, side, state, attempt, items_count, run, plan, tick, items, entities, span, created_at_ms)`;
}

function span(items: readonly DeliveryItem[]): string {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { entity } of items) {
    first = Math.min(first, entity);
    last = Math.max(last, entity);
  }
  return items.length === 0 ? 'empty' : `[${first},${last}]`;
}

export function updateDeliveryStates(
  sql: Sql,
  at: { readonly pair: PairId; readonly nowMs: number },
  changes: NonNullable<Changes['deliveryStates']>,
): Rows<object> {
  return sql`
    update deliveries delivery set
      state = list.state,
      attempt = list.attempt,
      outcome = coalesce(list.outcome, delivery.outcome),
      announced = case when list.state = 'sent' then coalesce(list.announced, delivery.announced) end,
      sent_at = case when list.state = 'sent' and delivery.state <> 'sent'
        then to_timestamp(${at.nowMs}::float8 / 1000) else delivery.sent_at end,
      done_at = case when list.state = 'done' then to_timestamp(${at.nowMs}::float8 / 1000) else delivery.done_at end
    from unnest(
      ${numbers(changes.map((change) => change.id))}::bigint[],
      ${texts(changes.map((change) => change.state))}::text[],
      ${numbers(changes.map((change) => change.attempt))}::integer[],
      ${texts(changes.map((change) => (change.outcome === undefined ? null : JSON.stringify(change.outcome))))}::text[],
      ${texts(changes.map((change) => change.announced ?? null))}::text[])
      as list (id, state, attempt, outcome, announced)
    where delivery.pair = ${at.pair} and delivery.id = list.id`;
}

/** The last known outcome of an item replaces the one before. */
export function putIntents(sql: Sql, pair: PairId, intents: readonly IntentRow[]): Rows<object> {
  return sql`
    insert into intents (pair, delivery, entity, side, kind, units, state, code, message, at)
    select
      ${pair}, delivery, entity, side, kind, string_to_array(units, ','), state, code, message, to_timestamp(at_ms / 1000)
    from unnest(
      ${numbers(intents.map((intent) => intent.delivery))}::bigint[],
      ${numbers(intents.map((intent) => intent.entity))}::bigint[],
      ${texts(intents.map((intent) => intent.side))}::text[],
      ${texts(intents.map((intent) => intent.kind))}::text[],
      ${texts(intents.map((intent) => intent.units.join(',')))}::text[],
      ${texts(intents.map((intent) => intent.state))}::text[],
      ${texts(intents.map((intent) => intent.code))}::text[],
      ${texts(intents.map((intent) => intent.message && withoutNul(intent.message)))}::text[],
      ${numbers(intents.map((intent) => intent.atMs))}::float8[]) as list (
        delivery, entity, side, kind, units, state, code, message, at_ms)
    on conflict (pair, delivery, entity) do update set
      side = excluded.side, kind = excluded.kind, units = excluded.units, state = excluded.state, code = excluded.code,
      message = excluded.message, at = excluded.at`;
}

/** Deliveries are few and numbered in order: the newest ones tell, whatever the table holds. */
const deliveriesLooked = 1_000;

export function selectWrites(sql: Sql, places: readonly WritePlace[], withinMs: number): Rows<{ count: number }> {
  return sql`
    select coalesce(sum(items_count), 0)::int as count
    from unnest(
      ${texts(places.map(({ pair }) => pair))}::text[], ${texts(places.map(({ side }) => side))}::text[]) as place (pair, side)
    cross join lateral (
      select side, items_count, sent_at from deliveries
      where deliveries.pair = place.pair order by id desc limit ${deliveriesLooked}
    ) as newest
    where newest.side = place.side and sent_at > clock_timestamp() - make_interval(secs => ${withinMs}::float8 / 1000)`;
}
