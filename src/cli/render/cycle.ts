import type { CycleView } from '../../contract/api/runs.js';
import { paint, type Style } from './style.js';
import { printable } from './text-width.js';
import { tally } from './value.js';

/** What one cycle did, in one line, and below it why it did not do more. */
export function renderCycle(pair: string, cycle: CycleView, style: Style): string {
  const { halted, problem, read, ...did } = cycle;
  const { setAside, ...rest } = did;
  const counts = tally({ read, ...rest, 'set aside': setAside });
  const lines = [`Ran ${pair}: ${counts === '' ? 'nothing had changed' : counts}.`];
  if (halted) lines.push(`${paint(style, 'red', 'stopped')}  A brake stopped all writes: parley status ${pair}`);
  if (problem !== null) lines.push(`${paint(style, 'red', 'problem')}  ${printable(problem)}`);
  return lines.join('\n');
}
