import { parseArgs } from 'node:util';
import { worldOf } from './generate.js';
import type { Focus } from './options.js';
import { isKnown } from './known.js';
import { describeViolation, describeWorld } from './report.js';
import { play } from './run-world.js';
import { shrink } from './shrink.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    worlds: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    shrink: { type: 'boolean' },
    json: { type: 'boolean' },
    tally: { type: 'boolean' },
    trace: { type: 'boolean' },
    focus: { type: 'string', default: '{}' },
    wide: { type: 'boolean', default: false },
    references: { type: 'boolean', default: false },
    invariants: { type: 'boolean', default: false },
    marks: { type: 'boolean', default: false },
  },
});
const focus: Focus = {
  ...(JSON.parse(values.focus) as Focus),
  ...(values.wide ? { wide: true } : {}),
  ...(values.references ? { references: true } : {}),
  ...(values.invariants ? { invariants: true } : {}),
  ...(values.marks ? { marks: true } : {}),
};
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const first = Number(values.seed);
const last = values.minutes === undefined ? first + Number(values.worlds) - 1 : Number.POSITIVE_INFINITY;
const until = values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000;

const started = Date.now();
const totals = { worlds: 0, failed: 0, known: 0, gates: 0, writes: 0, exposed: 0, outrun: 0, untold: 0, unlisted: 0 };
const tally = new Map<string, number[]>();
for (let seed = first; seed <= last && Date.now() < until; seed += 1) {
  const plan = worldOf(seed, focus);
  if (first === last) say(describeWorld(plan));
  const { violation, gates, writes, exposed, outrun, untold, unlisted } = await play(plan);
  totals.worlds += 1;
  totals.gates += gates;
  totals.writes += writes;
  totals.exposed += exposed;
  totals.outrun += outrun;
  totals.untold += untold;
  totals.unlisted += unlisted;
  if (violation === null) continue;
  if (isKnown(violation)) {
    totals.known += 1;
    continue;
  }
  totals.failed += 1;
  if (values.tally === true) {
    const name = `${violation.invariant} ${violation.what
      .replaceAll(/"[^"]*"/g, '_')
      .replaceAll(/\d+/g, '#')
      .slice(0, 100)}`;
    tally.set(name, [...(tally.get(name) ?? []), seed]);
    continue;
  }
  say(`seed ${seed}: ${describeViolation(violation)}`);
  if (values.shrink === false) continue;
  const small = await shrink(plan, violation.invariant);
  const outcome = await play(small, values.trace === true ? { say } : {});
  say(`\nthe smallest world found in which ${violation.invariant} breaks:\n${describeWorld(small)}`);
  if (outcome.violation !== null) say(describeViolation(outcome.violation));
  if (values.json === true) say(JSON.stringify(small));
}
for (const [name, seeds] of [...tally].sort((a, b) => b[1].length - a[1].length))
  say(`${seeds.length} ${name} ${seeds.slice(0, 4).join()}`);
const seconds = (Date.now() - started) / 1000;
const rate = Math.round((totals.worlds / seconds) * 3600);
say(
  `${totals.worlds} worlds in ${seconds.toFixed(1)} s (${rate} an hour), ${totals.gates} gates, ${totals.writes} writes, ` +
    `${totals.exposed} edits overwritten within the window of a weak system, ${totals.outrun} replaced by a write that was given up and came late, ${totals.untold} questions about a record of which nobody had told that it took the place of another, ${totals.unlisted} replaced in a record made anew before its delete was listed, ${totals.known} broke a promise in a way that is known (SPEC, Gaps), ${totals.failed} broke one otherwise`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;
