import type { RecordAsOfView } from '../../contract/api/records.js';
import { clock } from './moment.js';
import { paint, type Style } from './style.js';
import { type Column, table } from './table.js';
import { printable } from './text-width.js';
import { counted, place, plainValue } from './value.js';

/** A record as it was: the agreed values of then, and who had given them. */
export function renderRecordAsOf(was: RecordAsOfView, style: Style): string {
  const named = Object.entries(was.keys).map(([side, key]) => place(side, key));
  const title = named.length === 0 ? `record ${was.entity}` : named.join(' = ');
  const when = `as of ${clock(was.at, style)}, entry ${was.seq}`;
  const lines = [`${paint(style, 'bold', title)}   ${when}`];
  if (was.gone.length > 0) lines.push(`Deleted by then in ${was.gone.join(' and ')}.`);
  const rows = was.units.map(({ unit, agreed, asked, from }) => [
    printable(unit),
    printable(plainValue(agreed)),
    from === null ? '-' : `${printable(from.actor)}, ${clock(from.at, style)}, entry ${from.seq}`,
    asked ? 'a person was being asked' : '',
  ]);
  const columns: readonly Column[] = [
    { head: 'FIELD' },
    { head: 'AGREED', flexible: true },
    { head: 'FROM', flexible: true },
    { head: '' },
  ];
  lines.push('', table(columns, rows, style), '');
  const { before, since } = was.entries;
  lines.push(`Folded from ${counted(before, 'entry', 'entries')}; ${counted(since, 'entry', 'entries')} came later.`);
  return lines.join('\n');
}
