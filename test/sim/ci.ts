import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { searchAll, searchCrashes, smallScopes } from './exhaustive.js';
import { describeViolation } from './report.js';

/**
 * What a change has to pass: every small world, a turn killed at each place where it waits, then the swarm on all cores.
 * Fails when a world breaks a promise that is not known to break.
 */
const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    depth: { type: 'string', default: '2' },
  },
});
const workers = Math.min(availableParallelism(), 4);
const share = Math.ceil(Number(values.worlds) / workers);
const root = join(import.meta.dirname, '..', '..');
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

async function smallWorlds(): Promise<boolean> {
  let worlds = 0;
  for (const scope of smallScopes)
    for (const search of [() => searchAll(scope, Number(values.depth)), () => searchCrashes(scope)]) {
      const found = await search();
      worlds += found.worlds;
      if (found.violation === null) continue;
      say(`${scope.name}: ${describeViolation(found.violation)}\n  ${found.path.join('\n  ')}`);
      return false;
    }
  say(`${worlds} small worlds, every one of them`);
  return true;
}

function swarm(first: number): Promise<number> {
  const args = ['--import', 'tsx', 'test/sim/main.ts', '--seed', String(first), '--worlds', String(share)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const areKept = await smallWorlds();
const started = Date.now();
const firsts = Array.from({ length: workers }, (_, index) => Number(values.seed) + index * share);
const codes = await Promise.all(firsts.map(swarm));
const seconds = (Date.now() - started) / 1000;
const rate = Math.round((share * workers * 3600) / seconds);
say(`${share * workers} worlds on ${workers} cores in ${seconds.toFixed(0)} s: ${rate} an hour`);
process.exitCode = areKept && codes.every((code) => code === 0) ? 0 : 1;
