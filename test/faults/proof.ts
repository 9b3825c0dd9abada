import { expect } from 'vitest';
import type { Hub } from './hub.js';
import { ledgerOf, lost, openQuestions, writesOf } from './hub-account.js';
import { type Journal, type Row, units } from './journal.js';

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

/** The CRM decides addresses; where it never had one, the ERP keeps its own. */
function different(crm: readonly Row[], erp: readonly Row[]): readonly string[] {
  return crm.flatMap((row, at) =>
    units
      .filter((unit) => row[unit] !== erp[at]?.[unit] && !(unit === 'address' && row[unit] === ''))
      .map((unit) => `${row.key} ${unit}`),
  );
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
