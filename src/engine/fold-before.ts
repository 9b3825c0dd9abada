import { ParleyError } from '../core/errors.js';
import type { EntityId, PairId } from '../core/ids.js';
import type { Receipt } from '../core/ledger/fold.js';
import { cutOf, emptyHistory, keptIn, takeEntry, takeReceipt, type Cut, type History } from '../core/ledger/kept.js';
import type { EnginePorts } from './engine.js';
import type { Retirement, StoredEntry } from './ledger-store.js';

const pageSize = 5_000;

/**
 * What the entries before a cut came to, by record; those that were erased are left out. Begins with what was kept when earlier
 * entries were retired. Holds the values of a pair once, as verifying does.
 */
export async function foldBefore(
  { store }: Pick<EnginePorts, 'store'>,
  pair: PairId,
  { cut }: Cut,
  retirement: Retirement | null,
): Promise<Map<EntityId, History>> {
  const histories = new Map<EntityId, History>();
  const erased = new Set<EntityId>();
  async function each(from: number, to: number, take: (stored: StoredEntry) => void): Promise<void> {
    for (let next = from; next < to; ) {
      const page = await store.ledger(pair, next, Math.min(pageSize, to - next));
      const last = page.at(-1);
      if (last === undefined) return;
      for (const stored of page) if (stored.entry.seq < to) take(stored);
      next = last.entry.seq + 1;
    }
  }
  if (retirement !== null)
    await each(retirement.keptFrom, retirement.keptTo, ({ entry, payload }) => {
      if (entry.entity !== null && payload !== null && cutOf(entry, payload) === retirement.cut)
        histories.set(entry.entity, keptIn(payload));
    });
  await each(retirement?.cut ?? 0, cut, ({ entry, payload }) => {
    if (entry.entity !== null && (entry.kind === 'erased' || payload === null)) erased.add(entry.entity);
    if (payload === null) return;
    if (entry.kind === 'delivered' && entry.side !== null) {
      for (const receipt of payload.detail['receipts'] as unknown as readonly Receipt[])
        histories.set(receipt.entity, takeReceipt(histories.get(receipt.entity) ?? emptyHistory, entry.side, receipt));
      return;
    }
    if (entry.entity === null || erased.has(entry.entity)) return;
    const next = takeEntry(histories.get(entry.entity) ?? emptyHistory, entry, payload);
    if (typeof next === 'string')
      throw new ParleyError(
        'ledger.mismatch',
        `Entry ${entry.seq} of the ledger of ${pair} does not follow: ${next}.`,
        {
          hint: `parley ledger verify ${pair}`,
        },
      );
    histories.set(entry.entity, next);
  });
  for (const entity of erased) histories.delete(entity);
  return histories;
}
