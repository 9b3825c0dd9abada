import { parseArgs } from 'node:util';
import { machine, saveResult, sourceCommit } from '../../bench/report.js';
import { sumOf } from './figures.js';
import { Interrupted } from './interruption.js';
import { printOutcome } from './print.js';
import { runRounds } from './rounds.js';
import type { Outcome } from './run.js';

const usage = `npm run chaos -- [--kills N] [--seed S] [--round K] [--pairs P] [--workers W] [--records R]
                 [--report FILE] [--json] [--save] [--keep]
Runs the built product (npm run build) over two Postgres tables and a JSON API while people edit all sides, make and
delete records; kills its processes with SIGKILL at random moments and at every named point of the delivery path, cuts
networks, fills disks, steps a clock; then heals everything and holds the sides, the ledger and the writers' journals
against each other.
  --round   kills after which everything heals and is checked, and a new stack begins with the next seed (200)
  --report  keeps finished rounds in a file; the same command goes on with the next round after an interruption
  --json    prints the result as JSON
  --save    keeps the result in bench/results
  --keep    leaves the folder with logs, journals and databases even when all is well
Exits with 1 when anything is lost, doubled, unexplained or does not come to rest.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    round: { type: 'string', default: '200' },
    pairs: { type: 'string', default: '4' },
    workers: { type: 'string', default: '4' },
    records: { type: 'string', default: '400' },
    report: { type: 'string' },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const numberNames = ['kills', 'seed', 'round', 'pairs', 'workers', 'records'] as const;
type NumberName = (typeof numberNames)[number];

function wholeNumber(name: NumberName): number {
  const given = values[name];
  if (/^\d{1,7}$/.test(given) && (name === 'seed' || Number(given) > 0)) return Number(given);
  throw new Error(`--${name} takes a whole number, not ${given}`);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(usage);
    return;
  }
  const wish = Object.fromEntries(numberNames.map((name) => [name, wholeNumber(name)])) as Record<NumberName, number>;
  const at = new Date().toISOString();
  const tell = (rounds: readonly Outcome[]): object => {
    const { kills, seed } = wish;
    const command = `npm run chaos -- --kills ${kills} --seed ${seed}`;
    const sum = sumOf(rounds);
    const result = { name: 'chaos', at, command, rounds: rounds.length, commit: sourceCommit(), machine: machine() };
    if (values.json) console.log(JSON.stringify({ ...result, ...sum }, null, 2));
    else printOutcome(sum);
    return { ...result, ...sum };
  };
  const rounds = await runRounds({
    ...wish,
    report: values.report ?? null,
    keep: values.keep,
    say: (text) => console.error(`... ${text}`),
    onInterrupt(finished, killsWithoutVerdict) {
      if (finished.length > 0) tell(finished);
      console.error(`Interrupted after ${killsWithoutVerdict} kills of a round, which has no verdict.`);
      if (values.report !== undefined) console.error(`The same command goes on after what is in ${values.report}.`);
    },
  }).catch((error: unknown) => {
    if (error instanceof Interrupted) process.exit(130);
    throw error;
  });
  const result = tell(rounds) as { readonly name: string; readonly at: string };
  if (values.save) console.error(`saved as ${await saveResult(result)}`);
  process.exitCode = rounds.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

await main();
