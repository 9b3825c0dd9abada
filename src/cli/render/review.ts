import type { ConflictGroupView, ConflictView, DecideAlikeAnswer } from '../../contract/api/conflicts.js';
import type { ConflictDetailView } from '../../contract/api/records.js';
import { age, between, clock, isKnown } from './moment.js';
import { paint, type Style } from './style.js';
import { table } from './table.js';
import { padded, printable, widthOf } from './text-width.js';
import { count, counted, plainValue } from './value.js';

export const conflictName = (id: number): string => `CF-${id}`;

const nothingOpen = 'Nothing waits for a person.';

/** Open questions by shape, the largest group first. */
export function renderGroups(groups: readonly ConflictGroupView[], hasMore: boolean, style: Style): string {
  if (groups.length === 0) return nothingOpen;
  const rows = groups.map((group) => [
    count(group.count),
    group.kind,
    group.unit ?? 'record',
    printable(group.label),
    age(group.oldestAt, style.nowMs),
    conflictName(group.exampleId),
    group.pair,
  ]);
  const drawn = table(
    [
      { head: 'ALIKE', align: 'right' },
      { head: 'KIND' },
      { head: 'FIELD' },
      { head: 'SHAPE', flexible: true },
      { head: 'OLDEST', align: 'right' },
      { head: 'EXAMPLE' },
      { head: 'PAIR' },
    ],
    rows,
    style,
  );
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const more = hasMore ? ' shown, and more: --limit' : '';
  return `${drawn}\n${counted(total, 'decision')} in ${counted(groups.length, 'shape')}${more}.`;
}

/** Questions one by one. */
export function renderConflicts(conflicts: readonly ConflictView[], style: Style): string {
  if (conflicts.length === 0) return nothingOpen;
  const rows = conflicts.map((conflict) => [
    conflictName(conflict.id),
    conflict.kind,
    conflict.unit ?? 'record',
    printable(conflict.label),
    conflict.state,
    age(conflict.openedAt, style.nowMs),
    conflict.pair,
  ]);
  return table(
    [
      { head: 'ID' },
      { head: 'KIND' },
      { head: 'FIELD' },
      { head: 'VALUES', flexible: true },
      { head: 'STATE' },
      { head: 'AGE', align: 'right' },
      { head: 'PAIR' },
    ],
    rows,
    style,
  );
}

/** One question with everything that is needed to decide it. The agreed value is always one of the lines. */
export function renderConflict({ conflict, record }: ConflictDetailView, style: Style): string {
  const name = conflictName(conflict.id);
  const keys = Object.entries(record?.keys ?? {}).map(([side, key]) => `${side}:${printable(key)}`);
  const title = [paint(style, 'bold', name), conflict.kind, conflict.unit ?? 'whole record', ...keys].join('   ');
  const lines = [title, `  ${sentenceOf(conflict, style)}`];
  const sides = Object.entries(conflict.sides);
  const width = Math.max(6, ...sides.map(([side]) => widthOf(side)));
  if (conflict.kind === 'proposal') {
    lines.push('', paint(style, 'dim', `  ${padded('agreed', width)}  ${plainValue(conflict.agreed)}`));
  } else if (conflict.kind === 'clash') {
    const isFirst = Object.values(conflict.sides).every(({ lo }) => !isKnown(lo));
    const text = isFirst || conflict.agreed === null ? '(never agreed)' : plainValue(conflict.agreed);
    lines.push('', paint(style, 'dim', `  ${padded('agreed', width)}  ${text}`));
  } else lines.push('', `  ${printable(conflict.label)}`);
  for (const [side, held] of sides) {
    const when = between(held.lo, held.hi, style);
    lines.push(`  ${padded(side, width)}  ${plainValue(held.value)}${when === '' ? '' : `   ${when}`}`);
  }
  lines.push('');
  if (conflict.note !== null) lines.push(`  Why:  ${printable(conflict.note)}`);
  lines.push(`  Rule: ${printable(conflict.rule)}`);
  const unit = record?.units.find((candidate) => candidate.unit === conflict.unit);
  for (const sentence of unit?.sentences ?? []) lines.push(`        ${printable(sentence)}`);
  const others = (record?.conflicts ?? []).filter(({ id, state }) => id !== conflict.id && state === 'open');
  if (others.length > 0) lines.push(`  Also: ${others.map(({ id }) => conflictName(id)).join(', ')} about this record`);
  if (conflict.state === 'open') lines.push('', ...choicesOf(conflict).map((choice) => `  ${choice}`));
  return lines.join('\n');
}

function sentenceOf(conflict: ConflictView, style: Style): string {
  if (conflict.state === 'open')
    return `Asked ${clock(conflict.openedAt, style)}, open for ${age(conflict.openedAt, style.nowMs)}.`;
  if (conflict.state === 'closed') return `Closed by itself ${clock(conflict.endedAt, style)}.`;
  return `Decided ${clock(conflict.endedAt, style)} by ${printable(conflict.decidedBy ?? 'somebody')}.`;
}

/** The commands that answer a question, ready to be copied. */
export function choicesOf(conflict: ConflictView): readonly string[] {
  const decide = `parley review decide ${conflictName(conflict.id)}`;
  switch (conflict.kind) {
    case 'clash':
      return [
        ...Object.keys(conflict.sides).map((side) => `${decide} --keep ${side}`),
        `${decide} --value TEXT`,
        `parley review bulk --like ${conflictName(conflict.id)} --keep SIDE --dry-run`,
      ];
    case 'invariant':
      return [
        ...Object.keys(conflict.sides).map((side) => `${decide} --keep ${side}`),
        `${decide} --value '{"FIELD": "TEXT"}'`,
        `parley review bulk --like ${conflictName(conflict.id)} --keep SIDE --dry-run`,
      ];
    case 'proposal':
      return [
        ...Object.keys(conflict.sides).map((side) => `${decide} --keep ${side}`),
        `${decide} --restore`,
        `${decide} --leave`,
      ];
    case 'undo':
      return [conflict.unit === null ? `${decide} --delete` : `${decide} --restore`, `${decide} --leave`];
    case 'delete':
      return [`${decide} --delete`, `${decide} --restore`, `${decide} --leave`];
    case 'create':
      return [`${decide} --copy`, `${decide} --leave`];
    case 'match':
      return [`${decide} --link SIDE:KEY`, `${decide} --copy`, `${decide} --leave`];
    case 'duplicate':
      return [`${decide} --delete`, `${decide} --leave`];
    case 'tripped':
    case 'parked':
    case 'refused':
      return [`${decide} --retry`, `${decide} --leave`];
  }
}

/** What changed between the question that was shown and the one that is there now. */
export function renderChanged(before: ConflictView, after: ConflictView, style: Style): string {
  const name = conflictName(before.id);
  if (after.state !== 'open') return `${name} is not open any more: ${sentenceOf(after, style)}`;
  const names = [...new Set([...Object.keys(before.sides), ...Object.keys(after.sides)])];
  const lines = names.flatMap((side) => {
    const [old, now] = [plainValue(before.sides[side]?.value), plainValue(after.sides[side]?.value)];
    return old === now ? [] : [`  ${side}  ${old} => ${now}`];
  });
  if (lines.length === 0) lines.push('  The record changed in another field.');
  return [`${name} changed while it was being decided:`, ...lines].join('\n');
}

/** What a decision for all questions of a shape does, or did. */
export function renderBulk(answer: DecideAlikeAnswer, dryRun: boolean, style: Style): string {
  const writes = Object.entries(answer.writes).map(([side, number]) => `${counted(number, 'write')} to ${side}`);
  const parts = [
    `${count(answer.alike)} alike`,
    `${count(answer.leftOut)} left out`,
    ...(writes.length === 0 ? ['nothing to write'] : writes),
  ];
  const values = `${counted(answer.replaced, 'value')} replaced, ${count(answer.blanked)} blanked.`;
  const what = dryRun ? 'Nothing was decided yet.' : 'Decided.';
  const sample = answer.sample.slice(0, 5).map((conflict) => {
    const sides = Object.entries(conflict.sides).map(([side, { value }]) => `${side} ${plainValue(value)}`);
    return paint(style, 'dim', `  ${conflictName(conflict.id)}  ${sides.join('   ')}`);
  });
  return [`${parts.join(', ')}. ${values} ${what}`, ...sample].join('\n');
}

/** One decision that was taken. */
export function renderDecided(after: ConflictView, deliveries: number): string {
  const choice = after.choice as { readonly [name: string]: unknown } | null;
  const words = choice === null ? '' : ` (${tallyOfChoice(choice)})`;
  const writes = deliveries === 0 ? 'Nothing has to be written.' : 'The writes are on their way.';
  return `${conflictName(after.id)} is decided${words}. ${writes}`;
}

function tallyOfChoice(choice: { readonly [name: string]: unknown }): string {
  return ['kind', 'side', 'key']
    .map((name) => choice[name])
    .filter((part) => typeof part === 'string')
    .join(' ');
}
