import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { worldOf } from './generate.js';
import { type Mutant, missing, mutants, laterMutants } from './mutant-list.js';
import { play } from './run-world.js';

/**
 * Plants each mutant in a copy of the sources and lets the simulator look for it. Ends with how many were killed;
 * a mutant that survives makes the run fail, and so does one whose expression is no longer there.
 */
const root = join(import.meta.dirname, '..', '..');
const { values } = parseArgs({ options: { worlds: { type: 'string', default: '3000' }, only: { type: 'string' } } });
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

type Verdict = {
  readonly mutant: Mutant;
  readonly killedBy: string | null;
  readonly worlds: number;
  readonly seed: number;
};

function plant({ name, file, from, to }: Mutant): string {
  const text = readFileSync(join(root, file), 'utf8');
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`the mutant "${name}" finds its expression ${count} times in ${file}`);
  const folder = mkdtempSync(join(tmpdir(), 'parley-mutant-'));
  for (const part of ['src', 'test/sim', 'test/support', 'package.json', 'tsconfig.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, file),
    text.replace(from, () => to),
  );
  return folder;
}

/** A world counts only if it breaks because of the mutant: without it every promise is kept there. */
async function hunt(mutant: Mutant): Promise<Verdict> {
  const folder = plant(mutant);
  try {
    for (let first = 1; ; ) {
      const verdict = await look(mutant, folder, first);
      // A kept world is replayed without the mutant by `regressions.test.ts`.
      if (verdict.killedBy === null || verdict.seed === 0) return verdict;
      const { violation } = await play(worldOf(verdict.seed, mutant.focus));
      if (violation === null) return verdict;
      say(`seed ${verdict.seed} breaks ${violation.invariant} without the mutant too: ${violation.what}`);
      first = verdict.seed + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function look(mutant: Mutant, folder: string, first: number): Promise<Verdict> {
  const kind = JSON.stringify(mutant.focus ?? {});
  const program = ['--import', 'tsx', 'test/sim/hunt.ts', values.worlds, String(first), kind, mutant.regression ?? ''];
  const child = spawn(process.execPath, program, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const found = JSON.parse(out) as Omit<Verdict, 'mutant'>;
      resolve({ mutant, ...found });
    });
  });
}

const chosen = [...mutants, ...laterMutants].filter(
  ({ name }) => values.only === undefined || name.includes(values.only),
);
const waiting = [...chosen];
const verdicts: Verdict[] = [];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), 2) }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const verdict = await hunt(next);
      verdicts.push(verdict);
      const { killedBy, worlds, seed } = verdict;
      say(
        killedBy === null
          ? `SURVIVED ${next.name}, ${worlds} worlds`
          : `killed by ${killedBy.padEnd(4)} in ${String(worlds).padStart(5)} worlds (seed ${seed}): ${next.name}`,
      );
    }
  }),
);
for (const { name, why } of missing) say(`not counted: ${name}: ${why}`);
const killed = verdicts.filter(({ killedBy }) => killedBy !== null).length;
say(`${killed} of ${chosen.length} killed`);
process.exitCode = killed === chosen.length ? 0 : 1;
