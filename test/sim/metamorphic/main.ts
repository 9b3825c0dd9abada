import { parseArgs } from 'node:util';
import { describeWorld } from '../report.js';
import { compareSeed } from './compare.js';

/** Plays worlds and their changed forms; says the first two that do not come to the same end, and exits with 1. */
const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, worlds: { type: 'string', default: '1' } },
});
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const first = Number(values.seed);
let [played, differing] = [0, 0];
for (let seed = first; seed < first + Number(values.worlds); seed += 1) {
  const { worlds, difference } = await compareSeed(seed);
  played += worlds;
  if (difference === null) continue;
  differing += 1;
  say(`seed ${seed}: ${difference.change}, ${difference.what}`);
  if (differing === 1)
    say(`the first:\n${describeWorld(difference.plan)}\nthe changed:\n${describeWorld(difference.changed)}`);
}
say(`${played} worlds from ${values.worlds} seeds, changed where it must make no difference; ${differing} differ`);
process.exitCode = differing === 0 ? 0 : 1;
