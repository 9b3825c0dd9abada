import type { LedgerEntryView } from '../../contract/api/ledger.js';
import type { PairView } from '../../contract/api/pairs.js';
import { age, clock } from './moment.js';
import { paint, type Style } from './style.js';
import { clipped, padded, printable } from './text-width.js';
import { changesOf, pairChange, receiptsOf, siblingsOf } from './entry-change.js';
import { count, counted } from './value.js';

/** The line above the changes: the word, the reason, and what waits. */
export function watchHead(pair: PairView, style: Style): string {
  const waiting = pair.agreement.differ.onItsWay + pair.agreement.differ.undecided;
  const oldest =
    pair.oldestUndeliveredAt === null ? '' : `, oldest ${age(pair.oldestUndeliveredAt, Date.parse(pair.now))}`;
  const head = `${pair.pair}  ${pair.state}: ${printable(pair.reason)}`;
  const rest = `${pair.agreement.percent} % agree   ${count(waiting)} on their way${oldest}   ${count(pair.openConflictsTotal)} to decide`;
  return `${paint(style, 'bold', head)}\n${rest}`;
}

/**
 * One change, one line: `10:02:11  crm -> erp  Acme GmbH  name  old => new`. Facts that change nothing a person
 * would look for are null.
 */
export function watchLine(entry: LedgerEntryView, sides: readonly string[], style: Style): string | null {
  const what = changeOf(entry, sides);
  if (what === null) return null;
  const line = `${clock(entry.at, style)}  ${padded(what.direction, 14)}  ${what.text}`;
  return Number.isFinite(style.width) ? clipped(line, style.width, '...') : line;
}

type Told = { readonly direction: string; readonly text: string };

function changeOf(entry: LedgerEntryView, sides: readonly string[]): Told | null {
  const others = sides.filter((side) => side !== entry.side).join(', ');
  const record = recordName(entry);
  const changes = changesOf(entry).join(', ');
  const asked = siblingsOf(entry).join(', ') || entry.units.join(', ');
  switch (entry.kind) {
    case 'edited':
      return { direction: `${entry.side} -> ${others}`, text: `${record}  ${changes}` };
    case 'stray':
      return { direction: `${entry.side} stray`, text: `${record}  ${changes}  ${printable(entry.rule)}` };
    case 'linked':
      return { direction: `${entry.side} new`, text: record };
    case 'deleted':
      return { direction: `${entry.side} deleted`, text: `${record}  ${printable(entry.rule)}` };
    case 'asked':
      return { direction: 'asked', text: `${record}  ${asked}  parley review list` };
    case 'decided':
    case 'resolved':
    case 'closed':
      return { direction: entry.kind, text: `${record}  ${changes}  by ${printable(entry.actor)}` };
    case 'delivered':
      return { direction: `written ${entry.side}`, text: counted(receiptsOf(entry), 'write') };
    case 'refused':
      return { direction: `refused ${entry.side}`, text: `${record}  parley review --kind refused` };
    case 'pair':
      return {
        direction: 'pair',
        text: `${printable(entry.rule)}  ${pairChange(entry)}  by ${printable(entry.actor)}`,
      };
    default:
      return null;
  }
}

function recordName(entry: LedgerEntryView): string {
  const key = entry.payload?.detail['key'];
  return typeof key === 'string' && entry.side !== null
    ? `${entry.side}:${printable(key)}`
    : `record ${entry.entity ?? '-'}`;
}
