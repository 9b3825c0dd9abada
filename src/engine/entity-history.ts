import type { EntityId, PairId } from '../core/ids.js';
import { cutOf } from '../core/ledger/kept.js';
import type { Retirement, StoredEntry } from './ledger-store.js';
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

/**
 * The history of one entity where entries before a cut were retired: what was kept of those, and the entries since. An entry
 * `kept` is no event of the record.
 */
export async function keptHistory(
  readModel: Pick<ReadModel, 'entityLedger'>,
  pair: PairId,
  entity: EntityId,
  retirement: Retirement | null,
): Promise<{ readonly kept: StoredEntry | null; readonly entries: readonly StoredEntry[] }> {
  const all = await entityHistory(readModel, pair, entity);
  const isBase = ({ entry, payload }: StoredEntry): boolean =>
    retirement !== null && payload !== null && cutOf(entry, payload) === retirement.cut;
  return { kept: all.find(isBase) ?? null, entries: all.filter(({ entry }) => entry.kind !== 'kept') };
}
