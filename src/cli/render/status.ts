import type { HealthWord, PairView, SetAsideView } from '../../contract/api/pairs.js';
import type { RunView } from '../../contract/api/runs.js';
import { age, clock } from './moment.js';
import { type Paint, paint, type Style } from './style.js';
import { table } from './table.js';
import { padded, printable } from './text-width.js';
import { count, counted, tally } from './value.js';

const paints: Readonly<Record<HealthWord, Paint>> = {
  Stopped: 'red',
  'Needs you': 'yellow',
  Refusing: 'red',
  Late: 'yellow',
  'Catching up': 'blue',
  Healthy: 'green',
  Paused: 'dim',
  Draining: 'blue',
  Held: 'yellow',
  New: 'dim',
};

/** All pairs, one line each. */
export function renderStatuses(pairs: readonly PairView[], style: Style): string {
  if (pairs.length === 0) return 'The server knows no pair yet.';
  return table(
    [
      { head: 'PAIR' },
      { head: 'STATE' },
      { head: 'OLDEST', align: 'right' },
      { head: 'AGREE', align: 'right' },
      { head: 'REVIEW', align: 'right' },
      { head: 'LAST RUN', flexible: true },
      { head: 'NEXT' },
      { head: 'OWNER', flexible: true },
    ],
    pairs.map((pair) => [
      pair.pair,
      paint(style, paints[pair.state], pair.state),
      age(pair.oldestUndeliveredAt, Date.parse(pair.now)),
      `${pair.agreement.percent} %`,
      count(pair.openConflictsTotal),
      lastRun(pair.lastRun, style),
      nextRun(pair),
      printable(pair.owner),
    ]),
    style,
  );
}

const resultWords = {
  running: 'running',
  done: 'done',
  partly: 'partly done',
  failed: 'failed',
  halted: 'stopped by a brake',
} as const;

function lastRun(run: RunView | null, style: Style): string {
  return run === null ? '-' : `${clock(run.endedAt ?? run.startedAt, style)} ${resultWords[run.result]}`;
}

function nextRun({ mode, halt, everyMs }: PairView): string {
  if (mode === 'new' || mode === 'paused') return '-';
  return halt === null ? `every ${everyMs < 1000 ? `${everyMs} ms` : secondsOrMinutes(everyMs)}` : '-';
}

function secondsOrMinutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** One pair in full: the word and its reason first, then agreement by reason. */
export function renderStatus(pair: PairView, style: Style, setAside: readonly SetAsideView[] = []): string {
  const nowMs = Date.parse(pair.now);
  const since = pair.since === null ? '' : ` Since ${clock(pair.since, style)}.`;
  const lines = [
    `${paint(style, 'bold', pair.pair)}   ${printable(pair.about)}`,
    `${paint(style, paints[pair.state], pair.state)}: ${printable(pair.reason)}${since}`,
    '',
    ...pair.sides.flatMap((side) => sideLines(side, nowMs, style)),
    line('agreement', agreementText(pair)),
    ...differLines(pair),
    line('waiting', pair.oldestUndeliveredAt === null ? 'nothing' : `oldest ${age(pair.oldestUndeliveredAt, nowMs)}`),
    line('review', pair.openConflictsTotal === 0 ? 'nothing is asked' : tally(pair.openConflicts)),
    line('set aside', pair.setAside === 0 ? 'no row' : counted(pair.setAside, 'row')),
    ...setAside.map(({ side, place, reason }) => line('', `${side} ${printable(place)}: ${printable(reason)}`)),
    ...(setAside.length === 0 || setAside.length >= pair.setAside
      ? []
      : [line('', `${count(pair.setAside - setAside.length)} more: parley status ${pair.pair} --set-aside`)]),
    line('ledger', counted(pair.ledgerSize, 'entry', 'entries')),
    line('verified', pair.lastVerifiedAt === null ? 'never in full' : `${age(pair.lastVerifiedAt, nowMs)} ago`),
    line('last run', lastRun(pair.lastRun, style)),
    line('next run', nextRun(pair)),
    line('config', configText(pair)),
    line('owner', printable(pair.owner)),
  ];
  if (pair.openPlan !== null) lines.push(line('plan', `${pair.openPlan.id}, ${pair.openPlan.state}`));
  return lines.join('\n');
}

/** Where a side is and when it was read; below it what is wrong with it, and since when. */
function sideLines(side: PairView['sides'][number], nowMs: number, style: Style): readonly string[] {
  const read = side.readAt === null ? 'never read in full' : `read ${age(side.readAt, nowMs)} ago`;
  const trouble = (doing: string, text: string | null, since: string | null): readonly string[] =>
    text === null ? [] : [line('', `not ${doing} since ${clock(since, style)}: ${printable(text)}`)];
  return [
    line(side.name, `${printable(side.connection)}/${printable(side.object)}, ${read}`),
    ...trouble('read', side.problem, side.problemSince),
    ...trouble('written', side.writeProblem, side.writeProblemSince),
  ];
}

function line(name: string, text: string): string {
  return `  ${padded(name, 10)} ${text}`;
}

function agreementText({ agreement, linked }: PairView): string {
  const { percent, agreed, of } = agreement;
  return `${percent} %: ${count(agreed)} of ${counted(of, 'record')} agree, ${count(linked)} linked`;
}

const reasons: Readonly<Record<keyof PairView['agreement']['differ'], string>> = {
  undecided: 'wait for the next run',
  onItsWay: 'on their way',
  waiting: 'wait for records of other pairs',
  paced: 'written as often as the file allows within an hour; they go on by themselves',
  asked: 'wait for a person',
  tripped: 'stopped, because they go round between systems',
  parked: 'written without effect',
  refused: 'refused by a side',
  hidden: 'no longer shown by a side, and frozen there',
  held: 'held until a person decides',
};

/** Every difference has exactly one reason; what rules allow to differ stands apart. */
function differLines({ agreement }: PairView): readonly string[] {
  const differ = Object.entries(agreement.differ).filter(([, number]) => number > 0);
  const lines = differ.map(([reason, number]) => `${count(number)} ${reasons[reason as keyof typeof reasons]}`);
  const { oneSided, override } = agreement.allowed;
  const allowed = [
    oneSided === 0 ? '' : `${count(oneSided)} on one side only`,
    override === 0 ? '' : `${count(override)} may differ`,
  ].filter((part) => part !== '');
  return [
    ...(lines.length === 0 ? [] : [line('differ', lines.join(', '))]),
    ...(allowed.length === 0 ? [] : [line('allowed', allowed.join(', '))]),
  ];
}

function configText({ revision }: PairView): string {
  if (revision.active === null) return `nothing approved yet; newest ${revision.latest.slice(0, 7)}`;
  const active = revision.active.slice(0, 7);
  return revision.differs ? `${active} decides; ${revision.latest.slice(0, 7)} waits for a plan` : active;
}
