import Table from 'cli-table3';
import { paint, signs, type Style } from './style.js';
import { widthOf } from './text-width.js';

export type Column = {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** May be cut when the screen is narrow. */
  readonly flexible?: true;
};

const gap = 2;
const flexibleMin = 8;
const noLines = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
);

/** Rows under heads, without lines. Flexible columns shrink to the screen; where even that fails, cells are stacked. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const widths = columns.map(({ head }, at) => Math.max(widthOf(head), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + gap * (columns.length - 1);
  while (total() > style.width) {
    const widest = columns.reduce(
      (best, { flexible }, at) =>
        flexible && (widths[at] ?? 0) > Math.max(flexibleMin, widths[best] ?? 0) ? at : best,
      -1,
    );
    if (widest === -1) return stacked(columns, rows, style);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const drawn = new Table({
    head: columns.map(({ head }) => paint(style, 'dim', head)),
    chars: noLines,
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: widths.map((width) => width + gap),
    truncate: signs(style).ellipsis,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
  });
  for (const row of rows) drawn.push(columns.map((_column, at) => row[at] ?? ''));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function stacked(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const width = Math.max(...columns.map(({ head }) => widthOf(head)));
  return rows
    .map((row) =>
      columns
        .map(({ head }, at) => `${paint(style, 'dim', head.padEnd(width))}  ${row[at] ?? ''}`.trimEnd())
        .join('\n'),
    )
    .join('\n\n');
}
