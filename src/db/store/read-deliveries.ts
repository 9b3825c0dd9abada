import type { EntityId, PairId, SideName } from '../../core/ids.js';
import type { EntityDelivery } from '../../engine/read-model.js';
import type { DeliveryItem, DeliveryState, IntentRow } from '../../engine/store.js';
import type { Database } from '../client.js';

type RawEntityDelivery = {
  id: number;
  side: SideName;
  state: DeliveryState;
  attempt: number;
  created_at_ms: number;
  sent_at_ms: number | null;
  done_at_ms: number | null;
  item: string;
  intent: IntentRow['state'] | null;
};

/** What became of an item that has no row of its own. */
const cleanOutcome: { readonly [state in DeliveryState]: string } = {
  planned: 'planned',
  sent: 'sent',
  done: 'landed',
};

/**
 * Deliveries that carried the entity, newest first. The range from the smallest to the greatest entity is indexed, one
 * entry a delivery: small deliveries have narrow ranges, large ones are few. The list of entities then decides, and
 * says at which place of the JSON text the item stands, so that only that one is taken out.
 */
export async function selectEntityDeliveries(
  database: Database,
  pair: PairId,
  entity: EntityId,
  limit: number,
): Promise<readonly EntityDelivery[]> {
  const raws = await database.run(
    (sql) => sql<RawEntityDelivery[]>`
      with carried as materialized (
        select id from deliveries
        where pair = ${pair} and span @> ${entity}::bigint and entities @> array[${entity}::bigint]
        order by id desc limit ${limit}
      )
      select
        delivery.id, delivery.side, delivery.state, delivery.attempt,
        (extract(epoch from delivery.created_at) * 1000)::bigint as created_at_ms,
        (extract(epoch from delivery.sent_at) * 1000)::bigint as sent_at_ms,
        (extract(epoch from delivery.done_at) * 1000)::bigint as done_at_ms,
        (delivery.items::json -> (array_position(delivery.entities, ${entity}::bigint) - 1))::text as item,
        intent.state as intent
      from carried
      join deliveries delivery on delivery.pair = ${pair} and delivery.id = carried.id
      left join intents intent
        on intent.pair = delivery.pair and intent.delivery = delivery.id and intent.entity = ${entity}
      order by delivery.id desc`,
  );
  return raws.map(entityDelivery);
}

function entityDelivery(raw: RawEntityDelivery): EntityDelivery {
  const { kind, fields } = JSON.parse(raw.item) as DeliveryItem;
  return {
    id: raw.id,
    side: raw.side,
    state: raw.state,
    kind,
    createdAtMs: raw.created_at_ms,
    sentAtMs: raw.sent_at_ms,
    doneAtMs: raw.done_at_ms,
    attempt: raw.attempt,
    outcome: raw.intent ?? cleanOutcome[raw.state],
    fields,
  };
}
