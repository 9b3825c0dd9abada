import type { PairView } from '../../contract/api/pairs.js';
import type { PlanItemView, PlanView } from '../../contract/api/plans.js';
import { age, clock } from './moment.js';
import { paint, type Style } from './style.js';
import { table } from './table.js';
import { clipped, padded, printable, widthOf } from './text-width.js';
import { count, counted, place, quotedValue, tally } from './value.js';

/** Questions of a plan that deserve one answer. */
export type Shape = { readonly unit: string | null; readonly label: string; readonly count: number };

export type PlanSummary = {
  readonly plan: PlanView;
  /** Null when the pair is not known any more. */
  readonly pair: PairView | null;
  readonly sample: readonly PlanItemView[];
  readonly shapes: readonly Shape[];
};

const shapesShown = 5;
const labelColumns = 60;

/** What a plan would do, as one screen: counts, samples, questions by shape. */
export function renderPlan(summary: PlanSummary, style: Style): string {
  const { plan } = summary;
  const head = [planHead(summary, style)];
  if (plan.counts === null) return [...head, stateLine(plan, style)].join('\n');
  return [
    ...head,
    ...countLines(plan, style),
    ...sampleLines(summary, style),
    ...shapeLines(summary, style),
    planSentence(plan, style),
  ].join('\n');
}

function planHead({ plan, pair }: PlanSummary, style: Style): string {
  const sides = pair?.sides.map(({ name, connection, object }) => `${name} ${connection}/${object}`).join(' <-> ');
  const asOf = Object.values(plan.asOf ?? {}).sort()[0];
  const data = asOf === undefined ? '' : `, data as of ${clock(asOf, style)}`;
  const from = `config ${plan.revision.slice(0, 7)}${data}`;
  if (plan.undo !== null) {
    const why = plan.undo.note === null ? '' : `   ${printable(plan.undo.note)}`;
    return `${paint(style, 'bold', plan.pair)}   undo of ${printable(plan.undo.what)}${why}`;
  }
  return [paint(style, 'bold', plan.pair), printable(sides ?? ''), paint(style, 'dim', from)]
    .filter((part) => part !== '')
    .join('   ');
}

type Counted = 'create' | 'update' | 'blank' | 'delete' | 'archive' | 'unarchive';

function countLines({ id, counts }: PlanView, style: Style): readonly string[] {
  if (counts === null) return [];
  const sides = Object.entries(counts.sides);
  const nameColumns = Math.max(...sides.map(([side]) => widthOf(side)), 0);
  const perSide = (of: Counted): string =>
    sides.map(([side, tallied]) => `${padded(side, nameColumns)} ${count(tallied[of] ?? 0).padStart(6)}`).join('   ');
  const sum = (of: Counted): number => sides.reduce((total, [, tallied]) => total + (tallied[of] ?? 0), 0);
  const line = (sign: string, word: string, amount: string, more: string): string =>
    `  ${sign} ${padded(word, 10)} ${amount}${more === '' ? '' : `     ${more}`}`;
  const asked = Object.values(counts.ask).reduce((total, number) => total + number, 0);
  const lines = [
    line('+', 'create', perSide('create'), ''),
    line('~', 'update', perSide('update'), tally(counts.units)),
  ];
  if (sum('blank') > 0) {
    const see = `see them: parley plan show ${id} --only blank`;
    lines.push(paint(style, 'yellow', line('!', 'to blank', perSide('blank'), see)));
  }
  for (const kind of ['delete', 'archive'] as const)
    if (sum(kind) > 0) lines.push(paint(style, 'yellow', line('-', kind, perSide(kind), '')));
  if (sum('unarchive') > 0) lines.push(line('+', 'unarchive', perSide('unarchive'), ''));
  lines.push(line('=', 'link', count(counts.link), nothingNeeded(counts)));
  if (counts.likely > 0) {
    const see = `likely the same: parley plan show ${id} --only link`;
    lines.push(paint(style, 'yellow', line('=', 'likely', count(counts.likely), see)));
  }
  const shapes = asked === 0 ? '' : `${tally(counts.ask)}; ${shapesOf(counts.shapes)}`;
  lines.push(line('?', 'ask', count(asked), shapes));
  const rest = [
    tally(counts.oneSided) === '' ? '' : `only on one side: ${tally(counts.oneSided)}`,
    counts.setAside === 0 ? '' : `set aside: ${counted(counts.setAside, 'row')} that cannot be read`,
    tally(counts.override) === '' ? '' : `may differ: ${tally(counts.override)}`,
    (counts.waiting ?? 0) === 0 ? '' : `waiting for records of other pairs: ${count(counts.waiting ?? 0)}`,
    counts.movedOn === 0 ? '' : `moved on since: ${count(counts.movedOn)}`,
  ].filter((part) => part !== '');
  return [...lines, ...rest.map((part) => `    ${part}`)];
}

/** Questions that are open already are counted but not listed again. */
function shapesOf(shapes: number): string {
  return shapes === 0 ? 'asked already: parley review' : counted(shapes, 'shape');
}

function nothingNeeded(counts: NonNullable<PlanView['counts']>): string {
  return tally(counts.alike) === '' ? '' : `equal though spelled differently: ${tally(counts.alike)}`;
}

function sampleLines({ plan, sample }: PlanSummary, style: Style): readonly string[] {
  const writes = sample.filter(({ kind }) => kind !== 'ask');
  const shown = itemLines(writes, style);
  const total = Object.values(plan.counts?.sides ?? {}).reduce(
    (sum, side) => sum + side.create + side.update + side.delete + (side.archive ?? 0) + (side.unarchive ?? 0),
    0,
  );
  if (writes.length === 0 || total <= writes.length) return shown;
  const more = `    ${count(total - writes.length)} more: parley plan show ${plan.id} --full, --only update, --out rows.csv`;
  return [...shown, paint(style, 'dim', more)];
}

const itemSigns = {
  link: '=',
  create: '+',
  update: '~',
  delete: '-',
  archive: '-',
  unarchive: '+',
  ask: '?',
  left: '.',
} as const;

/** One line an item: what, which record, what it is now and what it becomes. */
export function itemLines(items: readonly PlanItemView[], style: Style): readonly string[] {
  const labels = items.map((item) => clipped(printable(item.label), 36, '...'));
  const places = items.map((item) => place(item.side, item.key));
  const [labelWidth, placeWidth] = [labels, places].map((texts) => Math.max(0, ...texts.map(widthOf)));
  return items.map((item, at) => {
    const named = `${padded(labels[at] ?? '', labelWidth ?? 0)}  ${padded(places[at] ?? '', placeWidth ?? 0)}`;
    return `  ${itemSigns[item.kind]} ${named}  ${change(item, style)}`.trimEnd();
  });
}

function change(item: PlanItemView, style: Style): string {
  const unit = item.unit === null ? '' : `${printable(item.unit)}  `;
  switch (item.kind) {
    case 'update':
      return `${unit}${quotedValue(item.before, style, 40)} => ${quotedValue(item.after, style, 40)}`;
    case 'link':
      return members(item.after, style);
    case 'create':
      return `${members(item.after, style)}${item.rule === 'create' ? '' : `   ${printable(item.rule)}`}`;
    case 'ask':
      return `${unit}${members(item.after, style)}`;
    case 'delete':
      return '';
    case 'archive':
    case 'unarchive':
      return item.kind;
    case 'left':
      return `${unit}stays: ${printable(item.rule)}`;
  }
}

function members(value: PlanItemView['after'], style: Style): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return quotedValue(value, style);
  return Object.entries(value)
    .map(([name, member]) => `${printable(name)} ${quotedValue(member, style, 32)}`)
    .join(', ');
}

function shapeLines({ plan, shapes }: PlanSummary, style: Style): readonly string[] {
  const lines = shapes.slice(0, shapesShown).map(({ unit, label, count: alike }) => {
    const times = count(alike).padStart(7);
    return `  ${times} x  ${unit ?? 'record'}  ${clipped(printable(label), labelColumns, '...')}`;
  });
  if (shapes.length <= shapesShown) return lines;
  const more = `    ${count(shapes.length - shapesShown)} more shapes: parley plan show ${plan.id} --only ask`;
  return [...lines, paint(style, 'dim', more)];
}

function planSentence(plan: PlanView, style: Style): string {
  const sides = Object.values(plan.counts?.sides ?? {});
  const sum = (of: Counted): number => sides.reduce((total, side) => total + (side[of] ?? 0), 0);
  const asked = Object.values(plan.counts?.ask ?? {}).reduce((total, number) => total + number, 0);
  const blank = sum('blank') === 0 ? '' : ` (${counted(sum('blank'), 'blanks a value', 'blank a value')})`;
  const what =
    `${count(sum('create'))} to create, ${count(sum('update'))} to update${blank}, ` +
    `${count(sum('delete'))} to delete, ${archived(sum('archive'), sum('unarchive'))}${count(asked)} to ask`;
  return `Plan ${plan.id}: ${what}. ${stateLine(plan, style)}`;
}

function archived(into: number, out: number): string {
  return `${into === 0 ? '' : `${count(into)} to archive, `}${out === 0 ? '' : `${count(out)} to take out of the archive, `}`;
}

/** What can be done with a plan now, as a sentence. */
function stateLine(plan: PlanView, style: Style): string {
  switch (plan.state) {
    case 'ready':
      return plan.expiresAt === null ? 'Ready.' : `Good until ${clock(plan.expiresAt, style)}.`;
    case 'reading':
    case 'deciding':
      return 'It is still being made.';
    case 'applying':
      return `Approved by ${printable(plan.approvedBy ?? 'somebody')}; it is being applied.`;
    case 'applied':
      return `Applied; approved by ${printable(plan.approvedBy ?? 'somebody')}.`;
    case 'expired':
      return 'Expired: it will not be applied.';
    case 'superseded':
      return 'A newer plan has taken its place.';
    case 'failed':
      return `Failed: ${printable(plan.problem ?? 'no reason was recorded.')}`;
  }
}

/** The plans of a pair, newest first. */
export function renderPlans(plans: readonly PlanView[], style: Style): string {
  if (plans.length === 0) return 'No plan was made yet.';
  const rows = plans.map((plan) => {
    const sides = Object.values(plan.counts?.sides ?? {});
    const sum = (of: 'create' | 'update' | 'delete'): string =>
      plan.counts === null ? '-' : count(sides.reduce((total, side) => total + side[of], 0));
    const asked = Object.values(plan.counts?.ask ?? {}).reduce((total, number) => total + number, 0);
    return [
      String(plan.id),
      plan.pair,
      plan.state,
      sum('create'),
      sum('update'),
      sum('delete'),
      plan.counts === null ? '-' : count(asked),
      `${age(plan.createdAt, style.nowMs)} ago`,
      printable(plan.createdBy),
    ];
  });
  return table(
    [
      { head: 'PLAN', align: 'right' },
      { head: 'PAIR' },
      { head: 'STATE' },
      { head: 'CREATE', align: 'right' },
      { head: 'UPDATE', align: 'right' },
      { head: 'DELETE', align: 'right' },
      { head: 'ASK', align: 'right' },
      { head: 'MADE' },
      { head: 'BY', flexible: true },
    ],
    rows,
    style,
  );
}
