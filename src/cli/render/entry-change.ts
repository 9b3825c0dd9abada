import type { LedgerEntryView } from '../../contract/api/ledger.js';
import { plainValue } from './value.js';

/** How many writes a `delivered` entry confirms. */
export function receiptsOf(entry: LedgerEntryView): number {
  const receipts = entry.payload?.detail['receipts'];
  return Array.isArray(receipts) ? receipts.length : 0;
}

type Observed = { readonly [unit: string]: { readonly from?: unknown; readonly to?: unknown } };

/** What changed, as it was observed; an edit that stands beside another one has not changed what is agreed. */
export function changesOf(entry: LedgerEntryView): readonly string[] {
  const observed = (entry.payload?.detail['units'] ?? {}) as Observed;
  const effects = entry.payload?.effects ?? [];
  if (effects.length === 0) {
    return Object.entries(observed).map(([unit, { to }]) => `${unit}  => ${plainValue((to ?? null) as null)}`);
  }
  return effects.map(({ unit, before, after }) => {
    const to = (observed[unit]?.to as typeof after | undefined) ?? after;
    return `${unit}  ${plainValue(before)} => ${plainValue(to)}`;
  });
}
