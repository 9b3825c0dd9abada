import type { LedgerEntryView, LedgerPageView } from '../../contract/api/ledger.js';
import type { VerificationView } from '../../contract/api/pairs.js';
import { changesOf, pairChange, receiptsOf, siblingsOf } from './entry-change.js';
import { between, clock, duration } from './moment.js';
import { paint, type Style } from './style.js';
import { table } from './table.js';
import { printable } from './text-width.js';
import { count, counted, place, plainValue } from './value.js';

/** A page of a ledger; its last one says where the entries before it are. */
export function renderPage({ rows, retired }: LedgerPageView, style: Style): string {
  if (retired === null) return renderEntries(rows, style);
  const { entries, before, file } = retired;
  const first = `the first ${counted(entries, 'entry', 'entries')} of the pair`;
  const where = `Before ${before.slice(0, 10)} the history is in ${printable(file)}: ${first}.`;
  return rows.length === 0 ? where : `${renderEntries(rows, style)}\n${where}`;
}

/** Entries of a ledger, one line each. */
function renderEntries(entries: readonly LedgerEntryView[], style: Style): string {
  if (entries.length === 0) return 'The ledger is empty.';
  return table(
    [
      { head: 'SEQ', align: 'right' },
      { head: 'AT' },
      { head: 'KIND' },
      { head: 'RECORD', align: 'right' },
      { head: 'SIDE' },
      { head: 'WHAT', flexible: true },
      { head: 'BY', flexible: true },
      { head: 'RULE', flexible: true },
    ],
    entries.map((entry) => [
      String(entry.seq),
      clock(entry.at, style),
      entry.kind,
      entry.entity === null ? '-' : String(entry.entity),
      entry.side ?? '-',
      whatOf(entry),
      printable(entry.actor),
      printable(entry.rule),
    ]),
    style,
  );
}

/** What an entry says in one line; without its payload only the fields are known. */
function whatOf(entry: LedgerEntryView): string {
  if (entry.kind === 'delivered') return entry.payload === null ? '' : counted(receiptsOf(entry), 'write');
  if (entry.kind === 'pair') return pairChange(entry);
  const changes = entry.kind === 'asked' ? siblingsOf(entry) : changesOf(entry);
  return changes.length === 0 ? entry.units.join(', ') : changes.join(', ');
}

/** One entry in full: facts, values, and what proves them. */
export function renderEntry(entry: LedgerEntryView, style: Style): string {
  const line = (name: string, text: string): string => `  ${name.padEnd(11)} ${text}`;
  const lines = [
    `${paint(style, 'bold', `${entry.pair} ${entry.seq}`)}   ${entry.kind}   ${clock(entry.at, style)}`,
    line('record', entry.entity === null ? 'the pair itself' : String(entry.entity)),
    line('side', entry.side ?? '-'),
    line('by', printable(entry.actor)),
    line('rule', printable(entry.rule)),
    line('known by', entry.source),
    line('edited', between(entry.lo, entry.hi, style) || '-'),
    line('run', entry.run === null ? '-' : String(entry.run)),
    line('delivery', entry.delivery === null ? '-' : String(entry.delivery)),
    line('version', `${entry.vvBefore || '-'} => ${entry.vvAfter || '-'}`),
    line('config', entry.revision.slice(0, 12)),
    line('commitment', entry.commitment),
    line('leaf', entry.leaf),
  ];
  if (entry.payload === null) return [...lines, line('values', 'erased; the proof stands')].join('\n');
  for (const { unit, before, after } of entry.payload.effects) {
    lines.push(line(unit, `${plainValue(before)} => ${plainValue(after)}`));
  }
  for (const text of siblingsOf(entry)) lines.push(line('edits', text));
  if (entry.kind === 'pair') lines.push(line('what', pairChange(entry)));
  for (const { op, path } of entry.payload.patch) lines.push(line('patch', `${op} ${printable(path)}`));
  return lines.join('\n');
}

/** What a reason means that is not said by its name. */
const reasonTexts: { readonly [reason: string]: string } = {
  held: 'a delete, a new record or a match; a person decides: parley review',
  asked: 'a person decides: parley review',
  refused: 'a side would not have the write: parley review --kind refused',
  not_read_yet: 'changed since they were read',
  undecided: 'wait for the next run or plan',
  override: 'a rule or a person lets them differ',
};

function reasonText(reason: string): string {
  const text = reasonTexts[reason];
  return text === undefined ? '' : `   ${text}`;
}

const findingsShown = 20;

/** The full comparison of both systems. Only what is unexplained is an alarm. */
export function renderVerification(verified: VerificationView, style: Style): string {
  const { pair, ok, compared, agree, differences, unexplained, ms } = verified;
  const percent = compared === 0 ? '100.00' : (Math.floor((agree * 10_000) / compared) / 100).toFixed(2);
  const head = `Compared ${counted(compared, 'record')} of ${pair} in ${duration(ms)}: ${percent} % agree (${count(agree)}).`;
  const { unexplained: alarms = unexplained.length, ...explained } = differences;
  const lines = [head];
  for (const [reason, number] of Object.entries(explained))
    lines.push(`  ${reason.replaceAll('_', ' ').padEnd(12)} ${count(number)}${reasonText(reason)}`);
  lines.push(
    ok ? `  ${paint(style, 'green', 'unexplained  0')}` : `  ${paint(style, 'red', `unexplained  ${count(alarms)}`)}`,
  );
  for (const { side, key, unit, what } of unexplained.slice(0, findingsShown)) {
    lines.push(`    ${place(side, key)}  ${unit ?? 'record'}  ${printable(what)}`);
  }
  if (unexplained.length > findingsShown) lines.push(`    ${count(unexplained.length - findingsShown)} more: --json`);
  return lines.join('\n');
}
