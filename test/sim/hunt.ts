import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WorldPlan, worldOf } from './generate.js';
import type { Focus } from './options.js';
import { isKnown } from './known.js';
import { play } from './run-world.js';

/** Plays worlds until a promise breaks that is not known to, and says as JSON which one and after how many. */
const worldsMax = Number(process.argv[2] ?? 1000);
const first = Number(process.argv[3] ?? 1);
const focus = JSON.parse(process.argv[4] ?? '{}') as Focus;
let found: { killedBy: string | null; worlds: number; seed: number } = { killedBy: null, worlds: worldsMax, seed: 0 };
const kept = process.argv[5] ?? '';
if (kept !== '') {
  const world = JSON.parse(readFileSync(join(import.meta.dirname, 'regressions', `${kept}.json`), 'utf8')) as WorldPlan;
  const { violation } = await play(world);
  if (violation !== null) found = { killedBy: violation.invariant, worlds: 1, seed: 0 };
}
for (let seed = first; found.killedBy === null && seed <= worldsMax; seed += 1) {
  const { violation } = await play(worldOf(seed, focus));
  if (violation === null || isKnown(violation)) continue;
  found = { killedBy: violation.invariant, worlds: seed, seed };
  break;
}
process.stdout.write(JSON.stringify(found));
