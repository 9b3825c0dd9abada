import { signs, type Style } from './style.js';
import { padded } from './text-width.js';
import { count } from './value.js';

const barColumns = 28;

/** `crm      ######............  121/210   9/s`. A total of zero is a full bar. */
export function progressBar(
  bar: { readonly name: string; readonly done: number; readonly total: number; readonly elapsedMs: number },
  style: Style,
): string {
  const { full, empty } = signs(style);
  const done = Math.min(bar.done, bar.total);
  const columns = Math.max(4, Math.min(barColumns, style.width - 40));
  const filled = bar.total === 0 ? columns : Math.floor((done / bar.total) * columns);
  const rate = bar.elapsedMs < 1000 || done === 0 ? '' : `  ${count(Math.round(done / (bar.elapsedMs / 1000)))}/s`;
  const drawn = full.repeat(filled) + empty.repeat(columns - filled);
  return `  ${padded(bar.name, 8)} ${drawn}  ${count(done)}/${count(bar.total)}${rate}`;
}
