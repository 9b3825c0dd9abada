import { performance } from 'node:perf_hooks';
import { applyPlan, makePlan } from './drive.js';
import { countRows, openRegistry, plainFirstContact, registryPair } from './registry.js';
import type { Measurement } from './report.js';
import { openStage } from './stage.js';

export const firstContact: Measurement = {
  name: 'first-contact',
  about: 'a spreadsheet of 46,521 and a table of 53,730 companies meet: the plan, and the first apply',
  async run({ say }) {
    const stage = await openStage();
    try {
      const registry = await openRegistry(stage);
      try {
        const { engine, store } = registry.hub;
        const rows = await countRows(registry);
        const read = rows.crm + rows.erp;
        say('plain SQL');
        const plainMs = await timed(() => plainFirstContact(registry));
        say('plan');
        let plan = 0;
        const planMs = await timed(async () => {
          plan = await makePlan(engine, registryPair);
        });
        say('apply');
        const applyMs = await timed(() => applyPlan(engine, registryPair, plan));
        const peakMiB = process.resourceUsage().maxRSS / 1_024;
        const after = await countRows(registry);
        const entities = (await store.pair(registryPair)).nextEntity - 1;
        say('folding the ledger');
        const ledger = await engine.verifyLedger({ pair: registryPair });
        if (!ledger.ok) throw new Error('assertion failed: the ledger does not fold');
        if (after.crm !== entities || after.erp !== entities)
          throw new Error(`assertion failed: ${entities} companies, but ${after.crm} and ${after.erp} rows`);
        return {
          what: `${rows.erp} rows of CSV and ${rows.crm} rows of a table become ${entities} companies on both sides`,
          figures: [
            { name: 'plan, rows a second', value: (read / planMs) * 1_000, unit: '/s' },
            { name: 'apply, companies a second', value: (entities / applyMs) * 1_000, unit: '/s' },
            { name: 'seconds to the plan', value: planMs / 1_000, unit: 's' },
            { name: 'seconds to first agreement', value: (planMs + applyMs) / 1_000, unit: 's', limit: { most: 120 } },
            { name: 'seconds of plain SQL for the same rows', value: plainMs / 1_000, unit: 's' },
            { name: 'ratio to plain SQL', value: (planMs + applyMs) / plainMs, unit: 'x' },
            { name: 'entries in the ledger', value: ledger.entries, unit: '' },
            { name: 'peak memory of the process', value: peakMiB, unit: 'MiB' },
          ],
          runs: [{ planMs: Math.round(planMs), applyMs: Math.round(applyMs), plainMs: Math.round(plainMs) }],
        };
      } finally {
        await registry.close();
      }
    } finally {
      await stage.close();
    }
  },
};

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
