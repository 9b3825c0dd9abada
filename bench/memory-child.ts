import { performance } from 'node:perf_hooks';
import { applyPlan, makePlan, runCycle } from './drive.js';
import type { ChildReport } from './memory.js';
import { openRegistry, registryPair } from './registry.js';
import { openStage } from './stage.js';

/** Its one argument is the number of records; what it prints is a `ChildReport`. */
const records = Number(process.argv[2]);
const stage = await openStage();
try {
  const registry = await openRegistry(stage, records);
  try {
    const { engine } = registry.hub;
    const start = performance.now();
    await applyPlan(engine, registryPair, await makePlan(engine, registryPair));
    await registry.crm.sql`update accounts set name = name || ' Ltd' where assignment in (
      select assignment from accounts order by assignment limit 1000)`;
    await runCycle(engine, registryPair);
    const report: ChildReport = {
      records,
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1_024),
      seconds: Math.round((performance.now() - start) / 1_000),
    };
    console.log(JSON.stringify(report));
  } finally {
    await registry.close();
  }
} finally {
  await stage.close();
}
