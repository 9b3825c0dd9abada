import { parseArgs } from 'node:util';
import { machine, sourceCommit, saveResult } from '../report.js';
import type { Contestant, Say } from './arena.js';
import { bucardo } from './contestants/bucardo.js';
import { parley } from './contestants/parley.js';
import { pglogical } from './contestants/pglogical.js';
import { pouchdb } from './contestants/pouchdb.js';
import { rxdb } from './contestants/rxdb.js';
import { symmetricds } from './contestants/symmetricds.js';
import type { Probe } from './probe.js';
import { probes } from './probe-list.js';
import { type Absent, type Scorecard, scorecardOf } from './scorecard.js';
import { printScoreboard } from './table.js';

const peers: readonly Contestant[] = [bucardo, pglogical, symmetricds, pouchdb, rxdb];

const usage = `npm run scoreboard -- [--peers NAME,… | all] [--only PROBE,…] [--quick] [--json] [--save]
Sixteen probes of correctness, tried on Parley and, when asked for, on peers: ${peers.map(({ name }) => name).join(', ')}.
  --quick            leaves out the probe that needs a large table
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
  const wanted = values.only === '' ? probes : wordsOf(values.only).map((name) => known(probes, name));
  const chosen = wanted.filter(({ setup }) => !values.quick || setup.isBulk !== true);
  const leftOut = wanted.filter((probe) => !chosen.includes(probe)).map(({ name }) => name);
  const at = new Date().toISOString();
  const ours = values['without-parley'] ? [] : [await judged(parley, chosen, say)];
  // Nothing is timed, so peers need not wait for each other.
  const theirs = await Promise.all(chosenPeers().map((peer) => judged(peer, chosen, say)));
  const scorecards = [...ours, ...theirs].filter((result) => 'scores' in result);
  const absent = [...ours, ...theirs].filter((result) => 'reason' in result);
  const command = ['npm run scoreboard --', ...process.argv.slice(2).filter((word) => word !== '--save')].join(' ');
  const result = {
    name: 'scoreboard',
    at,
    command,
    commit: sourceCommit(),
    machine: machine(),
    scorecards,
    absent,
    leftOut,
  };
  if (values.json) console.log(JSON.stringify(result, null, 2));
  else printScoreboard(result);
  if (values.save) console.error(`saved as ${await saveResult(result)}`);
  process.exitCode = ours.every((card) => 'scores' in card && card.passed === card.of) ? 0 : 1;
}

async function judged(contestant: Contestant, chosen: readonly Probe[], say: Say): Promise<Scorecard | Absent> {
  try {
    const ring = await contestant.enter({ say });
    try {
      return await scorecardOf(contestant, ring, chosen, say);
    } finally {
      await ring.close();
    }
  } catch (error) {
    const { name, about, isOurs } = contestant;
    if (isOurs) throw error;
    return { contestant: name, about, reason: error instanceof Error ? error.message : String(error) };
  }
}

// Handlers of `exit` stop what was started.
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
await main();
