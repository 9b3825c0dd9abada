import { parseArgs } from 'node:util';
import { machine, sourceCommit, saveResult } from '../report.js';
import { type Contestant, Unavailable } from './arena.js';
import { parley } from './contestants/parley.js';
import { probes } from './probe-list.js';
import { type Absent, type Scorecard, scorecardOf } from './scorecard.js';
import { printScoreboard } from './table.js';

const peers: readonly Contestant[] = [];

const usage = `npm run scoreboard -- [--peers NAME,… | all] [--only PROBE,…] [--quick] [--json] [--save]
Sixteen probes of correctness, tried on Parley and, when asked for, on peers: ${peers.map(({ name }) => name).join(', ')}.
  --quick            a smaller table for the probe that needs a large one
  --only             some of the probes
  --without-parley   the peers alone
  --save             keeps the result in bench/results
Exits with 1 when Parley fails a probe.`;

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    'without-parley': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const wordsOf = (list: string): readonly string[] => list.split(',').filter((word) => word !== '');

function chosenPeers(): readonly Contestant[] {
  const asked = wordsOf(values.peers);
  return asked.includes('all') ? peers : asked.map((name) => known(peers, name));
}

function known<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not one of: ${all.map((one) => one.name).join(', ')}`);
  return found;
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(usage);
    return;
  }
  const say = values.json ? () => undefined : (text: string) => console.error(`... ${text}`);
  const chosen = values.only === '' ? probes : wordsOf(values.only).map((name) => known(probes, name));
  const contestants = [...(values['without-parley'] ? [] : [parley]), ...chosenPeers()];
  const at = new Date().toISOString();
  const scorecards: Scorecard[] = [];
  const absent: Absent[] = [];
  for (const contestant of contestants) {
    try {
      const ring = await contestant.enter({ say, isQuick: values.quick });
      try {
        scorecards.push(await scorecardOf(contestant, ring, chosen, say));
      } finally {
        await ring.close();
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      absent.push({ contestant: contestant.name, about: contestant.about, reason: error.message });
    }
  }
  const command = ['npm run scoreboard --', ...process.argv.slice(2).filter((word) => word !== '--save')].join(' ');
  const result = { name: 'scoreboard', at, command, commit: sourceCommit(), machine: machine(), scorecards, absent };
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else printScoreboard(result);
  if (values.save) console.error(`saved as ${await saveResult(result)}`);
  const ours = scorecards.find(({ contestant }) => contestant === parley.name);
  process.exitCode = ours === undefined || ours.passed === ours.of ? 0 : 1;
}

await main();
