import type { CycleView, SideTroubleView } from '../../contract/api/runs.js';
import { clock } from './moment.js';
import { paint, type Style } from './style.js';
import { printable } from './text-width.js';
import { tally } from './value.js';

/** What one cycle did, in one line, and below it what it could not do and why. */
export function renderCycle(pair: string, cycle: CycleView, style: Style): string {
  const { halted, problem, troubles, read, setAside, ...rest } = cycle;
  const counts = tally({ read, ...rest, 'set aside': setAside });
  const isWhole = problem === null && troubles.length === 0;
  const nothing = isWhole ? 'nothing had changed' : 'nothing was done';
  const lines = [`Ran ${pair}${isWhole ? '' : ' in part'}: ${counts === '' ? nothing : counts}.`];
  if (halted) lines.push(`${paint(style, 'red', 'stopped')}  A brake stopped all writes: parley status ${pair}`);
  for (const trouble of troubles) lines.push(`${paint(style, 'red', 'problem')}  ${troubleText(trouble, style)}`);
  if (problem !== null && troubles.length === 0) lines.push(`${paint(style, 'red', 'problem')}  ${printable(problem)}`);
  return lines.join('\n');
}

/** `erp could not be read since 12:44:10: suppliers.csv ...` */
export function troubleText({ side, doing, text, since }: Omit<SideTroubleView, 'code'>, style: Style): string {
  return `${side} could not be ${doing} since ${clock(since, style)}: ${printable(text)}`;
}
