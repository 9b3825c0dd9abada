import { parseArgs } from 'node:util';
import { machine, saveResult, sourceCommit } from '../../bench/report.js';
import { printOutcome } from './print.js';
import { runChaos } from './run.js';

const usage = `npm run chaos -- [--kills N] [--seed S] [--pairs P] [--workers W] [--records R] [--json] [--save] [--keep]
Runs the built product (npm run build) over two Postgres tables and a JSON API while people edit all sides, kills its
processes with SIGKILL at random moments and at every named point of the delivery path, cuts networks, fills disks,
steps a clock; then heals everything and holds the sides, the ledger and the writers' journals against each other.
  --json   prints the result as JSON
  --save   keeps the result in bench/results
  --keep   leaves the folder with logs and journals even when all is well
Exits with 1 when anything is lost, doubled, unexplained or does not come to rest.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    pairs: { type: 'string', default: '4' },
    workers: { type: 'string', default: '4' },
    records: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function wholeNumber(name: 'kills' | 'seed' | 'pairs' | 'workers' | 'records'): number {
  const given = values[name];
  if (/^\d{1,7}$/.test(given)) return Number(given);
  throw new Error(`--${name} takes a whole number, not ${given}`);
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(usage);
    return;
  }
  const wish = {
    kills: wholeNumber('kills'),
    seed: wholeNumber('seed'),
    pairs: wholeNumber('pairs'),
    workers: wholeNumber('workers'),
    records: wholeNumber('records'),
  };
  const at = new Date().toISOString();
  const say = (text: string): void => console.error(`... ${text}`);
  const outcome = await runChaos({ ...wish, keep: values.keep, say });
  const command = `npm run chaos -- ${Object.entries(wish)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ')}`;
  const result = { name: 'chaos', at, command, commit: sourceCommit(), machine: machine(), ...outcome };
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else printOutcome(outcome);
  if (values.save) console.error(`saved as ${await saveResult(result)}`);
  process.exitCode = outcome.violations.length === 0 ? 0 : 1;
}

await main();
