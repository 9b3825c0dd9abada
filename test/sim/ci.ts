import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** The swarm over all cores: what a change has to pass. Fails when a world breaks a promise that is not known to break. */
const { values } = parseArgs({
  options: { worlds: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const workers = Math.min(availableParallelism(), 4);
const total = Number(values.worlds);
const share = Math.ceil(total / workers);
const started = Date.now();
const root = join(import.meta.dirname, '..', '..');

function swarm(first: number): Promise<number> {
  const args = ['--import', 'tsx', 'test/sim/main.ts', '--seed', String(first), '--worlds', String(share)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const codes = await Promise.all(
  Array.from({ length: workers }, (_, index) => swarm(Number(values.seed) + index * share)),
);
const seconds = (Date.now() - started) / 1000;
process.stdout.write(
  `${share * workers} worlds on ${workers} cores in ${seconds.toFixed(0)} s: ${Math.round((share * workers * 3600) / seconds)} an hour\n`,
);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
