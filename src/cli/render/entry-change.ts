import type { LedgerEntryView } from '../../contract/api/ledger.js';
import type { Json } from '../../core/json.js';
import { plainValue, tally } from './value.js';
import { printable } from './text-width.js';

/** How many writes a `delivered` entry confirms. */
export function receiptsOf(entry: LedgerEntryView): number {
  const receipts = entry.payload?.detail['receipts'];
  return Array.isArray(receipts) ? receipts.length : 0;
}

type Observed = {
  readonly [unit: string]: {
    readonly from?: unknown;
    readonly to?: unknown;
    readonly added?: unknown;
    readonly overruled?: readonly { readonly side?: Json; readonly value?: Json }[];
  };
};

/** What changed, as it was observed; an edit that stands beside another one has not changed what is agreed. */
export function changesOf(entry: LedgerEntryView): readonly string[] {
  const observed = (entry.payload?.detail['units'] ?? {}) as Observed;
  const effects = entry.payload?.effects ?? [];
  if (effects.length === 0) {
    return Object.entries(observed).map(([unit, { to }]) => `${unit}  => ${plainValue((to ?? null) as null)}`);
  }
  return effects.map(({ unit, before, after }) => {
    const added = observed[unit]?.added;
    if (typeof added === 'string') return `${unit}  ${plainValue(before)} ${printable(added)} => ${plainValue(after)}`;
    const to = (observed[unit]?.to as typeof after | undefined) ?? after;
    const overruled = (observed[unit]?.overruled ?? []).map(
      ({ side, value }) => `, over ${side == null ? 'hub' : plainValue(side)} ${plainValue(value)}`,
    );
    return `${unit}  ${plainValue(before)} => ${plainValue(to)}${overruled.join('')}`;
  });
}

/** The edits that stood beside each other when a question was asked or a rule decided: `name  crm North | erp South`. */
export function siblingsOf(entry: LedgerEntryView): readonly string[] {
  const siblings = entry.payload?.detail['siblings'];
  if (!Array.isArray(siblings)) return [];
  const values = (siblings as readonly { readonly side?: Json; readonly value?: Json }[]).map(
    ({ side, value }) => `${side == null ? 'hub' : plainValue(side)} ${plainValue(value)}`,
  );
  return [`${entry.units.join(', ')}  ${values.join(' | ')}`];
}

/** What became of the pair itself: `active => held`, `plan 7, config 8c1f02e`, `40 deletes, the limit is 10.` */
export function pairChange(entry: LedgerEntryView): string {
  const { from, to, plan, revision, reason, counts, ...rest } = (entry.payload?.detail ?? {}) as {
    readonly [name: string]: Json;
  };
  const parts = [
    from === undefined && to === undefined ? '' : `${plainValue(from)} => ${plainValue(to)}`,
    plan === undefined ? '' : `plan ${plainValue(plan)}`,
    typeof revision === 'string' ? `config ${printable(revision.slice(0, 7))}` : '',
    reason === undefined ? '' : plainValue(reason),
    counts === undefined || reason !== undefined ? '' : tally(counts as { readonly [name: string]: number }),
    ...Object.entries(rest).map(([name, value]) => `${printable(name)} ${plainValue(value)}`),
  ];
  return parts.filter((part) => part !== '').join(', ');
}
