import type { EntityId, PairId } from '../../src/core/ids.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import type { ConflictKind } from '../../src/engine/store.js';
import type { Composition } from '../../src/main/compose.js';

/** The product in this process, and the pair that is looked at. */
export type Looked = { readonly api: Pick<Composition, 'readModel' | 'store'>; readonly pair: PairId };

/** An edit, by cell; what stood there before is unknown when the side itself did not tell. */
export type CellEdit = { readonly key: string; readonly unit: string; readonly value: string; readonly over: string };

/**
 * An edit lives on in a cell, in somebody's hands who replaced it knowing it, or as what the ledger put aside.
 * @param deleted cells with the values that people deleted, having them before them
 */
export function lost<Edit extends CellEdit>(
  edits: readonly Edit[],
  held: ReadonlyMap<string, readonly string[]>,
  ledger: Pick<Ledger, 'kindsOf'>,
  deleted: readonly Omit<CellEdit, 'over'>[] = [],
): readonly Edit[] {
  const replaced = new Set([
    ...edits.map(({ key, unit, over }) => `${key} ${unit} ${over}`),
    ...deleted.map(({ key, unit, value }) => `${key} ${unit} ${value}`),
  ]);
  return edits.filter(({ key, unit, value }) => {
    if (replaced.has(`${key} ${unit} ${value}`)) return false;
    const kinds = ledger.kindsOf(value);
    const isHeld = held.get(`${key} ${unit}`)?.includes(value) === true;
    // A stray edit may be left where it was made: its master has nothing to put in its place.
    if (isHeld) return !['edited', 'linked', 'stray'].some((kind) => kinds.has(kind));
    return !['asked', 'resolved', 'stray', 'decided'].some((kind) => kinds.has(kind));
  });
}

/** Cells about which a person is asked, and `record` for a deleted one. @throws Error when something else than these kinds is asked */
export async function openQuestions(
  { api, pair }: Looked,
  kinds: readonly ConflictKind[] = ['clash'],
): Promise<ReadonlySet<string>> {
  const keyOf = new Map<EntityId, string>();
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof api.readModel.records>> = await api.readModel.records(
      pair,
      { standing: null, keyPrefix: null },
      { after, limit: 500 },
    );
    for (const { entity, keys } of page.rows) keyOf.set(entity, Object.values(keys)[0] ?? '');
    after = page.next;
  } while (after !== null);
  const open = new Set<string>();
  do {
    const page: Awaited<ReturnType<typeof api.readModel.conflicts>> = await api.readModel.conflicts(
      { pair, state: 'open', kind: null, unit: null, shape: null },
      { after, limit: 500 },
    );
    for (const { entity, unit, kind } of page.rows) {
      if (!kinds.includes(kind))
        throw new Error(`only ${kinds.join(' and ')} is asked, but entity ${entity} has a question of kind ${kind}`);
      open.add(`${keyOf.get(entity)} ${unit ?? 'record'}`);
    }
    after = page.next;
  } while (after !== null);
  return open;
}

export type Ledger = { readonly size: number; kindsOf(value: string): ReadonlySet<string> };

/**
 * Which kinds of entries name which value of the journal.
 * @param visit is shown each entry, with the text of its payload
 */
export async function ledgerOf(
  { api, pair }: Looked,
  visit: (entry: LedgerEntry, text: string) => void = () => undefined,
): Promise<Ledger> {
  const kinds = new Map<string, Set<string>>();
  let size = 0;
  for (;;) {
    const page = await api.store.ledger(pair, size, 5_000);
    if (page.length === 0) return { size, kindsOf: (value) => kinds.get(value) ?? new Set() };
    size += page.length;
    for (const { entry, sealed } of page) {
      visit(entry, sealed?.text ?? '');
      for (const [value] of (sealed?.text ?? '').matchAll(/(?:name|phone|address)~\w+~\d+~/g)) {
        const named = kinds.get(value) ?? new Set();
        kinds.set(value, named.add(entry.kind));
      }
    }
  }
}

export async function writesOf({ api, pair }: Looked): Promise<{ written: number; deliveries: number }> {
  let written = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof api.readModel.runs>> = await api.readModel.runs(pair, { after, limit: 200 });
    for (const { counts } of page.rows) written += counts['written'] ?? 0;
    after = page.next;
  } while (after !== null);
  return { written, deliveries: (await api.store.pair(pair)).nextDelivery };
}
