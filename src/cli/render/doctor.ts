import type { Check } from '../machinery.js';
import { paint, type Style } from './style.js';
import { table } from './table.js';
import { printable } from './text-width.js';
import { counted } from './value.js';

/** What was looked at, and below it how to mend what is not right. */
export function renderChecks(checks: readonly Check[], style: Style): string {
  const rows = checks.map(({ name, ok, detail }) => [
    name,
    ok ? paint(style, 'green', 'ok') : paint(style, 'red', 'wrong'),
    printable(detail),
  ]);
  const drawn = table([{ head: 'CHECK' }, { head: 'STATE' }, { head: 'FOUND', flexible: true }], rows, style);
  const failing = checks.filter(({ ok }) => !ok);
  if (failing.length === 0) return `${drawn}\nNothing is wrong.`;
  const fixes = failing.map(({ name, detail, fix }) => {
    const found = `${paint(style, 'bold', name)}: ${printable(detail)}`;
    return fix === null ? found : `${found}\n  fix: ${printable(fix)}`;
  });
  return [drawn, '', ...fixes, '', `${counted(failing.length, 'thing is', 'things are')} not right.`].join('\n');
}
