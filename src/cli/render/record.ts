import type { LedgerEntryView } from '../../contract/api/ledger.js';
import type { RecordDeliveryView, RecordRowView, RecordUnitView, RecordView } from '../../contract/api/records.js';
import type { Json } from '../../core/json.js';
import { age, between, clock, isKnown } from './moment.js';
import { conflictName } from './review.js';
import { paint, type Style } from './style.js';
import { type Column, table } from './table.js';
import { printable } from './text-width.js';
import { place, plainValue } from './value.js';

export type Standing = RecordRowView['standing'];

/** Where a record stands, in words. */
export const standingWords: Readonly<Record<Standing, string>> = {
  agreed: 'agreed',
  undecided: 'waits for the next run',
  on_its_way: 'on its way',
  waiting: 'waits for a record of another pair',
  paced: 'waits for the end of an hour',
  asked: 'waits for a person',
  tripped: 'stopped: it goes round',
  parked: 'written without effect',
  refused: 'refused by a side',
  hidden: 'hidden by a side',
  held: 'held',
  one_sided: 'on one side only',
  override: 'may differ',
  gone: 'gone',
  archived: 'archived',
};

function standingWord(standing: string): string {
  return Object.hasOwn(standingWords, standing) ? standingWords[standing as Standing] : standing;
}

export function renderRecords(rows: readonly RecordRowView[], style: Style): string {
  if (rows.length === 0) return 'No record fits.';
  const sides = [...new Set(rows.flatMap(({ keys }) => Object.keys(keys)))];
  return table(
    [
      ...sides.map((side): Column => ({ head: side.toUpperCase(), flexible: true })),
      { head: 'STANDING' },
      { head: 'CHANGED', align: 'right' },
    ],
    rows.map((row) => [
      ...sides.map((side) => printable(row.keys[side] ?? '-')),
      standingWords[row.standing],
      age(row.changedAt, style.nowMs),
    ]),
    style,
  );
}

/** All sides of a record beside each other, differences first, then why each field is what it is. */
export function renderRecord(record: RecordView, style: Style, { vectors }: { readonly vectors: boolean }): string {
  const sides = Object.keys(record.sides);
  const title = sides.map((side) => place(side, record.sides[side]?.key ?? '?')).join(' = ');
  const lines = [
    `${paint(style, 'bold', title)}   ${standingWord(record.standing)}`,
    ...presenceLines(record, style),
    '',
  ];
  const units = [...record.units].sort((a, b) => Number(isSame(a)) - Number(isSame(b)));
  const columns: readonly Column[] = [
    { head: 'FIELD' },
    ...sides.map((side): Column => ({ head: side.toUpperCase(), flexible: true })),
    { head: 'AGREED', flexible: true },
    { head: 'MASTER' },
    { head: 'FROM', flexible: true },
  ];
  const rows = units.map((unit) => [
    unit.unit,
    ...sides.map((side) => plainValue(unit.sides[side])),
    hasAgreed(unit) ? plainValue(unit.agreed) : '(never agreed)',
    unit.master,
    originText(unit, style),
  ]);
  lines.push(table(columns, rows, style));
  for (const unit of units) {
    lines.push('', `${paint(style, 'bold', unit.unit)}   ${paint(style, 'dim', unit.place)}`);
    lines.push(...unit.sentences.map((sentence) => `  ${printable(sentence)}`));
    if (vectors) lines.push(...vectorLines(unit));
  }
  const open = record.conflicts.filter(({ state }) => state === 'open');
  if (open.length > 0) lines.push('', ...open.map(({ id }) => `Open: parley review show ${conflictName(id)}`));
  return lines.join('\n');
}

function isSame({ sides, status }: RecordUnitView): boolean {
  return status === 'settled' && new Set(Object.values(sides).map((value) => JSON.stringify(value))).size <= 1;
}

/** Different values that are known from the first reading only were never agreed, whichever of them stands first. */
function hasAgreed({ from, agreed, status }: RecordUnitView): boolean {
  if (from === null) return agreed !== null;
  return status === 'settled' || isKnown(from.lo);
}

const presenceWords = {
  live: null,
  delete_held: 'One side deleted this record; a person is asked before the others lose it.',
  tombstone: 'This record was deleted.',
  alias: 'This record has become part of another one.',
} as const;
const holdWords = {
  create: 'It is new, and a person is asked before it is copied.',
  match: 'More than one record could be its counterpart; a person is asked.',
  children: 'Records of other pairs name it: it is deleted when none does any more.',
  key: 'Its key belongs to a record that is to be deleted there: it is made when that one is gone.',
  left: 'It stays on the sides that have it: somebody decided so.',
} as const;

const sideWords = {
  present: 'there',
  awaited: 'not there yet',
  gone: 'deleted',
  hidden: 'there, and not shown any more',
  outside: 'there, and not meant by the file',
  duplicate: 'there twice: written no more',
  archived: 'archived, because it was deleted elsewhere',
} as const;

function presenceLines(record: RecordView, style: Style): readonly string[] {
  const lines = Object.entries(record.sides).map(([side, { presence, readAt }]) => {
    return `  ${side}: ${sideWords[presence]}, read ${readAt === null ? 'never' : `${age(readAt, style.nowMs)} ago`}`;
  });
  const words = [presenceWords[record.presence], record.hold === null ? null : holdWords[record.hold]];
  return [...lines, ...words.filter((word) => word !== null).map((word) => `  ${word}`)];
}

function originText({ from }: RecordUnitView, style: Style): string {
  if (from === null) return '-';
  return `${from.side ?? printable(from.actor)}, ${between(from.lo, from.hi, style) || clock(from.at, style)}`;
}

function vectorLines({ vectors }: RecordUnitView): readonly string[] {
  const delivered = Object.entries(vectors.delivered).map(
    ([side, vector]) => `  delivered to ${side}: ${vector || '-'}`,
  );
  return [`  version: ${vectors.agreed || '-'}`, ...delivered];
}

/** Every value that one field had: what, on which side, when, by whom, how well the time is known. */
export function renderBlame(
  record: RecordView,
  unit: string,
  entries: readonly LedgerEntryView[],
  style: Style,
): string {
  const rows = entries.flatMap((entry) => {
    const after = valueAfter(entry, unit);
    if (after === undefined) return [];
    return [
      [
        plainValue(after),
        entry.side ?? 'agreed',
        between(entry.lo, entry.hi, style) || clock(entry.at, style),
        printable(entry.actor),
        entry.lo !== null && entry.lo === entry.hi ? 'exact' : entry.source,
        `${entry.kind}, ${printable(entry.rule)}`,
      ],
    ];
  });
  if (rows.length === 0) return `The ledger says nothing about "${unit}" of this record.`;
  const agreed = record.units.find((candidate) => candidate.unit === unit);
  const head = `agreed now: ${agreed === undefined ? '-' : plainValue(agreed.agreed)}`;
  const columns: readonly Column[] = [
    { head: 'VALUE', flexible: true },
    { head: 'SIDE' },
    { head: 'WHEN', flexible: true },
    { head: 'WHO', flexible: true },
    { head: 'KNOWN BY' },
    { head: 'WHY', flexible: true },
  ];
  return `${head}\n${table(columns, rows, style)}`;
}

/** What an entry made of a unit: the agreed value, or the edit that stands beside it as a sibling. */
export function valueAfter(entry: LedgerEntryView, unit: string): Json | undefined {
  const units = entry.payload?.detail['units'] as { readonly [name: string]: { readonly to?: Json } } | undefined;
  const observed = units?.[unit];
  if (observed?.to !== undefined) return observed.to;
  return entry.payload?.effects.find((effect) => effect.unit === unit)?.after;
}

/** Deliveries that carried a record, newest first. */
export function renderDeliveries(rows: readonly RecordDeliveryView[], style: Style): string {
  if (rows.length === 0) return 'Nothing was written for this record.';
  return table(
    [
      { head: 'DELIVERY', align: 'right' },
      { head: 'TO' },
      { head: 'WHAT' },
      { head: 'FIELDS', flexible: true },
      { head: 'STATE' },
      { head: 'OUTCOME', flexible: true },
      { head: 'TRY', align: 'right' },
      { head: 'WHEN' },
    ],
    rows.map((row) => [
      String(row.id),
      row.side,
      row.kind,
      Object.entries(row.fields)
        .map(([field, value]) => `${printable(field)} ${plainValue(value)}`)
        .join(', '),
      row.state,
      printable(row.outcome),
      String(row.attempt),
      clock(row.doneAt ?? row.sentAt ?? row.createdAt, style),
    ]),
    style,
  );
}
