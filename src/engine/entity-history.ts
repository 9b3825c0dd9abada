import type { EntityId, PairId } from '../core/ids.js';
import type { StoredEntry } from './ledger-store.js';
import type { ReadModel } from './read-model.js';

const pageSize = 1_000;

/** All ledger entries of one entity, oldest first. */
export async function entityHistory(
  readModel: Pick<ReadModel, 'entityLedger'>,
  pair: PairId,
  entity: EntityId,
): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<ReadModel['entityLedger']>> = await readModel.entityLedger(pair, entity, {
      after,
      limit: pageSize,
    });
    found.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return found.reverse();
}
