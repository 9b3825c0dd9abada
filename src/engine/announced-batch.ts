import { isSummed } from '../core/delta.js';
import { ParleyError } from '../core/errors.js';
import type { EntityId } from '../core/ids.js';
import type { PairRules } from '../core/rules.js';
import type { Announce, Connector, Fate, NativeRecord, WriteOutcome } from './connector.js';
import type { EnginePorts } from './engine.js';
import type { DeliveryItem, DeliveryRow } from './store.js';

/**
 * What is known of a batch before its commit, so that afterwards it is certain what became of it, also when the answer
 * or this process is lost. Numbers that are added up need it: a sum does not show whose addition it is (semantics §1.6).
 */
export type Announced = {
  readonly mark: string;
  /** What the records hold if the batch was made, in the fields that it writes; an item that is missing was not. */
  readonly images: { readonly [entity: EntityId]: NativeRecord | null };
};

/** Said of a delivery when it is sent: its batch takes effect only after it was announced. */
export const promised = '';

/** Whether a delivery writes numbers that are added up. */
export function carriesSum(rules: PairRules, { side, items }: DeliveryRow): boolean {
  const fields = rules.units.filter(isSummed).flatMap((unit) => unit.paths[side] ?? []);
  return fields.length > 0 && items.some((item) => fields.some((field) => field in item.fields));
}

/** Keeps the announcement with the delivery; refused when somebody else has taken the delivery over meanwhile. */
export function announceTo(
  ports: EnginePorts,
  { pair, id, attempt }: DeliveryRow,
  items: readonly DeliveryItem[],
): Announce {
  return (mark, outcomes) =>
    ports.store.transact(pair, async (transaction) => {
      const now = await transaction.delivery(id);
      if (now?.state !== 'sent' || now.attempt !== attempt + 1 || now.announced === null) throw takenOver(id);
      const announced = JSON.stringify({ mark, images: imagesOf(items, outcomes) } satisfies Announced);
      await transaction.commit({
        pair: transaction.pair,
        deliveryStates: [{ id, state: 'sent', attempt: now.attempt, announced }],
      });
    });
}

/** What became of the batch of a delivery that an earlier attempt left, with the images of what was made. */
export async function fateOf(
  connector: Connector,
  { announced }: DeliveryRow,
  signal: AbortSignal | undefined,
): Promise<{ readonly fate: Exclude<Fate, 'open'>; readonly images: Announced['images'] }> {
  if (announced === null || connector.fateOf === undefined) return { fate: 'unknown', images: {} };
  if (announced === promised) return { fate: 'not_made', images: {} };
  const { mark, images } = JSON.parse(announced) as Announced;
  const fate = await connector.fateOf(mark, signal);
  if (fate === 'open') {
    throw new ParleyError(
      'connector.unreachable',
      'A batch of writes is still being made. It is asked about again later.',
      {
        hint: 'Nothing else is written to these records until then.',
      },
    );
  }
  return { fate, images: fate === 'made' ? images : {} };
}

/** Somebody acted on the delivery while its fate was found out: whoever comes next begins with what is known by then. */
export function refuseIfMoved(before: DeliveryRow, now: DeliveryRow | null): void {
  if (now?.state !== 'sent' || now.announced !== before.announced) throw takenOver(before.id);
}

function imagesOf(items: readonly DeliveryItem[], outcomes: readonly WriteOutcome[]): Announced['images'] {
  const images: { [entity: EntityId]: NativeRecord | null } = {};
  items.forEach(({ entity, fields }, index) => {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'accepted') return;
    const { record } = outcome;
    const written = Object.entries(record?.fields ?? {}).filter(([name]) => name in fields);
    images[entity] = record === null ? null : { ...record, fields: Object.fromEntries(written) };
  });
  return images;
}

function takenOver(delivery: number): ParleyError {
  return new ParleyError('store.conflict', `Delivery ${delivery} was taken over meanwhile. Nothing of it was written.`);
}
