import { expect } from 'vitest';
import type { EntityId } from '../../src/core/ids.js';
import type { Hub } from './hub.js';
import { type Edit, type Journal, type Row, units } from './journal.js';

export type Found = {
  readonly edits: number;
  readonly asked: number;
  readonly written: number;
  readonly deliveries: number;
  readonly ledger: number;
};

/**
 * Holds both systems, the ledger and the product's own word against what people really did (SPEC I1, I2, I8, I15, I17).
 * The systems are read by themselves, not through the product.
 */
export async function prove(hub: Hub, journal: Journal, records: number): Promise<Found> {
  const [crm, erp] = [await hub.crm.rows(), hub.erp.rows()];
  const open = await openQuestions(hub);
  const ledger = await ledgerOf(hub);

  const keys = [
    ...Array.from({ length: records }, (_, at) => String(at + 1)),
    ...journal.created.map(({ key }) => key),
  ];
  const expected = [...new Set(keys)].sort();
  expect(
    crm.map(({ key }) => key),
    'every record of the CRM, once',
  ).toEqual(expected);
  expect(
    erp.map(({ key }) => key),
    'every record of the ERP, once',
  ).toEqual(expected);
  expect(
    different(crm, erp).filter((cell) => !open.has(cell)),
    'cells that differ and nobody was asked',
  ).toEqual([]);

  const held = new Map<string, readonly string[]>();
  crm.forEach((row, at) => {
    for (const unit of units) held.set(`${row.key} ${unit}`, [row[unit], erp[at]?.[unit] ?? '']);
  });
  expect(lost(journal.edits, held, ledger), 'edits that are nowhere').toEqual([]);

  expect(await hub.api.engine.verifyLedger({ pair: hub.pair })).toMatchObject({ ok: true, problems: [] });
  expect(await hub.api.engine.verify({ pair: hub.pair })).toMatchObject({ ok: true, unexplained: [] });
  const { written, deliveries } = await writesOf(hub);
  // Each edit is worth one write to the other side, or one that takes it back; each new record one that copies it.
  expect(written).toBeLessThanOrEqual(journal.edits.length + 2 * journal.created.length);
  await provesQuiet(hub);
  return { edits: journal.edits.length, asked: open.size, written, deliveries, ledger: ledger.size };
}

/** An edit lives on in a cell, in somebody's hands who replaced it knowing it, or as what the ledger put aside. */
function lost(edits: readonly Edit[], held: ReadonlyMap<string, readonly string[]>, ledger: Ledger): readonly Edit[] {
  const replaced = new Set(edits.map(({ key, unit, over }) => `${key} ${unit} ${over}`));
  return edits.filter(({ key, unit, value }) => {
    if (replaced.has(`${key} ${unit} ${value}`)) return false;
    const kinds = ledger.kindsOf(value);
    const isHeld = held.get(`${key} ${unit}`)?.includes(value) === true;
    if (isHeld) return !kinds.has('edited') && !kinds.has('linked');
    return !['asked', 'resolved', 'stray', 'decided'].some((kind) => kinds.has(kind));
  });
}

/** The CRM decides addresses; where it never had one, the ERP keeps its own. */
function different(crm: readonly Row[], erp: readonly Row[]): readonly string[] {
  return crm.flatMap((row, at) =>
    units
      .filter((unit) => row[unit] !== erp[at]?.[unit] && !(unit === 'address' && row[unit] === ''))
      .map((unit) => `${row.key} ${unit}`),
  );
}

async function openQuestions({ api, pair }: Hub): Promise<ReadonlySet<string>> {
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
      expect(kind, 'only clashes are asked').toBe('clash');
      open.add(`${keyOf.get(entity)} ${unit}`);
    }
    after = page.next;
  } while (after !== null);
  return open;
}

type Ledger = { readonly size: number; kindsOf(value: string): ReadonlySet<string> };

/** Which kinds of entries name which value of the journal. */
async function ledgerOf({ api, pair }: Hub): Promise<Ledger> {
  const kinds = new Map<string, Set<string>>();
  let size = 0;
  for (;;) {
    const page = await api.store.ledger(pair, size, 5_000);
    if (page.length === 0) return { size, kindsOf: (value) => kinds.get(value) ?? new Set() };
    size += page.length;
    for (const { entry, sealed } of page) {
      for (const [value] of (sealed?.text ?? '').matchAll(/(?:name|phone|address)~\w+~\d+~/g)) {
        const named = kinds.get(value) ?? new Set();
        kinds.set(value, named.add(entry.kind));
      }
    }
  }
}

async function writesOf({ api, pair }: Hub): Promise<{ written: number; deliveries: number }> {
  let written = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof api.readModel.runs>> = await api.readModel.runs(pair, { after, limit: 200 });
    for (const { counts } of page.rows) written += counts['written'] ?? 0;
    after = page.next;
  } while (after !== null);
  return { written, deliveries: (await api.store.pair(pair)).nextDelivery };
}

/** Once everything has settled, whole cycles write nothing: not to the sides and not to the ledger. */
async function provesQuiet({ api, pair, crm, erp }: Hub): Promise<void> {
  const look = async () => ({
    ledger: (await api.store.pair(pair)).ledgerSize,
    crm: await crm.rows(),
    erp: erp.rows(),
  });
  const before = await look();
  await api.runner.runNow(pair);
  await api.runner.runNow(pair);
  expect(await look()).toEqual(before);
}
