import type { RecordKey } from '../core/ids.js';
import type { Snapshot } from '../core/record.js';
import type { Connector, WriteOutcome } from './connector.js';
import type { EnginePorts } from './engine.js';
import type { DeliveryItem, DeliveryRow } from './store.js';

/** What a side answered, and what it holds after writes that it accepted without showing the record. */
export type Answers = { readonly outcomes: readonly WriteOutcome[]; readonly looked: ReadonlyMap<RecordKey, Snapshot> };

/**
 * An accepted write that shows no record proves nothing, so the record is looked at. When that fails the write is in
 * doubt, and not one that never happened.
 */
export async function withLooks(
  ports: EnginePorts,
  connector: Connector,
  { items, delivery }: { readonly items: readonly DeliveryItem[]; readonly delivery: DeliveryRow },
  outcomes: readonly WriteOutcome[],
): Promise<Answers> {
  const keys = items.filter((item, index) => isUnproven(item, outcomes[index])).map(({ key }) => key);
  if (keys.length === 0) return { outcomes, looked: new Map() };
  try {
    const looked = await connector.readByKeys(keys);
    return { outcomes, looked: new Map(looked.map((record) => [record.key, record])) };
  } catch (error) {
    ports.log.warn({ pair: delivery.pair, delivery: delivery.id, error: String(error) }, 'Writes are not proven yet.');
    const doubted = items.map((item, index): WriteOutcome => {
      const outcome = outcomes[index];
      return outcome === undefined || isUnproven(item, outcome) ? { kind: 'unknown' } : outcome;
    });
    return { outcomes: doubted, looked: new Map() };
  }
}

export function isUnproven({ kind }: DeliveryItem, outcome: WriteOutcome | undefined): boolean {
  return outcome?.kind === 'accepted' && outcome.record === null && kind !== 'delete';
}
