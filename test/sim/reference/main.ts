import { parseArgs } from 'node:util';
import { describeWorld } from '../report.js';
import { compareWithReference } from './compare.js';

/** Plays worlds with the engine and with the reference; says the first one in which they differ, and exits with 1. */
const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, worlds: { type: 'string', default: '1' } },
});
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const first = Number(values.seed);
let differing = 0;
for (let seed = first; seed < first + Number(values.worlds); seed += 1) {
  const found = await compareWithReference(seed);
  if (found === null) continue;
  differing += 1;
  if (differing === 1) say(`seed ${seed}, ${found.at}: ${found.what}\n${describeWorld(found.plan)}`);
}
say(`${values.worlds} worlds by the reference too; ${differing} differ`);
process.exitCode = differing === 0 ? 0 : 1;
